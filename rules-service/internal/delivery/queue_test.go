package delivery

import (
	"context"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"sluice/sqlengine/value"
)

// A target that is away for hours under load gets everything, in order, and
// its rule is never held back.
func TestNothingIsLostInHours(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s := newServer()
		p := storingPool(s, Storage{Dir: dir})
		target := openRule(t, p, "r1", "t", nil)
		const rate, outage = 500, int(longOutage / time.Second)
		n := 0
		second := func() {
			push(target, n, n+rate)
			n += rate
			time.Sleep(time.Second)
		}
		second()
		if folderCount(t, dir) != 0 {
			t.Error("there is a queue on disk while all is well")
		}
		s.set(errRefused)
		start := time.Now()
		for range outage {
			second()
		}
		if took := time.Since(start); took > longOutage+time.Second {
			t.Errorf("the rule was held back for %s", took-longOutage)
		}
		if st := target.Stats(); st.BufferLength != outage*rate || st.Dropped != 0 {
			t.Errorf("while it is down: %+v", st)
		}
		s.set(nil)
		for range 60 {
			second()
		}
		settled(t, "all is written", func() bool { return target.Stats().BufferLength == 0 })
		s.expect(t, "t", 0, n)
		if target.worker.spilling {
			t.Error("it still goes by disk")
		}
		if err := p.Close(t.Context()); err != nil {
			t.Error(err)
		}
		if st := target.Stats(); st.RecordsOut != uint64(n) || st.Dropped != 0 || folderCount(t, dir) != 0 {
			t.Errorf("%+v, %d folders", st, folderCount(t, dir))
		}
	})
}

// What waits on disk is acknowledged, and delivered by the next process.
func TestRestart(t *testing.T) {
	for _, crash := range []bool{false, true} {
		t.Run(fmt.Sprintf("crash=%t", crash), func(t *testing.T) {
			dir, copied := t.TempDir(), t.TempDir()
			synctest.Test(t, func(t *testing.T) {
				s := newServer()
				s.set(errRefused)
				p := storingPool(s, Storage{Dir: dir})
				target := openRule(t, p, "r1", "t", nil)
				var acks atomic.Int64
				for i := range 1000 {
					ack := value.NewAck(func(err error) {
						if acks.Add(1); err != nil {
							t.Error(err)
						}
					})
					_ = target.Push(rows(ack, i))
					ack.Release(nil)
				}
				settled(t, "all is acknowledged", func() bool { return acks.Load() == 1000 })
				from := dir
				if crash {
					if err := os.CopyFS(copied, os.DirFS(dir)); err != nil {
						t.Fatal(err)
					}
					from = copied
				}
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				if err := p.Close(ctx); err != nil {
					t.Error(err)
				}
				p = storingPool(s, Storage{Dir: from})
				target = openRule(t, p, "r1", "t", nil)
				push(target, 1000, 1500)
				settled(t, "it counts what waits", func() bool { return target.Stats().BufferLength == 1500 })
				s.set(nil)
				settled(t, "all is written", func() bool { return target.Stats().BufferLength == 0 })
				s.expect(t, "t", 0, 1500)
				if st := target.Stats(); st.RecordsOut != 1500 {
					t.Errorf("%+v", st)
				}
				if err := p.Close(t.Context()); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// Order holds, and nothing is lost or written twice, while a target comes and
// goes faster than the disk works.
func TestOrderWhileTheTargetComesAndGoes(t *testing.T) {
	s := newServer()
	p := poolOf(s)
	p = NewStoringPool(p.registry, p.env, Storage{Dir: t.TempDir()})
	target := openRule(t, p, "r1", "t", map[string]any{"resendInterval": "1ms", "bufferLength": 20_000})
	stop := make(chan struct{})
	var moods sync.WaitGroup
	moods.Go(func() {
		for down := false; ; down = !down {
			select {
			case <-stop:
				s.set(nil)
				return
			case <-time.After(2 * time.Millisecond):
			}
			if down {
				s.set(errRefused)
			} else {
				s.set(nil)
			}
		}
	})
	const n = 20_000
	for i := 0; i < n; i += 10 {
		push(target, i, i+10)
		time.Sleep(100 * time.Microsecond)
	}
	close(stop)
	moods.Wait()
	for deadline := time.Now().Add(time.Minute); target.Stats().BufferLength > 0 && time.Now().Before(deadline); {
		time.Sleep(time.Millisecond)
	}
	if err := p.Close(t.Context()); err != nil {
		t.Error(err)
	}
	s.expect(t, "t", 0, n)
	if st := target.Stats(); st.RecordsOut != n || st.Dropped != 0 {
		t.Errorf("%+v", st)
	}
}

// A sink that takes few messages at once gets no more from disk.
func TestBatchFromDisk(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		f := &fake{refuse: errRefused}
		spec := specOf(fakeSink{f})
		spec.Batch = 2
		p := poolWith(spec)
		p = NewStoringPool(p.registry, p.env, Storage{Dir: dir, SyncEvery: lazily})
		target := openRule(t, p, "r1", "t", nil)
		push(target, 0, 7)
		settled(t, "all is on disk", func() bool { return target.Stats().BufferLength == 7 && target.waiting()+target.inFlight == 0 })
		f.set(func() { f.refuse = nil })
		settled(t, "all is written", func() bool { return target.Stats().RecordsOut == 7 })
		_ = p.Close(t.Context())
		for _, w := range f.writes {
			if len(w) > 2 {
				t.Errorf("%d messages at once", len(w))
			}
		}
	})
}

// Queues that were full give their memory back when their target works again.
func TestQueueMemoryIsGivenBack(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s := newServer()
		p := storingPool(s, Storage{Dir: dir})
		target := openRule(t, p, "r1", "t", nil)
		synctest.Wait()
		s.set(errRefused)
		push(target, 0, 1000)
		settled(t, "all is on disk", func() bool { return waitingOnDisk(target) == 1000 })
		s.set(nil)
		settled(t, "all is written", func() bool { return target.Stats().RecordsOut == 1000 })
		synctest.Wait()
		target.worker.mu.Lock()
		n := cap(target.queue)
		target.worker.mu.Unlock()
		if n != 0 {
			t.Errorf("room for %d messages is kept", n)
		}
		_ = p.Close(t.Context())
	})
}
