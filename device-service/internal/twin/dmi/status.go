package dmi

import (
	"cmp"
	"slices"
	"time"
)

// Status is how the mapper is doing.
type Status struct {
	// Registered tells whether edgecore knows the mapper, since when that is so
	// or not, and why not.
	Registered bool           `json:"registered"`
	Since      time.Time      `json:"since,omitzero"`
	Reason     string         `json:"reason,omitempty"`
	Devices    []DeviceStatus `json:"devices"`
	Reports    Counters       `json:"reports"`
}

// DeviceStatus is how a device is doing.
type DeviceStatus struct {
	ID    string `json:"id"`
	Model string `json:"model,omitempty"`
	// State is ready, pending, held, failing or refused.
	State  string `json:"state"`
	Reason string `json:"reason,omitempty"`
}

// Status tells how the mapper is doing.
func (m *Mapper) Status() Status {
	s := m.link.status()
	s.Devices, s.Reports = m.registry.status(), m.outbox.status()
	return s
}

func (l *link) status() Status {
	l.mu.Lock()
	defer l.mu.Unlock()
	return Status{Registered: l.registered, Since: l.since, Reason: l.reason}
}

func (r *registry) status() []DeviceStatus {
	r.mu.Lock()
	defer r.mu.Unlock()
	list := []DeviceStatus{}
	for id, e := range r.devices {
		if _, refused := r.refused[id]; !refused {
			list = append(list, e.status())
		}
	}
	for id, reason := range r.refused {
		list = append(list, DeviceStatus{ID: id.String(), State: "refused", Reason: reason})
	}
	slices.SortFunc(list, func(a, b DeviceStatus) int { return cmp.Compare(a.ID, b.ID) })
	return list
}

func (e *entry) status() DeviceStatus {
	s := DeviceStatus{ID: e.id.String(), Model: e.sent.GetSpec().GetDeviceModelReference(), State: "ready"}
	switch {
	case e.held:
		s.State, s.Reason = "held", "there is no model "+modelOf(e.sent, e.id).String()+" yet"
	case e.failed.step != "":
		s.State, s.Reason = "failing", e.failed.step+": "+e.failed.reason
	case e.working:
		s.State = "pending"
	}
	return s
}

func (o *outbox) status() Counters {
	o.mu.Lock()
	defer o.mu.Unlock()
	c := o.counters
	c.Queued = len(o.urgent) + len(o.ordinary)
	return c
}
