package delivery

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"sluice/rules-service/internal/connector"
)

// A dead letter that is sent again while a checkpoint waits does not count for
// a message of the rule.
func TestSettleWhileLettersAreSentAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{gate: make(chan struct{}), answers: []error{nil, &connector.Partial{Failed: []int{0}, Err: errRefused}}}
		for range 30 {
			f.answers = append(f.answers, errRefused)
		}
		p := poolOf(fakeSink{f})
		target := openRule(t, p, "r1", "t", nil)
		push(target, 0, 1)
		synctest.Wait() // it is under way
		push(target, 1, 2)
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		done := make(chan error)
		go func() { done <- target.Settle(ctx, target.Mark()) }()
		synctest.Wait()
		must(t, target.resend(ctx, message{Outbound: connector.Outbound{Payload: []byte("again")}}))
		close(f.gate)
		if err := <-done; !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v while a message is in memory alone", err)
		}
		_ = target.Finish(canceled(t))
	})
}

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
				waiting := waitingOnDisk(target)
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
