package delivery

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"sluice/rules-service/internal/connector"
	"sluice/rules-service/internal/journal"
	"sluice/sqlengine/value"
)

// Messages are safe when they are written, or on disk though the target is
// slow, hangs, or is away; the messages that follow do not count.
func TestSettle(t *testing.T) {
	away := newServer()
	away.set(errRefused)
	for name, c := range map[string]struct {
		sink   connector.Sink
		onDisk bool
		within time.Duration
	}{
		"written": {newServer(), false, 0},
		"slow":    {paced{each: time.Minute}, true, 2 * patience},
		"hangs":   {stuck{}, true, 2 * patience},
		"away":    {away, true, 0},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			synctest.Test(t, func(t *testing.T) {
				p := storingPool(c.sink, Storage{Dir: dir})
				target := openRule(t, p, "r1", "t", nil)
				push(target, 0, 700)
				mark := target.Mark()
				push(target, 700, 750)
				start := time.Now()
				if err := target.Settle(t.Context(), mark); err != nil || time.Since(start) > c.within {
					t.Errorf("error %v after %s", err, time.Since(start))
				}
				target.worker.mu.Lock()
				waiting := target.disk.waiting
				target.worker.mu.Unlock()
				if st := target.Stats(); c.onDisk != (waiting >= 700) || st.Dropped != 0 || !c.onDisk && st.RecordsOut < 700 {
					t.Errorf("%d on disk, %+v", waiting, st)
				}
				if err := target.Settle(t.Context(), mark); err != nil {
					t.Error(err)
				}
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				_ = p.Close(ctx)
			})
		})
	}
}

// Without a disk, or with one that cannot be used, only a Write makes messages
// safe.
func TestSettleWithoutDisk(t *testing.T) {
	for _, broken := range []bool{false, true} {
		t.Run(fmt.Sprintf("broken=%t", broken), func(t *testing.T) {
			dir := ""
			if broken {
				dir = filepath.Join(t.TempDir(), "queues")
				if err := os.WriteFile(dir, nil, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			synctest.Test(t, func(t *testing.T) {
				f := &fake{gate: make(chan struct{})}
				p := storingPool(fakeSink{f}, Storage{Dir: dir})
				target := openRule(t, p, "r1", "t", nil)
				push(target, 0, 700)
				mark := target.Mark()
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				if err := target.Settle(ctx, mark); !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("error %v while the target hangs", err)
				}
				close(f.gate)
				if err := target.Settle(t.Context(), mark); err != nil || len(f.sent()) != 700 {
					t.Errorf("error %v, %d written", err, len(f.sent()))
				}
				_ = p.Close(t.Context())
			})
		})
	}
}

// What is lost because the action ends is not settled, whether it waits in the
// queue or is under way.
func TestSettleOfWhatIsLost(t *testing.T) {
	for name, sink := range map[string]connector.Sink{"queued": hanging{}, "under way": stuck{}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := poolOf(sink)
				target := openRule(t, p, "r1", "t", nil)
				first := target.Mark()
				push(target, 0, 10)
				mark := target.Mark()
				done := make(chan error)
				go func() { done <- target.Settle(t.Context(), mark) }()
				synctest.Wait()
				_ = target.Finish(canceled(t))
				if err := <-done; !errors.Is(err, errClosed) {
					t.Errorf("error %v", err)
				}
				if err := target.Settle(t.Context(), mark); !errors.Is(err, errClosed) {
					t.Errorf("error %v afterwards", err)
				}
				if err := target.Settle(t.Context(), first); err != nil {
					t.Errorf("error %v before all of it", err)
				}
			})
		})
	}
}

// A message that is too large for the disk is safe when it is written.
func TestSettleOfWhatIsTooLarge(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s := newServer()
		p := storingPool(s, Storage{Dir: dir, MaxBytes: 400})
		target := openRule(t, p, "r1", "t", nil)
		synctest.Wait()
		s.set(errRefused)
		push(target, 0, 1)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := target.Settle(ctx, target.Mark()); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v while it is nowhere", err)
		}
		s.set(nil)
		if err := target.Settle(t.Context(), target.Mark()); err != nil || s.len("t") != 1 {
			t.Errorf("error %v, %d written", err, s.len("t"))
		}
		_ = p.Close(t.Context())
	})
}

