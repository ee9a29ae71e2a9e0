package hub

import (
	"context"
	"time"
)

// calmTimeout is how long rules may go on sending each other rows when nothing
// comes from outside any more: some send to themselves, for ever.
const calmTimeout = 2 * time.Second

// Silence ends all sources, so that nothing comes any more; what has come still
// goes through the rules, and through those that they send it to: flush makes
// their sinks write it. Then time stands still for the rules: what they would
// yield now belongs to the next start. Transports that can keep what comes from
// now on.
func (h *Hub) Silence(ctx context.Context, flush func(context.Context)) {
	h.mu.Lock()
	chained := h.held == nil
	if h.held != nil {
		h.held.cut = true
	}
	var outer, inner []*source
	for _, s := range h.sources {
		if s.inner {
			inner = append(inner, s)
		} else {
			outer = append(outer, s)
		}
	}
	h.mu.Unlock()
	h.end(ctx, outer)
	if chained && len(inner) > 0 {
		h.calm(ctx, flush)
	}
	h.end(ctx, inner)
	for _, s := range h.shards {
		s.queue.put(item{step: func() { s.held = true }})
	}
}

// end stops sources, and waits until they have ended.
func (h *Hub) end(ctx context.Context, list []*source) {
	h.mu.Lock()
	for _, s := range list {
		s.leave.Store(true)
		s.stop()
	}
	h.mu.Unlock()
	for _, s := range list {
		select {
		case <-s.whenEnded():
		case <-ctx.Done():
		}
	}
}

// calm returns when no row is under way from rule to rule, or after a while.
func (h *Hub) calm(ctx context.Context, flush func(context.Context)) {
	ctx, cancel := context.WithTimeout(ctx, calmTimeout)
	defer cancel()
	c := h.reg.Congestion()
	for ctx.Err() == nil {
		read, sent := c.Waiting() == 0, c.Sent()
		h.workOff(ctx)
		flush(ctx)
		if read && c.Waiting() == 0 && c.Sent() == sent {
			return // what had been read was worked off, and nothing came of it
		}
		for c.Waiting() > 0 && sleepFor(ctx, time.Millisecond) {
		}
	}
}

// workOff waits until the shards have done what waits in their queues.
func (h *Hub) workOff(ctx context.Context) {
	done := make(chan struct{}, len(h.shards))
	for _, s := range h.shards {
		s.queue.put(item{step: func() { done <- struct{}{} }})
	}
	for range h.shards {
		select {
		case <-done:
		case <-ctx.Done():
			return
		}
	}
}
