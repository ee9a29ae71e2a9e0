package redis

import "sync"

// pending are the entries of a stream that were handed on and have no answer of
// the rules yet.
type pending struct {
	mu    sync.Mutex
	open  map[string]bool
	done  []string // to be acknowledged
	again bool     // some were not taken
	wake  chan struct{}
}

func newPending() *pending {
	return &pending{open: map[string]bool{}, wake: make(chan struct{}, 1)}
}

// add notes an entry; false: it was handed on before.
func (p *pending) add(id string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.open[id] {
		return false
	}
	p.open[id] = true
	return true
}

// settle has the answer for entries.
func (p *pending) settle(ids []string, err error) {
	p.mu.Lock()
	if err == nil {
		p.done = append(p.done, ids...)
	} else {
		for _, id := range ids {
			delete(p.open, id) // so it is handed on when it comes again
		}
		p.again = true
	}
	p.mu.Unlock()
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

// taken are the entries to be acknowledged; again: some are to be read again.
func (p *pending) taken() (done []string, again bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	done, again = p.done, p.again
	p.done, p.again = nil, false
	return done, again
}

// acknowledged notes that the server knows.
func (p *pending) acknowledged(ids []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, id := range ids {
		delete(p.open, id)
	}
}

// unacknowledged keeps them for another attempt.
func (p *pending) unacknowledged(ids []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done = append(p.done, ids...)
}
