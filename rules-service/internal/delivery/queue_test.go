package delivery

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"sluice/rules-service/internal/connector"
	"sluice/sqlengine/value"
)

// server is what the sinks of a test write to; it remembers the numbers of the
// messages by topic.
type server struct {
	fakeSink
	mu   sync.Mutex
	down error
	got  map[string][]int
}

func newServer() *server { return &server{got: map[string][]int{}} }

func (s *server) Connect(context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.down
}

func (s *server) Write(_ context.Context, msgs []connector.Outbound) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.down != nil {
		return s.down
	}
	for i := range msgs {
		n := 0
		for _, c := range msgs[i].Payload {
			if c >= '0' && c <= '9' {
				n = 10*n + int(c-'0')
			}
		}
		topic := msgs[i].Values["topic"]
		s.got[topic] = append(s.got[topic], n)
	}
	return nil
}

func (s *server) set(down error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.down = down
}

// expect checks that the numbers from one to another have come, in order.
func (s *server) expect(t *testing.T, topic string, from, to int) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	got := s.got[topic]
	for i, n := range got {
		if n != from+i {
			t.Fatalf("topic %s: message %d is %d", topic, from+i, n)
		}
	}
	if len(got) != to-from {
		t.Fatalf("topic %s: %d messages from %d on, want %d", topic, len(got), from, to-from)
	}
}

// lazily keeps tests quick: the operating system writes to disk when it likes.
const lazily = 1000 * time.Hour

func storingPool(s connector.Sink, st Storage) *Pool {
	p := poolOf(s)
	if st.SyncEvery == 0 {
		st.SyncEvery = lazily
	}
	return NewStoringPool(p.registry, p.env, st)
}

func openRule(t testing.TB, p *Pool, rule, topic string, more map[string]any) *Target {
	t.Helper()
	props := map[string]any{"sendSingle": true, "fields": "a", "topic": topic}
	for name, v := range more {
		props[name] = v
	}
	target, err := p.Open(Action{Rule: rule, Type: "fake", Props: props})
	if err != nil {
		t.Fatal(err)
	}
	return target
}

func numbers(from, to int) []int {
	out := make([]int, to-from)
	for i := range out {
		out[i] = from + i
	}
	return out
}

func push(target *Target, from, to int) { _ = target.Push(rows(nil, numbers(from, to)...)) }

// folderCount is the number of queues on disk.
func folderCount(t *testing.T, dir string) int {
	t.Helper()
	list, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	return len(list)
}

// settled waits until everything is quiet, disk and all.
func settled(t *testing.T, what string, done func() bool) {
	t.Helper()
	for range 100_000 {
		synctest.Wait()
		if done() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("waited in vain until " + what)
}

// A target that is away for hours under load gets everything, in order, and
// its rule is never held back.
func TestNothingIsLostInHours(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s := newServer()
		p := storingPool(s, Storage{Dir: dir})
		target := openRule(t, p, "r1", "t", nil)
		const rate, hours = 500, 2
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
		for range hours * 3600 {
			second()
		}
		if took := time.Since(start); took > hours*time.Hour+time.Second {
			t.Errorf("the rule was held back for %s", took-hours*time.Hour)
		}
		if st := target.Stats(); st.BufferLength != hours*3600*rate || st.Dropped != 0 {
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

// What a rule leaves in memory when it ends goes to disk, behind what is under
// way.
func TestFinishLeavesItOnDisk(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		p := storingPool(stuck{}, Storage{Dir: dir})
		target := openRule(t, p, "r1", "t", nil)
		acks := 0
		ack := value.NewAck(func(err error) {
			if acks++; err != nil {
				t.Error(err)
			}
		})
		_ = target.Push(rows(ack, numbers(0, 800)...))
		ack.Release(nil)
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		if err := target.Finish(ctx); err != nil || acks != 1 {
			t.Fatalf("error %v, %d acks", err, acks)
		}
		s := newServer()
		p = storingPool(s, Storage{Dir: dir})
		target = openRule(t, p, "r1", "t", nil)
		settled(t, "all is written", func() bool { return target.Stats().RecordsOut == 800 })
		s.expect(t, "t", 0, 800)
		_ = p.Close(t.Context())
	})
}

// Two rules on one connection: the one that stays delivers what the other has
// left; what a deleted rule has left is forgotten, also when the connection is
// closed.
func TestTwoRulesOnOneConnection(t *testing.T) {
	for _, closed := range []bool{false, true} {
		for _, deleted := range []bool{false, true} {
			t.Run(fmt.Sprintf("closed=%t/deleted=%t", closed, deleted), func(t *testing.T) {
				dir := t.TempDir()
				synctest.Test(t, func(t *testing.T) {
					s := newServer()
					s.set(connector.ErrNotConnected)
					p := storingPool(s, Storage{Dir: dir})
					one, two := openRule(t, p, "r1", "one", nil), openRule(t, p, "r2", "two", nil)
					for i := range 20 {
						push(one, 100*i, 100*(i+1))
						push(two, 100*i, 100*(i+1))
					}
					ctx, cancel := context.WithTimeout(t.Context(), time.Second)
					defer cancel()
					_ = one.Finish(ctx)
					if closed {
						_ = two.Finish(ctx)
					}
					want := 2000
					if deleted {
						want = 0
						if err := p.Forget("r1"); err != nil {
							t.Fatal(err)
						}
					}
					if closed {
						two = openRule(t, p, "r2", "two", nil)
					}
					push(two, 2000, 2100)
					s.set(nil)
					settled(t, "all is written", func() bool { return two.Stats().RecordsOut == 2100 })
					_ = p.Close(t.Context())
					s.expect(t, "one", 0, want)
					s.expect(t, "two", 0, 2100)
				})
			})
		}
	}
}

// cleanCacheAtStop forgets what is on disk, and only that of its action.
func TestCleanCacheAtStop(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s := newServer()
		s.set(errRefused)
		p := storingPool(s, Storage{Dir: dir})
		one, two := openRule(t, p, "r1", "one", map[string]any{"cleanCacheAtStop": true}), openRule(t, p, "r2", "two", nil)
		push(one, 0, 100)
		push(two, 0, 100)
		settled(t, "all is on disk", func() bool { return one.disk.waiting+two.disk.waiting == 200 })
		_ = one.Finish(t.Context())
		s.set(nil)
		settled(t, "all is written", func() bool { return two.Stats().RecordsOut == 100 })
		_ = p.Close(t.Context())
		s.expect(t, "one", 0, 0)
		s.expect(t, "two", 0, 100)
	})
}

