package twin

// take takes a message of edgecore. It does not wait: the connection has only
// one goroutine for what comes in.
func (m *MQTT) take(topic string, payload []byte) {
	id, end, ok := split(topic)
	if !ok {
		return
	}
	q, err := parse(payload)
	if err != nil {
		m.mu.Lock()
		first := !m.garbled
		m.garbled = true
		m.mu.Unlock()
		if first {
			m.log.Warn("message is left out, and later ones like it", "topic", topic, "error", err)
		}
		return
	}
	switch end {
	case topicResult:
		m.answered(id, &q)
	case topicDelta, topicGetResult:
		if q.refusal() == nil {
			m.desired(id, &q)
		}
	case topicMembersFound:
		m.each(q.Devices, m.twins.Known)
	case topicMembersNew:
		m.each(q.Added, m.added)
	}
}

// answered takes the answer to a report. That to an unknown device does not
// say to which report; one to characters that twins refuse not even of which device.
func (m *MQTT) answered(id string, q *message) {
	r := q.refusal()
	switch {
	case r == nil:
		m.land(q.EventID, nil)
	case id == "":
		m.twins.Unnamed(r)
	case q.EventID == "":
		m.ground(r, func(f *flight) bool { return f.id == id })
	default:
		m.land(q.EventID, r)
	}
}

func (m *MQTT) desired(id string, q *message) {
	if d, ok := m.device(id); ok {
		if values := q.desired(); len(values) > 0 {
			m.twins.Desire(d.Name, values, nil)
		}
	}
}

// each is done for those of some devices that are ours.
func (m *MQTT) each(list []member, do func(name string)) {
	for _, one := range list {
		if d, ok := m.device(one.ID); ok {
			do(d.Name)
		}
	}
}

func (m *MQTT) added(name string) {
	m.mu.Lock()
	for _, d := range m.watched {
		if d.Name == name && m.connected {
			m.ask(d)
		}
	}
	m.mu.Unlock()
	m.twins.Added(name)
}

func (m *MQTT) device(id string) (Device, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	d, ok := m.watched[id]
	return d, ok
}
