package hub

import (
	"context"

	"sluice/rules-service/internal/journal"
)

// Leave takes the rule out behind all that has been delivered so far, and
// returns its state then, with the place in the intake journal to which it
// belongs. It is false when the rule has gone before that, or ctx ends. Detach
// is to follow.
func (a *Attachment) Leave(ctx context.Context) (state []byte, at journal.Offset, ok bool) {
	done := make(chan bool, 1)
	at, ok = a.beginLeave(done)
	if !ok {
		return nil, 0, false // it is being replayed: the last checkpoint is where it goes on from
	}
	ok = false
	select {
	case ok = <-done:
	case <-a.shard.ended:
	case <-ctx.Done():
	}
	if !ok {
		return nil, 0, false
	}
	return a.left, at, true
}

// beginLeave puts the end of the rule into the queue of its shard.
func (a *Attachment) beginLeave(done chan<- bool) (at journal.Offset, ok bool) {
	a.hub.mu.Lock()
	defer a.hub.mu.Unlock()
	if a.hub.held != nil {
		return 0, false
	}
	streams := make([]*stream, 0, len(a.reads))
	for i := range a.reads { // in the order in which they are locked
		st := a.reads[i].stream
		st.mu.Lock()
		defer st.mu.Unlock()
		streams = append(streams, st)
	}
	if in := a.hub.intake; in != nil {
		m := Moment{}
		m.Next, m.Behind = in.given(streams)
		at = m.lowest()
	}
	a.shard.queue.put(item{step: func() {
		if a.gone || a.failed {
			done <- false
			return
		}
		if a.run.HasState() {
			a.left = a.run.Snapshot()
		}
		a.leave()
		done <- true
	}})
	return at, true
}