// A target that takes less than its rule yields loses nothing, and holds its
// rule back for a moment, once.
func TestLaggingTargetLosesNothing(t *testing.T) {
	for name, sink := range map[string]connector.Sink{"hangs": stuck{}, "is slow": paced{each: 100 * time.Millisecond}, "connects": hanging{}} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			synctest.Test(t, func(t *testing.T) {
				p := storingPool(sink, Storage{Dir: dir})
				target := openRule(t, p, "r1", "t", map[string]any{"bufferLength": 50})
				const n = 8000
				start := time.Now()
				for i := range n {
					push(target, i, i+1)
					time.Sleep(time.Millisecond)
				}
				if took := time.Since(start); took > n*time.Millisecond+patience {
					t.Errorf("%d rows took %s", n, took)
				}
				synctest.Wait()
				if s := target.Stats(); s.Dropped != 0 || s.RecordsOut+uint64(s.BufferLength) != n || s.Exceptions != 0 {
					t.Errorf("%+v", s)
				}
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				if err := p.Close(ctx); err != nil {
					t.Error(err)
				}
				out := target.Stats().RecordsOut
				s := newServer()
				p = storingPool(s, Storage{Dir: dir})
				target = openRule(t, p, "r1", "t", nil)
				settled(t, "the rest is written", func() bool { return target.Stats().RecordsOut+out == n })
				s.expect(t, "t", int(out), n)
				_ = p.Close(t.Context())
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

// While a target waits for the disk the worker does not take from the queues:
// its sink may hang on what it has taken.
func TestLeavingTargetsGoToDisk(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s := newServer()
		p := storingPool(s, Storage{Dir: dir})
		target := openRule(t, p, "r1", "t", nil)
		synctest.Wait()
		w := target.worker
		w.hand.Lock()
		w.mu.Lock()
		w.spilling, w.leaving = true, 1
		w.mu.Unlock()
		push(target, 0, 3)
		w.takeQueued()
		if n := len(w.hand.items); n > 0 || !w.spilling {
			t.Errorf("%d messages were taken", n)
		}
		w.mu.Lock()
		w.leaving = 0
		w.mu.Unlock()
		w.hand.Unlock()
		poke(w.wake)
		_ = p.Close(t.Context())
		s.expect(t, "t", 0, 3)
	})
}

// Folders of connections that hold nothing of a rule are looked into once.
func TestForgetLooksOnce(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s := newServer()
		s.set(errRefused)
		p := storingPool(s, Storage{Dir: dir})
		target := openRule(t, p, "r1", "t", nil)
		push(target, 0, 100)
		_ = target.Finish(t.Context())
		for range 2 {
			if err := p.Forget("other"); err != nil {
				t.Fatal(err)
			}
		}
		folder := p.storage.folderOf(target.worker.key)
		if rules := p.resting[folder]; len(rules) != 1 || !rules["r1"] {
			t.Errorf("resting: %v", p.resting)
		}
		if err := p.Forget("r1"); err != nil || p.resting[folder]["r1"] {
			t.Errorf("error %v, resting %v", err, p.resting)
		}
		s.set(nil)
		target = openRule(t, p, "r1", "t", nil)
		push(target, 100, 200)
		_ = p.Close(t.Context())
		s.expect(t, "t", 100, 200)
		if n := folderCount(t, dir); n != 0 {
			t.Errorf("%d folders are left", n)
		}
	})
}

// While its target is down a Push costs no more than a turn of the queue.
func BenchmarkPushWhileDown(b *testing.B) {
	for name, every := range map[string]time.Duration{"fsync": 0, "later": time.Second} {
		b.Run(name, func(b *testing.B) {
			s := newServer()
			s.set(errRefused)
			p := poolOf(s)
			p = NewStoringPool(p.registry, p.env, Storage{Dir: b.TempDir(), SyncEvery: every})
			target := openRule(b, p, "r1", "t", map[string]any{"bufferLength": 100_000})
			batch := rows(nil, 1)
			b.ReportAllocs()
			n := 0
			for b.Loop() {
				_ = target.Push(batch)
				n++
			}
			ctx, cancel := context.WithTimeout(b.Context(), time.Minute)
			defer cancel()
			if err := target.Finish(ctx); err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "messages/s")
			b.ReportMetric(float64(target.Stats().Dropped), "dropped")
		})
	}
}
