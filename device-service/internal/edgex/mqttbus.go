package edgex

import "github.com/edgexfoundry/go-mod-messaging/v3/pkg/types"

// mqttBus has a client of its own for each connection. One that lost its
// connection while it subscribed stands still for half a minute.
type mqttBus struct {
	bus
	dial   func() (bus, error)
	topics []types.TopicChannel // subscribed anew on each connection
	failed chan error
}

// Connect gives up the client before.
func (m *mqttBus) Connect() error {
	client, err := m.dial()
	if err != nil {
		return err
	}
	if err := client.Connect(); err != nil {
		return err
	}
	if m.topics != nil {
		if err := client.Subscribe(m.topics, m.failed); err != nil {
			return err
		}
	}
	m.bus = client
	return nil
}

// Subscribe takes the one set of topics that there is.
func (m *mqttBus) Subscribe(topics []types.TopicChannel, failed chan error) error {
	m.topics, m.failed = topics, failed
	return m.bus.Subscribe(topics, failed)
}
