package delivery

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"sluice/rules-service/internal/connector"
	"sluice/sqlengine/value"
)

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

// What is left when a rule ends is told to its source.
func TestFinishGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{refuse: errRefused}
		p := f.pool()
		target := open(t, p, single, Form{})
		var told error
		ack := value.NewAck(func(err error) { told = err })
		_ = target.Push(rows(ack, 1))
		ack.Release(nil)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := p.Close(ctx); err == nil || !errors.Is(told, errClosed) {
			t.Fatal(err, told)
		}
		if err := target.Finish(ctx); err != nil {
			t.Fatal("twice:", err)
		}
		if _, err := p.Open(Action{Rule: "r2", Type: "fake", Props: single}); err == nil {
			t.Fatal("a closed pool opens")
		}
	})
}

// A message that may not go to disk is waited for when its rule ends.
func TestFinishWaitsForWhatIsTooLarge(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s := newServer()
		p := storingPool(s, Storage{Dir: dir, MaxBytes: 400})
		target := openRule(t, p, "r1", "t", nil)
		synctest.Wait()
		s.set(errRefused)
		push(target, 0, 1)
		settled(t, "it is in the hand alone", func() bool { return waitingOnDisk(target) == 1 })
		go func() {
			time.Sleep(10 * time.Second)
			s.set(nil)
		}()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		start := time.Now()
		must(t, target.Finish(ctx))
		if took := time.Since(start); took == time.Minute {
			t.Error("it waited for nothing")
		}
		if st := target.Stats(); s.len("t") != 1 || st.Dropped != 0 {
			t.Errorf("%+v", st)
		}
	})
}

// oneStuck takes nothing on one topic.
type oneStuck struct{ *server }

func (s oneStuck) Write(ctx context.Context, msgs []connector.Outbound) error {
	if msgs[0].Values["topic"] == "stuck" {
		return stuck{}.Write(ctx, msgs)
	}
	return s.server.Write(ctx, msgs)
}

// A target that hangs takes no time from the others when the service stops.
func TestCloseWithOneThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := oneStuck{newServer()}
		p := poolOf(s)
		push(openRule(t, p, "r0", "stuck", map[string]any{"server": "s0"}), 0, 1)
		for i := 1; i < 10; i++ {
			more := map[string]any{"server": fmt.Sprintf("s%d", i), "lingerInterval": "1h"}
			push(openRule(t, p, fmt.Sprintf("r%d", i), "t", more), i, i+1)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_ = p.Close(ctx)
		if n := s.len("t"); n != 9 {
			t.Errorf("%d of 9 messages have come", n)
		}
	})
}
