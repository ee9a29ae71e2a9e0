package delivery

import (
	"context"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"sluice/rules-service/internal/connector"
	"sluice/sqlengine/value"
)

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

// A target that is there holds its rule back.
func TestBackPressure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{gate: make(chan struct{})}
		target := open(t, f.pool(), map[string]any{"sendSingle": true, "bufferLength": 2}, Form{})
		synctest.Wait()
		done := make(chan struct{})
		go func() {
			defer close(done)
			for i := range 10 {
				_ = target.Push(rows(nil, i))
			}
		}()
		synctest.Wait()
		select {
		case <-done:
			t.Fatal("Push does not wait")
		default:
		}
		close(f.gate)
		<-done
		_ = target.Finish(t.Context())
		if s := target.Stats(); s.RecordsOut != 10 || s.Dropped != 0 {
			t.Fatal(s)
		}
	})
}

// A target that takes its time, but empties its queue within a second, gets
// everything.
func TestBackPressureOfASlowTarget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := poolOf(paced{each: time.Millisecond})
		target := open(t, p, map[string]any{"sendSingle": true, "bufferLength": 500}, Form{})
		for i := range 20 {
			_ = target.Push(rows(nil, make([]int, 300+i)...))
		}
		_ = target.Finish(t.Context())
		if s := target.Stats(); s.RecordsOut != s.RecordsIn || s.Dropped != 0 || s.Exceptions != 0 {
			t.Fatal(s)
		}
	})
}

// Targets that hang, or take less than their queue in a second, hold their
// shard back for a moment, once; then they lose their oldest messages, and the
// sources of those are told that they are done with.
func TestLaggingTargetHoldsNobodyBack(t *testing.T) {
	for name, sink := range map[string]connector.Sink{
		"hangs":    stuck{},
		"is slow":  paced{each: 100 * time.Millisecond},
		"connects": hanging{},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				slow := open(t, poolOf(sink), map[string]any{"sendSingle": true, "bufferLength": 50}, Form{})
				f := &fake{}
				good := open(t, f.pool(), single, Form{})
				const n = 8000
				var acks atomic.Int64
				start := time.Now()
				for i := range n { // one rule after the other, as a shard does it
					ack := value.NewAck(func(error) { acks.Add(1) })
					ack.Hold()
					_ = slow.Push(rows(ack, i))
					_ = good.Push(rows(ack, i))
					ack.Release(nil)
					ack.Release(nil)
					time.Sleep(time.Millisecond)
				}
				if took := time.Since(start); took > n*time.Millisecond+patience {
					t.Errorf("%d rows took %s", n, took)
				}
				synctest.Wait()
				s := slow.Stats()
				if s.Dropped+s.RecordsOut+uint64(s.BufferLength) != n || s.Dropped < n/2 || s.Exceptions != 1 || s.LastException != errLagging.Error() {
					t.Errorf("slow: %+v", s)
				}
				if done := int64(s.Dropped + s.RecordsOut); acks.Load() != done {
					t.Errorf("%d acks of %d", acks.Load(), done)
				}
				_ = good.Finish(t.Context())
				if s := good.Stats(); s.RecordsOut != n || s.Dropped != 0 {
					t.Errorf("good: %+v", s)
				}
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				_ = slow.Finish(ctx)
				if acks.Load() != n {
					t.Errorf("%d acks of %d at the end", acks.Load(), n)
				}
			})
		})
	}
}

// A target that has caught up holds its rule back again.
func TestLagEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{gate: make(chan struct{})}
		target := open(t, f.pool(), map[string]any{"sendSingle": true, "bufferLength": 2}, Form{})
		_ = target.Push(rows(nil, make([]int, 600)...))
		lost := target.Stats().Dropped
		if lost == 0 {
			t.Fatal("nothing was dropped")
		}
		close(f.gate)
		synctest.Wait()
		_ = target.Push(rows(nil, make([]int, 600)...))
		_ = target.Finish(t.Context())
		if s := target.Stats(); s.Dropped != lost || s.RecordsOut != 1200-lost {
			t.Fatal(s)
		}
	})
}

// paced takes its time for each message; stuck takes none.
type paced struct {
	null
	each time.Duration
}

func (p paced) Write(_ context.Context, msgs []connector.Outbound) error {
	time.Sleep(p.each * time.Duration(len(msgs)))
	return nil
}

type stuck struct{ null }

func (stuck) Write(ctx context.Context, _ []connector.Outbound) error {
	<-ctx.Done()
	return ctx.Err()
}

// A target that fails loses its oldest messages and holds nobody back.
func TestDropOldestWhileDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{refuse: errRefused}
		target := open(t, f.pool(), map[string]any{"sendSingle": true, "fields": "a", "bufferLength": 3}, Form{})
		synctest.Wait()
		released := 0
		for i := range 10 {
			ack := value.NewAck(func(err error) { released++ })
			_ = target.Push(rows(ack, i))
			ack.Release(nil)
		}
		if s := target.Stats(); s.Dropped != 7 || s.BufferLength != 3 || released != 7 || s.Connection != Disconnected {
			t.Fatal(s, released)
		}
		f.set(func() { f.refuse = nil })
		if err := target.Finish(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := f.sent(); !slices.Equal(got, payloads(7, 10)) || released != 10 {
			t.Fatal(got, released)
		}
	})
}

// A first connection that hangs holds rules back for a moment only.
func TestSlowFirstConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		target := open(t, poolOf(hanging{}), map[string]any{"bufferLength": 1}, Form{})
		start := time.Now()
		_ = target.Push(rows(nil, 1, 2, 3))
		if took := time.Since(start); took != patience {
			t.Errorf("Push took %s", took)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := target.Finish(ctx); err == nil {
			t.Error("Finish does not tell that a message is left")
		}
	})
}

type hanging struct{ null }

func (hanging) Connect(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
