package connector

import (
	"context"
	"sync"
	"time"
)

// Pace holds messages to rates and spreads them: half of a rate may come at
// once, the rest of it comes evenly over its period. So no period has more than
// the rate, and nobody waits for long. It is safe for concurrent use.
type Pace struct {
	mu      sync.Mutex
	buckets []bucket
}

// bucket allows burst messages at once, and another one each time step has
// passed.
type bucket struct {
	burst int
	step  time.Duration
	full  time.Time // when all of burst is there again
}

// NewPace holds to all of the rates; those that are no limit do not count.
func NewPace(rates ...Rate) *Pace {
	p := &Pace{}
	for _, r := range rates {
		if r.Messages == 0 {
			continue
		}
		burst := max(1, r.Messages/2)
		p.buckets = append(p.buckets, bucket{burst: burst, step: r.Period / time.Duration(max(1, r.Messages-burst))})
	}
	return p
}

// free is how many messages the bucket lets through now; with none, wait is how
// long until it lets one through.
func (b *bucket) free(now time.Time) (n int, wait time.Duration) {
	missing := b.full.Sub(now)
	if missing <= 0 {
		return b.burst, 0
	}
	if n = b.burst - int((missing+b.step-1)/b.step); n > 0 {
		return n, 0
	}
	return 0, missing - time.Duration(b.burst-1)*b.step
}

// take counts one message.
func (b *bucket) take(now time.Time) {
	if b.full.Before(now) {
		b.full = now
	}
	b.full = b.full.Add(b.step)
}

// Take waits until a message may be sent and counts it. more is how many others
// may follow at once.
func (p *Pace) Take(ctx context.Context) (more int, err error) {
	for {
		more, wait := p.try(time.Now())
		if wait <= 0 {
			return more, ctx.Err()
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return 0, ctx.Err()
		}
	}
}

// unlimited is how many messages may follow where there is no rate.
const unlimited = 1 << 30

func (p *Pace) try(now time.Time) (more int, wait time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	more = unlimited
	for i := range p.buckets {
		n, w := p.buckets[i].free(now)
		more, wait = min(more, n-1), max(wait, w)
	}
	if wait > 0 {
		return 0, wait
	}
	for i := range p.buckets {
		p.buckets[i].take(now)
	}
	return more, 0
}

// Paces are those of the targets of a kind: what is limited is the target,
// however many sinks write to it.
type Paces struct {
	mu    sync.Mutex
	known map[string]*Pace
}

// Of returns the pace of a target. The rates are those that it was first asked
// for with, since who asks again has the same target under the same key.
func (p *Paces) Of(target string, rates ...Rate) *Pace {
	key := digest("pace", target)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.known == nil {
		p.known = map[string]*Pace{}
	}
	if p.known[key] == nil {
		p.known[key] = NewPace(rates...)
	}
	return p.known[key]
}
