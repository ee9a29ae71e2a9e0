package hub

import (
	"sync"
	"sync/atomic"

	"sluice/sqlengine/value"
)

// mail holds the new values of parameters until the shard looks, which is before
// its next rows: who sets one never waits, and a shard whose rules have none
// looks at one word a batch.
type mail struct {
	some atomic.Bool
	mu   sync.Mutex
	to   []*Attachment // that have any, once each
}

// SetParam gives a parameter of the rule another value, for the rows that come
// after this call. It never waits. The value must be one that the query takes.
func (a *Attachment) SetParam(name string, v value.Value) {
	m := &a.shard.mail
	m.mu.Lock()
	defer m.mu.Unlock()
	if a.params == nil {
		a.params = map[string]value.Value{}
		m.to = append(m.to, a)
	}
	a.params[name] = v
	m.some.Store(true)
}

func (m *mail) empty() bool { return !m.some.Load() }

// deliver gives the runs their values. It is called on the shard's goroutine.
func (m *mail) deliver() {
	if m.empty() {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.some.Store(false)
	for i, a := range m.to {
		m.to[i] = nil
		for name, v := range a.params {
			_ = a.run.SetParam(name, v) // it was checked by who sent it
		}
		a.params = nil
	}
	m.to = m.to[:0]
}

// Begin lets the sources of a feeder connect.
func (a *Attachment) Begin() {
	a.hub.mu.Lock()
	defer a.hub.mu.Unlock()
	a.hub.begin(a)
}