// What is dropped and counted is settled.
func TestSettleOfWhatIsDropped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer()
		p := poolOf(s)
		target := openRule(t, p, "r1", "t", map[string]any{"bufferLength": 10})
		synctest.Wait()
		s.set(errRefused)
		push(target, 0, 1)
		time.Sleep(time.Second)
		push(target, 1, 2) // dropped below
		mark := target.Mark()
		push(target, 2, 12)
		done := make(chan error)
		go func() { done <- target.Settle(t.Context(), mark) }()
		synctest.Wait()
		s.set(&connector.Permanent{Err: errRefused})
		if err := <-done; err != nil || target.Stats().Dropped == 0 {
			t.Errorf("error %v, %+v", err, target.Stats())
		}
		_ = p.Close(t.Context())
	})
}

func canceled(t *testing.T) context.Context {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}

// After a crash, what a rule renders again is delivered once, if it was on
// disk.
func TestReplay(t *testing.T) {
	for _, away := range []bool{true, false} { // while it is replayed
		t.Run(fmt.Sprintf("away=%t", away), func(t *testing.T) {
			dir, copied := t.TempDir(), t.TempDir()
			synctest.Test(t, func(t *testing.T) {
				s := newServer()
				p := storingPool(s, Storage{Dir: dir})
				target := openRule(t, p, "r1", "t", nil)
				push(target, 0, 300)
				settled(t, "all is written", func() bool { return target.Stats().RecordsOut == 300 })
				s.set(errRefused)
				push(target, 300, 600)
				mark := target.Mark()
				push(target, 600, 1000)
				if err := target.Settle(t.Context(), target.Mark()); err != nil {
					t.Fatal(err)
				}
				if err := os.CopyFS(copied, os.DirFS(dir)); err != nil {
					t.Fatal(err)
				}
				_ = p.Close(t.Context())
				s.expect(t, "t", 0, 300)

				s = newServer()
				if away {
					s.set(errRefused)
				}
				p = storingPool(s, Storage{Dir: copied})
				target, err := p.Open(Action{Rule: "r1", Type: "fake", Props: map[string]any{"sendSingle": true, "fields": "a", "topic": "t"}, From: mark})
				if err != nil {
					t.Fatal(err)
				}
				var acks atomic.Int64
				for i := 600; i < 1400; i++ {
					ack := value.NewAck(func(err error) {
						if acks.Add(1); err != nil {
							t.Error(err)
						}
					})
					_ = target.Push(rows(ack, i))
					ack.Release(nil)
				}
				if got := target.Mark() - mark; got != 800 {
					t.Errorf("the mark is %d further on", got)
				}
				if err := target.Settle(t.Context(), target.Mark()); err != nil {
					t.Error(err)
				}
				settled(t, "all is acknowledged", func() bool { return acks.Load() == 800 })
				s.set(nil)
				settled(t, "all is written", func() bool { return target.Stats().BufferLength == 0 })
				s.expect(t, "t", 300, 1400)
				if st := target.Stats(); st.Dropped != 0 || st.RecordsOut != 1100 {
					t.Errorf("%+v", st)
				}
				if target.disk.seen != nil {
					t.Error("the numbers on disk are remembered for ever")
				}
				_ = p.Close(t.Context())
			})
		})
	}
}

