package edgex

import (
	"context"

	"github.com/edgexfoundry/go-mod-messaging/v3/pkg/types"

	"sluice/rules-service/internal/connector"
)

// messageBus is a connection that has a name.
type messageBus struct{ Address }

// Validate checks what the types cannot say.
func (m *messageBus) Validate() error { return m.validate() }

func registerConnection(r *connector.Registry, bus Bus) {
	connector.AddConnection(r, connector.ConnectionSpec[messageBus]{
		Name:    "edgex",
		Summary: "An EdgeX message bus. What is not given is as in EdgeX's configuration of the service.",
		Example: `{"type": "redis", "server": "localhost", "port": 6379}`,
		Ping: func(ctx context.Context, m messageBus, _ connector.Env) error {
			l, err := connect(ctx, m.on(bus), []string{nobody}, func(types.MessageEnvelope) {}, func(error) {})
			if err != nil {
				return err
			}
			return l.end(ctx)
		},
	})
}
