package codec

import (
	"sync"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// pinned keeps the messages that it once had: what runs goes on when a schema
// has gone from the registry.
type pinned struct {
	Schemas
	mu   sync.Mutex
	last map[string]protoreflect.MessageDescriptor
}

// Pin makes schemas of which a message, once it was found, is never lost; nil
// for none.
func Pin(s Schemas) Schemas {
	if s == nil {
		return nil
	}
	return &pinned{Schemas: s, last: map[string]protoreflect.MessageDescriptor{}}
}

// Message finds a message, or the one that it was.
func (p *pinned) Message(id string) (protoreflect.MessageDescriptor, error) {
	m, err := p.Schemas.Message(id)
	p.mu.Lock()
	defer p.mu.Unlock()
	if err == nil {
		p.last[id] = m
	}
	if old := p.last[id]; old != nil {
		return old, nil
	}
	return nil, err
}
