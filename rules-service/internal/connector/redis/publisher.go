package redis

import (
	"context"
	"errors"
	"strings"

	client "github.com/redis/go-redis/v9"

	"sluice/rules-service/internal/connector"
)

// PublisherConfig is the configuration of the sink redisPub.
type PublisherConfig struct {
	Server
	Channel connector.Template `prop:"channel,required" doc:"Channel to publish to."`
}

func registerPublisher(r *connector.Registry) {
	connector.AddSink(r, connector.SinkSpec[PublisherConfig]{
		Name:     "redisPub",
		Summary:  "Publishes to a channel of Redis. Who has not subscribed at that moment does not get it.",
		Defaults: PublisherConfig{Server: defaultServer},
		Example:  `{"address": "127.0.0.1:6379", "channel": "alarms/{{.device}}", "sendSingle": true}`,
		New: func(c PublisherConfig, _ connector.Env) (connector.Sink, error) {
			conn, err := c.connection(1)
			return &publisher{config: c, conn: conn}, err
		},
	})
}

type publisher struct {
	config PublisherConfig
	conn   connection
}

func (p *publisher) Connect(ctx context.Context) error { return p.conn.connect(ctx) }

func (p *publisher) Write(ctx context.Context, msgs []connector.Outbound) error {
	return p.conn.write(ctx, msgs, func(pipe client.Pipeliner, m *connector.Outbound) error {
		channel := m.Value("channel", string(p.config.Channel))
		if strings.TrimSpace(channel) == "" {
			return errors.New("the channel is empty")
		}
		pipe.Publish(context.Background(), channel, m.Payload) // the context of Exec counts
		return nil
	})
}

func (p *publisher) Close(context.Context) error {
	p.conn.disconnect()
	return nil
}
