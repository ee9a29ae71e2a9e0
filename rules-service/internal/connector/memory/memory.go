// Package memory connects rules inside the service: a sink writes the rows of
// a rule to a topic, sources and lookup tables take what matches their filter.
// Nothing is kept when the service ends.
package memory

import (
	"sync"
	"time"

	"sluice/rules-service/internal/codec"
	"sluice/rules-service/internal/connector"
	"sluice/sqlengine/value"
)

// Register adds the sink, the source and the lookup table to r, on a bus of
// their own.
func Register(r *connector.Registry) {
	b := &bus{congestion: r.Congestion()}
	registerSink(r, b)
	registerSource(r, b)
	registerLookup(r, b)
}

// bus brings messages from sinks to who has subscribed to their topics.
type bus struct {
	congestion *connector.Congestion

	mu          sync.RWMutex
	subscribers trie[subscriber]
}

// subscriber takes messages. It must not wait: it is called on the goroutine
// that writes for all rules.
type subscriber interface{ take(*message) }

// message is one result of a rule.
type message struct {
	topic   string
	payload []byte // rows, as codec has them
	time    time.Time

	// Of a message for tables; read by the goroutine that publishes.
	kind string // column that says what becomes of a row, or ""
	key  string // column by which a row is deleted
	rows []*value.Fields
}

// fields are the rows of the message; they refer to its payload.
func (m *message) fields() ([]*value.Fields, error) {
	if m.rows == nil {
		rows, err := codec.ParseRows(m.payload)
		if err != nil {
			return nil, err
		}
		m.rows = rows
	}
	return m.rows, nil
}

func (b *bus) subscribe(filter string, s subscriber) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.subscribers.add(filter, s)
}

func (b *bus) unsubscribe(filter string, s subscriber) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.subscribers.remove(filter, s)
}

// publish gives a message to its subscribers.
func (b *bus) publish(m *message) {
	m.time = time.Now()
	b.mu.RLock()
	defer b.mu.RUnlock()
	for _, s := range b.subscribers.match(nil, m.topic) {
		s.take(m)
	}
}
