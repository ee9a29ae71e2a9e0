package mqtt

import (
	"context"

	"sluice/rules-service/internal/connector"
	"sluice/rules-service/internal/mqttclient"
)

// broker is a connection that has a name.
type broker struct{ Connection }

// Validate checks what the types cannot say.
func (b *broker) Validate() error { return b.validate() }

func registerConnection(r *connector.Registry, pool *mqttclient.Pool) {
	connector.AddConnection(r, connector.ConnectionSpec[broker]{
		Name:     "mqtt",
		Summary:  "An MQTT broker.",
		Defaults: broker{defaults},
		Example:  `{"server": "tcp://127.0.0.1:1883", "username": "plant", "password": "secret"}`,
		Ping: func(ctx context.Context, b broker, env connector.Env) error {
			o, err := b.options()
			if err != nil {
				return err
			}
			c, err := pool.Acquire(o, env.Log)
			if err != nil {
				return err
			}
			defer c.Release()
			return c.Connect(ctx)
		},
	})
}
