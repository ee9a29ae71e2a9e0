package hub

import (
	"context"
	"sync"
	"time"
)

// gate stands before the streams of a source: one delivery passes at a time,
// and none while somebody holds it.
type gate struct {
	mu      sync.Mutex
	passing bool
	holders int
	changed chan struct{} // closed when one of them changes; nil when nobody waits
}

// enter waits until nobody holds the gate; it is false when ctx ends first.
// leave is to follow.
func (g *gate) enter(ctx context.Context) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	for g.holders > 0 {
		if !g.await(ctx) {
			return false
		}
	}
	g.passing = true
	return true
}

func (g *gate) leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.passing = false
	g.change()
}

// hold keeps deliveries from entering, and waits for the one that is passing,
// or until ctx ends. release is to follow.
func (g *gate) hold(ctx context.Context) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.holders++
	for g.passing && g.await(ctx) {
	}
}

func (g *gate) release() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.holders--
	g.change()
}

// await waits for a change; mu is held, but not meanwhile.
func (g *gate) await(ctx context.Context) bool {
	if g.changed == nil {
		g.changed = make(chan struct{})
	}
	changed := g.changed
	g.mu.Unlock()
	defer g.mu.Lock()
	select {
	case <-changed:
		return true
	case <-ctx.Done():
		return false
	}
}

func (g *gate) change() {
	if g.changed != nil {
		close(g.changed)
		g.changed = nil
	}
}

// holdTimeout is how long a rule that ends and begins anew holds its sources
// back, for others read them too.
const holdTimeout = time.Second

// holdBack holds the gates of sources until release, but not for long.
func holdBack(list []*source) (release func()) {
	ctx, cancel := context.WithTimeout(context.Background(), holdTimeout)
	for _, s := range list {
		s.gate.hold(ctx)
	}
	open := sync.OnceFunc(func() {
		for _, s := range list {
			s.gate.release()
		}
	})
	stop := context.AfterFunc(ctx, open)
	return func() {
		stop()
		cancel()
		open()
	}
}
