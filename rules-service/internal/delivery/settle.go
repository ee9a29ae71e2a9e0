package delivery

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// A checkpoint of a rule remembers how many messages of each action its rows
// have become. It may be written when these are safe: then none of them has to
// be rendered again.

// firstNumber begins the numbers of an action that goes on where no earlier life
// ended. They are not those of any life before it, of which messages may be on
// disk.
func firstNumber() uint64 { return uint64(time.Now().UnixNano()) }

// settlement is a Settle that waits.
type settlement struct {
	upTo uint64
	left int // messages that are in memory alone, with numbers up to this one
	done chan struct{}
}

// Mark is the number of the last message that was pushed: what Action.From
// gets when a later life of the action goes on there. It is called by the
// goroutine that pushes.
func (t *Target) Mark() uint64 {
	t.worker.mu.Lock()
	own := t.flush() // half a batch is none of a later life
	last := t.last
	t.worker.mu.Unlock()
	own.Release(nil)
	return last
}

// Settle waits until all messages up to a mark are written, on disk, or dropped
// and counted. What is not written within a moment goes to disk; where that is
// not possible it waits for the target until ctx ends. Any goroutine may call
// it, also when the Target is finished.
func (t *Target) Settle(ctx context.Context, mark uint64) error {
	w := t.worker
	w.mu.Lock()
	s := t.settlementOf(mark)
	w.mu.Unlock()
	err := t.awaitSettled(ctx, s)
	w.mu.Lock()
	defer w.mu.Unlock()
	t.settlements = slices.DeleteFunc(t.settlements, func(o *settlement) bool { return o == s })
	switch {
	case err != nil:
		return fmt.Errorf("%s of rule %s: %d messages are not safe yet: %w", t.name, t.rule, s.left, err)
	case t.gone != 0 && t.gone <= mark:
		return fmt.Errorf("%s of rule %s: messages were not delivered: %w", t.name, t.rule, errClosed)
	}
	return nil
}

// settlementOf begins to wait; worker.mu is held.
func (t *Target) settlementOf(mark uint64) *settlement {
	s := &settlement{upTo: max(mark, t.taken), left: t.inFlight + t.barred, done: make(chan struct{})}
	for i := range t.queue[t.head:] {
		if t.queue[t.head+i].number <= s.upTo {
			s.left++
		}
	}
	if s.left == 0 {
		close(s.done)
		return s
	}
	t.settlements = append(t.settlements, s)
	return s
}

func (t *Target) awaitSettled(ctx context.Context, s *settlement) error {
	done, err := s.wait(ctx, patience)
	if done || err != nil {
		return err
	}
	w := t.worker
	w.mu.Lock()
	w.leaving++
	w.mu.Unlock()
	for !done && err == nil {
		w.mu.Lock()
		w.spill()
		w.mu.Unlock()
		done, err = s.wait(ctx, patience)
	}
	w.mu.Lock()
	w.leaving--
	w.mu.Unlock()
	poke(w.wake)
	return err
}

// wait waits for some time, and tells whether all is settled.
func (s *settlement) wait(ctx context.Context, d time.Duration) (bool, error) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-s.done:
		return true, nil
	case <-ctx.Done():
		return false, ctx.Err()
	case <-timer.C:
		return false, nil
	}
}

// settled notes that a message is in memory alone no more; worker.mu is held.
func (t *Target) settled(number uint64) {
	for _, s := range t.settlements {
		if s.left == 0 || number > s.upTo {
			continue
		}
		if s.left--; s.left == 0 {
			close(s.done)
		}
	}
}

// joinSettlements makes those who wait wait for a message without number, too:
// it cannot be told from the ones that they count. worker.mu is held.
func (t *Target) joinSettlements() {
	for _, s := range t.settlements {
		if s.left > 0 {
			s.left++
		}
	}
}

// giveUp notes that a message is lost because the action has ended; worker.mu
// is held.
func (t *Target) giveUp(number uint64) {
	if number != 0 && (t.gone == 0 || number < t.gone) {
		t.gone = number
	}
}
