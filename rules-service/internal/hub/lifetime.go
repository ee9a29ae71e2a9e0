package hub

import (
	"context"
	"sync"
	"time"
)

// lifetime is the context of a source, which ends with the source or the hub.
// What it takes to wait for its end is made when somebody does: of thousands of
// sources that share a connection hardly any waits.
type lifetime struct {
	hub context.Context

	mu     sync.Mutex
	over   bool
	waited context.Context // nil: nobody has waited
	cancel context.CancelFunc
}

// end ends it.
func (l *lifetime) end() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.over = true
	if l.cancel != nil {
		l.cancel()
	}
}

// Err implements context.Context, as do the methods that follow.
func (l *lifetime) Err() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.over {
		return context.Canceled
	}
	return l.hub.Err()
}

// Done makes what closes the channel.
func (l *lifetime) Done() <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.waited == nil {
		l.waited, l.cancel = context.WithCancel(l.hub)
		if l.over {
			l.cancel()
		}
	}
	return l.waited.Done()
}

// Value lets contexts below this one find what it was made of, once Done was
// called: they need no goroutine then.
func (l *lifetime) Value(key any) any {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.waited != nil {
		return l.waited.Value(key)
	}
	return l.hub.Value(key)
}

// Deadline is none.
func (l *lifetime) Deadline() (time.Time, bool) { return l.hub.Deadline() }
