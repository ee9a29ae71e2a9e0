package dmi

import (
	"context"
	"sync"
	"time"
)

// link is what is known of edgecore.
type link struct {
	mu         sync.Mutex
	opened     chan struct{} // closed while calls make sense
	open       bool
	registered bool
	since      time.Time
	reason     string // why it is not registered
}

// set changes the state and tells whether it was another one. Another reason
// for the same state is none.
func (l *link) set(open, registered bool, reason string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case open && !l.open:
		close(l.opened)
	case !open && l.open:
		l.opened = make(chan struct{})
	}
	changed := l.open != open || l.registered != registered || (l.reason == "") != (reason == "")
	if changed {
		l.since = time.Now()
	}
	l.open, l.registered, l.reason = open, registered, reason
	return changed
}

func (l *link) isOpen() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.open
}

// wait waits until calls make sense, or ctx ends.
func (l *link) wait(ctx context.Context) error {
	l.mu.Lock()
	opened := l.opened
	l.mu.Unlock()
	select {
	case <-opened:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
