package opcua

import (
	"sync"
	"time"
)

// gap is why and since when changes may be missing.
type gap struct {
	reason string
	since  time.Time
}

// missed is since when the resources of a device are not watched any more.
type missed struct {
	mu    sync.Mutex
	since map[string]time.Time
}

func (m *missed) note(resource string, since time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.since == nil {
		m.since = map[string]time.Time{}
	}
	m.since[resource] = since
}

// take gives the gap of a resource that is watched again, or nil.
func (m *missed) take(resource, reason string) *gap {
	m.mu.Lock()
	defer m.mu.Unlock()
	since, found := m.since[resource]
	if !found {
		return nil
	}
	delete(m.since, resource)
	return &gap{reason, since}
}
