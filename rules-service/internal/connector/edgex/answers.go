package edgex

import (
	"sync"

	"github.com/edgexfoundry/go-mod-messaging/v3/pkg/types"
)

// answers brings answers to those who wait for them, by request id.
type answers struct {
	mu      sync.Mutex
	waiting map[string]chan types.MessageEnvelope
}

func (a *answers) expect(id string) <-chan types.MessageEnvelope {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.waiting == nil {
		a.waiting = map[string]chan types.MessageEnvelope{}
	}
	c := make(chan types.MessageEnvelope, 1)
	a.waiting[id] = c
	return c
}

func (a *answers) forget(id string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.waiting, id)
}

// deliver ignores answers that nobody waits for: those of others, and late ones.
func (a *answers) deliver(m types.MessageEnvelope) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if c := a.waiting[m.RequestID]; c != nil {
		c <- m
		delete(a.waiting, m.RequestID)
	}
}
