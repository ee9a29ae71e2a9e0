package redis

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	client "github.com/redis/go-redis/v9"

	"sluice/rules-service/internal/connector"
)

// SubscriberConfig is the configuration of the source redisSub.
type SubscriberConfig struct {
	Server
	Datasource string   `prop:"datasource" doc:"Channel, if channels does not name any."`
	Channels   []string `prop:"channels" doc:"Channels to subscribe to, or patterns such as alarms.*."`
}

// Validate checks what the types cannot say.
func (c *SubscriberConfig) Validate() error {
	for _, name := range c.list() {
		if name == "" {
			return errors.New(`property "channels" is missing: name the channels to subscribe to`)
		}
	}
	return c.Server.Validate()
}

func (c *SubscriberConfig) list() []string {
	if len(c.Channels) == 0 {
		return []string{c.Datasource}
	}
	return c.Channels
}

func registerSubscriber(r *connector.Registry) {
	connector.AddSource(r, connector.SourceSpec[SubscriberConfig]{
		Name: "redisSub",
		Summary: "Subscribes to channels of Redis. What is published while the service is away is lost: a stream keeps it, see redisStream. " +
			"meta(channel) is the channel of a message.",
		Defaults: SubscriberConfig{Server: defaultServer},
		Example:  `{"address": "127.0.0.1:6379", "channels": ["alarms.*"]}`,
		New: func(c SubscriberConfig, _ connector.Env) (connector.Source, error) {
			conn, err := c.connection(2)
			return &subscriber{config: c, conn: conn, inbox: connector.NewInbox[*client.Message](), idle: idle}, err
		},
	})
}

// subscriber takes messages from the server as they come, so that it never
// waits for the rules: it would close the connection.
type subscriber struct {
	config SubscriberConfig
	conn   connection
	inbox  *connector.Inbox[*client.Message]
	idle   time.Duration
	sub    *client.PubSub // nil: not subscribed
	end    context.CancelFunc
	work   sync.WaitGroup
	out    []connector.Inbound
}

func (s *subscriber) Connect(ctx context.Context) error {
	s.disconnect()
	if err := s.conn.connect(ctx); err != nil {
		return err
	}
	if err := s.subscribe(ctx); err != nil {
		err = s.conn.judge(ctx, err)
		s.disconnect()
		return err
	}
	return nil
}

// subscribe subscribes, and waits until the server has answered for each
// channel.
func (s *subscriber) subscribe(ctx context.Context) error {
	var channels, patterns []string
	for _, name := range s.config.list() {
		if strings.ContainsAny(name, "*?[") {
			patterns = append(patterns, name)
		} else {
			channels = append(channels, name)
		}
	}
	sub := s.conn.client.Subscribe(ctx)
	s.sub = sub
	if len(channels) > 0 {
		if err := sub.Subscribe(ctx, channels...); err != nil {
			return err
		}
	}
	if len(patterns) > 0 {
		if err := sub.PSubscribe(ctx, patterns...); err != nil {
			return err
		}
	}
	for range len(channels) + len(patterns) {
		got, err := sub.ReceiveTimeout(ctx, s.config.Timeout)
		if err != nil {
			return err
		}
		if m, ok := got.(*client.Message); ok { // it was faster than the answers
			s.inbox.Put(m, len(m.Payload))
		}
	}
	receiving, cancel := context.WithCancel(context.Background())
	s.end = cancel
	s.work.Go(func() { s.receive(receiving, sub) })
	return nil
}

// idle is how long nothing may come before the server is asked whether it is
// still there.
const idle = 30 * time.Second

// receive takes messages until the connection ends.
func (s *subscriber) receive(ctx context.Context, sub *client.PubSub) {
	asked := false
	for {
		got, err := sub.ReceiveTimeout(ctx, s.idle)
		var network interface{ Timeout() bool }
		if errors.As(err, &network) && network.Timeout() && !asked {
			if err = sub.Ping(ctx); err == nil {
				asked = true
				continue
			}
		}
		if ctx.Err() != nil {
			return // it was ended
		}
		if err != nil {
			s.inbox.Fail(err)
			return
		}
		asked = false
		if m, ok := got.(*client.Message); ok {
			s.inbox.Put(m, len(m.Payload))
		}
	}
}

func (s *subscriber) Read(ctx context.Context) ([]connector.Inbound, func(error), error) {
	if s.conn.client == nil {
		return nil, nil, connector.ErrNotConnected
	}
	msgs, err := s.inbox.Take(ctx)
	if err != nil {
		return nil, nil, s.conn.judge(ctx, err)
	}
	clear(s.out)
	s.out = s.out[:0]
	now := time.Now()
	for _, m := range msgs {
		s.out = append(s.out, connector.Inbound{Payload: []byte(m.Payload), Meta: channelMeta{m.Channel}, Time: now})
	}
	return s.out, nil, nil
}

// Dropped counts messages that came faster than the rules could take them.
func (s *subscriber) Dropped() uint64 { return s.inbox.Dropped() }

func (s *subscriber) disconnect() {
	if s.end != nil {
		s.end()
		s.end = nil
	}
	if s.sub != nil {
		_ = s.sub.Close()
		s.sub = nil
	}
	s.conn.disconnect()
	s.work.Wait()
}

// Close ends the subscription.
func (s *subscriber) Close(context.Context) error {
	s.disconnect()
	return nil
}
