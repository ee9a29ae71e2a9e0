package connector

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// holdPatience is how long sources are held back for a backlog that does not
// shrink meanwhile: a rule that sends itself more than it takes would hold them
// for ever.
const holdPatience = 2 * time.Second

// Congestion holds back what comes from outside while rules are behind with
// what other rules send them. A queue between two rules cannot hold back the
// rule that fills it: both may run on one goroutine, which would wait for
// itself. So it is the sources of the whole chain that wait.
type Congestion struct {
	behind  atomic.Int32  // backlogs that are too long
	sent    atomic.Uint64 // messages of rules to rules, ever
	waiting atomic.Int64  // of them, in all backlogs

	mu     sync.Mutex
	late   map[*Backlog]bool
	relief chan struct{} // closed when one of them has caught up; nil when nobody waits
}

// Congestion is that of the connectors of the registry.
func (r *Registry) Congestion() *Congestion { return &r.congestion }

// Backlog is a queue of what rules send to rules.
type Backlog struct {
	congestion *Congestion
	limit      int64
	waiting    atomic.Int64
	late       atomic.Bool // it is one of Congestion.late

	// guarded by Congestion.mu
	low   int64 // the shortest backlog since it is behind
	since time.Time
}

// NewBacklog returns a queue that is behind when more than limit messages
// wait in it.
func (c *Congestion) NewBacklog(limit int) *Backlog {
	return &Backlog{congestion: c, limit: int64(limit)}
}

// Add tells of messages that wait from now on, or, when n is negative, wait no
// more.
func (b *Backlog) Add(n int) {
	b.congestion.sent.Add(uint64(max(n, 0)))
	b.congestion.waiting.Add(int64(n))
	if waiting := b.waiting.Add(int64(n)); waiting > b.limit || b.late.Load() {
		b.congestion.note(b)
	}
}

// Close forgets what waits.
func (b *Backlog) Close() {
	b.congestion.waiting.Add(-b.waiting.Swap(0))
	if b.late.Load() {
		b.congestion.note(b)
	}
}

// Sent counts the messages of rules to rules.
func (c *Congestion) Sent() uint64 { return c.sent.Load() }

// Waiting is how many of them nobody has read yet.
func (c *Congestion) Waiting() int { return int(c.waiting.Load()) }

func (c *Congestion) note(b *Backlog) {
	c.mu.Lock()
	defer c.mu.Unlock()
	waiting := b.waiting.Load()
	switch {
	case !b.late.Load() && waiting > b.limit:
		if c.late == nil {
			c.late = map[*Backlog]bool{}
		}
		c.late[b] = true
		c.behind.Add(1)
		b.late.Store(true)
		b.low, b.since = waiting, time.Now()
	case b.late.Load() && waiting < b.low:
		b.low, b.since = waiting, time.Now()
	}
	if b.late.Load() && b.waiting.Load() <= b.limit/2 { // asked again: Add may just have missed that it is late
		c.caughtUp(b)
	}
}

func (c *Congestion) caughtUp(b *Backlog) {
	delete(c.late, b)
	c.behind.Add(-1)
	b.late.Store(false)
	if c.relief != nil {
		close(c.relief)
		c.relief = nil
	}
}

// Wait returns when what comes from outside may go on, or when ctx ends.
func (c *Congestion) Wait(ctx context.Context) {
	for c.behind.Load() > 0 && ctx.Err() == nil {
		relief, left := c.hold()
		if left <= 0 {
			return
		}
		timer := time.NewTimer(left)
		select {
		case <-relief:
		case <-timer.C:
		case <-ctx.Done():
		}
		timer.Stop()
	}
}

// hold tells how long to wait at most, as things stand, and what ends it
// sooner.
func (c *Congestion) hold() (relief <-chan struct{}, left time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for b := range c.late {
		left = max(left, holdPatience-time.Since(b.since))
	}
	if left > 0 && c.relief == nil {
		c.relief = make(chan struct{})
	}
	return c.relief, left
}
