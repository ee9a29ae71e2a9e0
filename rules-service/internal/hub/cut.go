package hub

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"sluice/rules-service/internal/journal"
)

// Moment is where all rules were at one time: what they had been given of the
// intake journal, and what time it was for them.
type Moment struct {
	Clock int64          // nanoseconds since 1970
	Next  journal.Offset // what stands in front of it was given to all streams
	// Behind are streams that had been given less.
	Behind map[string]journal.Offset
}

// lowest is the offset in front of which no stream needs anything.
func (m *Moment) lowest() journal.Offset {
	low := m.Next
	for _, o := range m.Behind {
		low = min(low, o)
	}
	return low
}

// Cut goes through all rules at one moment, between the same two deliveries of
// each stream, and tells those that last: see Rule.AtCut. It fails with
// ErrClosed, with ErrHeld before the end of a replay, and when ctx ends.
func (h *Hub) Cut(ctx context.Context) (*Moment, error) {
	m, done, err := h.beginCut()
	if err != nil {
		return nil, err
	}
	for _, s := range h.shards {
		select {
		case clock := <-done:
			m.Clock = max(m.Clock, clock)
		case <-s.ended:
			return nil, ErrClosed
		case <-ctx.Done():
			return nil, fmt.Errorf("rules are behind: %w", ctx.Err())
		}
	}
	return m, nil
}

// beginCut puts the cut into the queues of all shards.
func (h *Hub) beginCut() (*Moment, <-chan int64, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.ctx.Err() != nil {
		return nil, nil, ErrClosed
	}
	if h.held != nil {
		return nil, nil, ErrHeld
	}
	streams := slices.SortedFunc(maps.Values(h.streams), func(a, b *stream) int { return strings.Compare(a.def.Name, b.def.Name) })
	for _, st := range streams {
		st.mu.Lock()
		defer st.mu.Unlock()
	}
	m := &Moment{}
	if h.intake != nil {
		m.Next, m.Behind = h.intake.given(streams)
	}
	done := make(chan int64, len(h.shards))
	for _, s := range h.shards {
		s.queue.put(item{step: func() { s.cut(done) }})
	}
	return m, done, nil
}

// given tells what streams, which are locked, have been given.
func (in *intake) given(streams []*stream) (next journal.Offset, behind map[string]journal.Offset) {
	in.mu.Lock()
	defer in.mu.Unlock()
	for _, st := range streams {
		if p, ok := in.underWay[st.source]; ok && st.passage != p.number {
			if behind == nil {
				behind = map[string]journal.Offset{}
			}
			behind[st.def.Name] = p.first
		}
	}
	return in.next, behind
}

// Settle waits until the intake journal has on disk what stands in front of the
// moment. What could not be written there will not come again.
func (h *Hub) Settle(ctx context.Context, m *Moment) error {
	if h.intake == nil {
		return nil
	}
	durable, err := h.intake.settle(ctx)
	if err != nil {
		return err
	}
	m.Next = min(m.Next, durable)
	for name, o := range m.Behind {
		m.Behind[name] = min(o, durable)
	}
	return nil
}

// Forgo drops from the intake journal what stands in front of the moment.
func (h *Hub) Forgo(m *Moment) error {
	if h.intake == nil {
		return nil
	}
	return h.intake.drop(m.lowest())
}

// cutAtOnce is how many rules without a state are told before others have their
// turn.
const cutAtOnce = 128

// cut tells the rules of the shard that last. Those without a state are told in
// parts: one that yields something meanwhile is told before it does.
func (s *shard) cut(done chan<- int64) {
	clock := s.clock
	for a := range s.stateful {
		if a.Lasting() {
			a.atCut(a.run.Snapshot())
		}
	}
	s.round++
	s.untold, s.touched = append(s.untold, s.touched...), nil // nobody may have waited for the end of the last one
	s.tell(func() { done <- clock })
}

// tell tells a part of the rules, and done when there are no more.
func (s *shard) tell(done func()) {
	n := min(cutAtOnce, len(s.untold))
	for _, a := range s.untold[:n] {
		a.tell()
	}
	if s.untold = s.untold[n:]; len(s.untold) > 0 {
		s.queue.put(item{step: func() { s.tell(done) }})
		return
	}
	done()
}

// tell tells of the cut that the rule has yielded something before it, unless
// that was told.
func (a *Attachment) tell() {
	if a.touched == 0 || a.touched == a.shard.round {
		return
	}
	a.touched = 0
	if _, has := a.shard.stateful[a]; !has && !a.failed && !a.gone {
		a.atCut(nil)
	}
}

// add takes a rule in.
func (s *shard) add(a *Attachment) {
	if a.feeder {
		s.feeders.add(a)
		return
	}
	s.set.Add(a.rule, a.run)
	if a.atCut != nil && a.run.HasState() {
		s.stateful[a] = struct{}{}
	}
}

// remove takes a rule out.
func (s *shard) remove(a *Attachment) {
	if a.feeder {
		s.feeders.remove(a)
		return
	}
	s.set.Remove(a.rule)
}

// forget lets go of a rule that has left.
func (s *shard) forget(a *Attachment) {
	delete(s.stateful, a)
	if a.touched == s.round {
		s.touched = slices.DeleteFunc(s.touched, func(o *Attachment) bool { return o == a })
	}
}

// failed keeps a rule that has failed from being asked for its state.
func (s *shard) failed(rule string) {
	for a := range s.stateful {
		if a.rule == rule {
			a.failed = true
			delete(s.stateful, a)
		}
	}
}