// Nothing is taken for something else: what has another content is queued, and
// so are equal messages of a rule that does not render anything again.
func TestReplayOfSomethingElse(t *testing.T) {
	for _, c := range []struct {
		name    string
		resumes bool
		second  int // what is pushed in the second life
		want    []int
	}{
		{"equal", true, 7, []int{7, 7, 7}},
		{"other content", true, 8, []int{7, 7, 7, 8, 8, 8}},
		{"new life", false, 7, []int{7, 7, 7, 7, 7, 7}},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			synctest.Test(t, func(t *testing.T) {
				s := newServer()
				s.set(errRefused)
				p := storingPool(s, Storage{Dir: dir})
				target := openRule(t, p, "r1", "t", nil)
				mark := target.Mark()
				_ = target.Push(rows(nil, 7, 7, 7))
				_ = p.Close(canceled(t))

				p = storingPool(s, Storage{Dir: dir})
				a := Action{Rule: "r1", Type: "fake", Props: map[string]any{"sendSingle": true, "fields": "a", "topic": "t"}}
				if c.resumes {
					a.From = mark
				}
				target, err := p.Open(a)
				if err != nil {
					t.Fatal(err)
				}
				_ = target.Push(rows(nil, c.second, c.second, c.second))
				s.set(nil)
				settled(t, "all is written", func() bool { return target.Stats().BufferLength == 0 })
				if got := s.got["t"]; !slices.Equal(got, c.want) {
					t.Errorf("got %v, want %v", got, c.want)
				}
				_ = p.Close(t.Context())
			})
		})
	}
}

// A checkpoint that is made when the service stops is exact: what is not
// written is on disk, and nothing is rendered again.
func TestMarkAtStop(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		p := storingPool(stuck{}, Storage{Dir: dir})
		target := openRule(t, p, "r1", "t", nil)
		push(target, 0, 1000)
		_ = p.Close(canceled(t))
		mark := target.Mark()
		if err := target.Settle(t.Context(), mark); err != nil {
			t.Fatal(err)
		}
		s := newServer()
		p = storingPool(s, Storage{Dir: dir})
		target, err := p.Open(Action{Rule: "r1", Type: "fake", Props: map[string]any{"sendSingle": true, "fields": "a", "topic": "t"}, From: mark})
		if err != nil {
			t.Fatal(err)
		}
		push(target, 1000, 1500)
		_ = p.Close(t.Context())
		s.expect(t, "t", 0, 1500)
	})
}

// While it is not known yet what is on disk, a rule that renders messages again
// waits; it drops nothing, and the disk is left alone.
func TestReplayWaitsForTheDisk(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		var log lines
		s := newServer()
		p := storingPool(s, Storage{Dir: dir})
		p.env.Log = slog.New(slog.NewTextHandler(&log, nil))
		c, err := p.decode("fake", nil)
		if err != nil {
			t.Fatal(err)
		}
		folder := p.storage.folderOf(c.Key)
		p.folders.acquire(folder) // as the worker before it does
		former, err := journal.Open(p.storage.journalOf(folder))
		if err != nil {
			t.Fatal(err)
		}
		target, err := p.Open(crashingAction(7))
		if err != nil {
			t.Fatal(err)
		}
		pushed := make(chan struct{})
		go func() {
			defer close(pushed)
			push(target, 0, 5000)
		}()
		time.Sleep(time.Minute)
		if st := target.Stats(); st.Dropped != 0 || st.BufferLength != 1024 || log.count("cannot be used") > 0 {
			t.Errorf("%+v\n%s", st, log.String())
		}
		if err := former.Close(); err != nil {
			t.Fatal(err)
		}
		p.folders.release(folder)
		<-pushed
		_ = p.Close(t.Context())
		s.expect(t, "t", 0, 5000)
	})
	synctest.Test(t, func(t *testing.T) { // without it the disk is waited for as well
		var log lines
		s := newServer()
		s.set(errRefused)
		p := storingPool(s, Storage{Dir: dir})
		p.env.Log = slog.New(slog.NewTextHandler(&log, nil))
		c, err := p.decode("fake", nil)
		if err != nil {
			t.Fatal(err)
		}
		folder := p.storage.folderOf(c.Key)
		p.folders.acquire(folder)
		former, err := journal.Open(p.storage.journalOf(folder))
		if err != nil {
			t.Fatal(err)
		}
		target := openRule(t, p, "r1", "t", map[string]any{"bufferLength": 10})
		go func() {
			time.Sleep(farewell)
			_ = former.Close()
			p.folders.release(folder)
		}()
		push(target, 0, 20)
		time.Sleep(time.Minute)
		if log.count("cannot be used") > 0 {
			t.Error(log.String())
		}
		_ = p.Close(canceled(t))
	})
}
