package edgex

import "context"

const (
	// longQueue and shortQueue are where who pushes begins to wait, and goes on.
	longQueue  = queueLimit / 2
	shortQueue = queueLimit / 4
)

// room waits while many events wait for a bus that takes them, so that none is
// dropped only because a device has many changes at once. While the bus is away
// it does not: then the newest events are kept, wherever they come from.
func (p *publisher) room(ctx context.Context) {
	p.mu.Lock()
	for len(p.queue) >= longQueue && !p.stalled {
		if p.behind == nil {
			p.behind = make(chan struct{})
		}
		eased := p.behind
		p.mu.Unlock()
		select {
		case <-ctx.Done():
			return
		case <-eased:
		}
		p.mu.Lock()
	}
	p.mu.Unlock()
}

// ease lets those go on who wait for a short queue. The lock is held.
func (p *publisher) ease() {
	if p.behind != nil && (len(p.queue) <= shortQueue || p.stalled) {
		close(p.behind)
		p.behind = nil
	}
}

// stall notes that the bus is away, or back.
func (p *publisher) stall(away bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stalled = away
	p.ease()
}
