package delivery

import (
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"time"

	"sluice/rules-service/internal/connector"
)

// deliver writes what is in the hand until each message is written or given up.
func (w *worker) deliver() {
	w.suspect = suspicion{}
	for attempt := 0; len(w.hand.items) > 0; {
		if w.ctx.Err() != nil {
			w.giveUp()
			return
		}
		n := w.admitted(min(w.suspect.size(len(w.hand.items)), w.batch))
		if n == 0 {
			continue
		}
		start := time.Now()
		err := w.write(n)
		w.rate.wrote(n, time.Now())
		took := time.Since(start)
		left, wait := w.settle(n, err, took, attempt)
		if left == 0 {
			attempt = 0
			w.suspect.clear()
			continue
		}
		attempt++
		if wait > 0 {
			w.sleep(wait)
		}
	}
}

// write gives the first n messages of the hand to the sink. It turns a panic
// into an error that is not tried again: it would come again, and hold up
// everything behind it.
func (w *worker) write(n int) (err error) {
	outs := w.hand.outs[:0]
	for i := range w.hand.items[:n] {
		outs = append(outs, w.hand.items[i].Outbound)
	}
	w.hand.outs = outs
	w.apart(func() { err = guard(func() error { return w.sink.Write(w.ctx, outs) }) })
	clear(outs)
	return err
}

func guard(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &connector.Permanent{Err: fmt.Errorf("panic in the sink: %v\n%s", p, debug.Stack())}
		}
	}()
	return f()
}

// settle acts on the outcome of a Write of the first n messages of the hand:
// it returns how many of them are left, first in the hand, and how long to wait
// before they are written again.
func (w *worker) settle(n int, err error, took time.Duration, attempt int) (left int, wait time.Duration) {
	if err == nil {
		w.up()
		return w.written(n, nil, took), 0
	}
	if w.ctx.Err() != nil {
		return n, 0
	}
	var partial *connector.Partial
	if errors.As(err, &partial) {
		n = w.written(n, partial.Failed, took)
	}
	w.note(n, err)
	var permanent *connector.Permanent
	if errors.As(err, &permanent) {
		w.up() // it answers
		w.refuse(n, err)
		return 0, 0
	}
	w.down(err)
	if errors.Is(err, connector.ErrNotConnected) {
		return w.reconnect(n, err, attempt)
	}
	return n, w.delay(n, err, attempt)
}

// reconnect makes the connection again that was lost on n messages, and gives
// up the one that it is lost on again and again.
func (w *worker) reconnect(n int, err error, attempt int) (left int, wait time.Duration) {
	w.suspect.lost(err, n, w.connect())
	if n == 0 {
		return 0, 0
	}
	if verdict := w.suspect.verdict(&w.hand.items[0].Outbound); verdict != nil {
		w.note(1, verdict)
		w.refuse(1, verdict)
		return 0, 0
	}
	if attempt == 0 {
		return n, 0
	}
	return n, pause(attempt - 1) // connections come and go
}

func (w *worker) delay(n int, err error, attempt int) time.Duration {
	var later *connector.RetryAfter
	switch {
	case errors.As(err, &later) && later.After > 0:
		return min(later.After, longestWish)
	case n > 0 && w.hand.items[0].target.interval > 0:
		return w.hand.items[0].target.interval
	}
	return pause(attempt)
}

// written notes that the first n messages of the hand, but for those at the
// failed indexes, have arrived. It returns how many have not.
func (w *worker) written(n int, failed []int, took time.Duration) (left int) {
	return w.part(n, failed, nil, func(t *Target) {
		t.figures.recordsOut++
		t.refused = false
		t.figures.latency = took
		if took < patience && t.waiting() <= t.limit/2 {
			t.lagging = false
		}
	})
}

// refuse drops the first n messages of the hand, that no other attempt would
// bring through. Nothing would be gained if their sources sent them again.
func (w *worker) refuse(n int, err error) {
	w.keepLetters(n, err)
	w.part(n, nil, nil, func(t *Target) {
		t.complain(err)
		t.figures.drop(Poison, 1)
	})
}

// keepLetters makes dead letters of the first n messages of the hand. That it
// is not possible is logged once.
func (w *worker) keepLetters(n int, reason error) {
	err := w.letters.write(w.hand.items[:n], reason)
	if err != nil && !w.unlettered {
		w.log.Error("dead letters cannot be kept; they are only counted", "error", err)
	}
	w.unlettered = err != nil
}

// giveUp drops what is in the hand and not on disk; its sources are told that
// it was not delivered.
func (w *worker) giveUp() {
	var stay []int
	for i := range w.hand.items {
		if w.hand.items[i].place == onDisk {
			stay = append(stay, i)
		}
	}
	w.part(len(w.hand.items), stay, errClosed, func(t *Target) { t.figures.drop(Ended, 1) })
}

// part takes the first n messages out of the hand, but for those at the
// indexes that stay; count is told of each with mu held, and its source gets
// err. It returns how many stay.
func (w *worker) part(n int, stay []int, err error, count func(*Target)) (left int) {
	items := w.hand.items
	gone, kept := items[:n], items[n:]
	if len(stay) > 0 {
		var back []item
		gone, back = split(items[:n], stay)
		left = len(back)
		kept = append(back, kept...)
	}
	w.mu.Lock()
	for i := range gone {
		count(gone[i].account())
		if err != nil {
			gone[i].target.giveUp(gone[i].number)
		}
		w.leave(&gone[i])
	}
	w.mu.Unlock()
	release(gone, err)
	clear(gone)
	w.keep(kept)
	return left
}

// split parts items from those at the indexes that stay.
func split(items []item, stay []int) (gone, kept []item) {
	for i, it := range items {
		if slices.Contains(stay, i) {
			kept = append(kept, it)
		} else {
			gone = append(gone, it)
		}
	}
	return gone, kept
}

// note counts an attempt that failed, once for each action that it is about.
func (w *worker) note(n int, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	var last *Target
	for i := range w.hand.items[:n] {
		if t := w.hand.items[i].account(); t != last {
			t.exception(err)
			last = t
		}
	}
}
