package hub

import (
	"context"
	"slices"
	"time"

	"sluice/sqlengine"
	"sluice/sqlengine/value"
)

// shard is one goroutine that owns its rules, one timer and one clock.
type shard struct {
	queue   *queue      // batches and what must stay in order with them
	control chan func() // what need not wait behind batches
	ended   chan struct{}
	set     *sqlengine.Ruleset
	feeders feeders // those of its rules that give others their parameters
	mail    mail    // new values of parameters
	clock   int64   // the time its rules have reached; only moves forward
	rules   int     // guarded by Hub.mu
	held    bool    // no time passes but that of the rows

	round    uint64                   // grows with each cut
	touched  []*Attachment            // lasting rules that have yielded something since the last cut
	untold   []*Attachment            // those of the cut under way, but for those that were told
	stateful map[*Attachment]struct{} // rules that have a state
}

func newShard(onFail func(rule string, err error)) *shard {
	s := &shard{
		queue: newQueue(), control: make(chan func()), ended: make(chan struct{}),
		round: 1, stateful: map[*Attachment]struct{}{},
	}
	fail := func(rule string, err error) {
		s.failed(rule)
		onFail(rule, err)
	}
	s.set = sqlengine.NewRuleset(fail)
	s.feeders = feeders{sqlengine.NewRuleset(fail), map[string]int{}}
	return s
}

// call runs f on the shard's goroutine and waits for it. It is false when the
// shard has ended.
func (s *shard) call(f func()) bool {
	done := make(chan struct{})
	select {
	case s.control <- func() { defer close(done); f() }:
		<-done
		return true
	case <-s.ended:
		return false
	}
}

func (s *shard) run(ctx context.Context) {
	defer s.drain()
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		s.arm(timer)
		select { // control first: it must not wait behind a full queue
		case f := <-s.control:
			f()
			continue
		default:
		}
		select {
		case <-ctx.Done():
			return
		case f := <-s.control:
			f()
		case <-s.queue.ready:
			if it, ok := s.queue.take(); ok {
				s.handle(it)
			}
		case now := <-timer.C:
			s.advance(now.UnixNano())
		}
	}
}

// arm sets the timer to the next time at which a rule has something to emit.
func (s *shard) arm(timer *time.Timer) {
	next, ok := s.set.Next()
	if !ok || s.held {
		timer.Stop()
		return
	}
	timer.Reset(time.Until(time.Unix(0, next)))
}

func (s *shard) handle(it item) {
	if it.step != nil {
		it.step()
		return
	}
	defer it.batch.Ack.Release(nil)
	rows := s.inOrder(it.batch.Rows)
	for len(rows) > 0 {
		s.advance(rows[0].Time)
		n := s.untilDue(rows)
		part := &value.Batch{Schema: it.batch.Schema, Rows: rows[:n], Ack: it.batch.Ack}
		s.push(it.stream, part)
		rows = rows[n:]
	}
}

// inOrder returns the rows with none older than the clock: another stream's
// rows, or the timer, may have moved it while these waited in the queue. Rows
// are shared with other shards, so they are copied where one must change.
func (s *shard) inOrder(rows []value.Row) []value.Row {
	if rows[0].Time >= s.clock {
		return rows
	}
	rows = slices.Clone(rows)
	for i := range rows {
		rows[i].Time = max(rows[i].Time, s.clock)
	}
	return rows
}

// untilDue counts the rows, at least one, that come before the next time at
// which a rule has something to emit.
func (s *shard) untilDue(rows []value.Row) int {
	next, ok := s.set.Next()
	if !ok || rows[len(rows)-1].Time < next {
		return len(rows)
	}
	n := slices.IndexFunc(rows, func(r value.Row) bool { return r.Time >= next })
	return max(n, 1)
}

// advance moves the clock, and lets the rules emit what is due by then.
func (s *shard) advance(t int64) {
	if t <= s.clock {
		return
	}
	s.clock = t
	if next, ok := s.set.Next(); ok && next <= t {
		s.mail.deliver()
		s.set.Advance(t)
	}
}

// drain gives back what waits when the shard ends.
func (s *shard) drain() {
	close(s.ended)
	for {
		it, ok := s.queue.take()
		if !ok {
			return
		}
		if it.batch != nil {
			it.batch.Ack.Release(ErrClosed)
		}
	}
}
