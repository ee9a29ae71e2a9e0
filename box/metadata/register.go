package metadata

import (
	"context"
	"sync"
)

// register remembers which services have come since the start.
type register struct {
	mu   sync.Mutex
	came map[string]chan struct{} // closed when the service has come
}

func newRegister() *register { return &register{came: map[string]chan struct{}{}} }

// of returns the channel of a service.
func (r *register) of(name string) chan struct{} {
	r.mu.Lock()
	defer r.mu.Unlock()
	c, found := r.came[name]
	if !found {
		c = make(chan struct{})
		r.came[name] = c
	}
	return c
}

func (r *register) note(name string) {
	c := r.of(name)
	r.mu.Lock()
	defer r.mu.Unlock()
	select {
	case <-c: // it has come before
	default:
		close(c)
	}
}

func (r *register) await(ctx context.Context, name string) error {
	select {
	case <-r.of(name):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
