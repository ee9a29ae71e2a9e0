package mqtt

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"sluice/rules-service/internal/connector"
	"sluice/rules-service/internal/mqttclient"
	"sluice/sqlengine/value"
)

// SourceConfig is the configuration of the source.
type SourceConfig struct {
	Datasource string `prop:"datasource,required" doc:"Topic filters, with commas between them."`
	QoS        uint8  `prop:"qos" doc:"Quality of service of the subscription: 0, 1 or 2."`
	EOFMessage string `prop:"eofMessage,unsupported" doc:"Base64 of a message that ends the stream."`
	Connection
}

// Validate checks what the types cannot say.
func (c *SourceConfig) Validate() error {
	for _, f := range c.filters() {
		if err := mqttclient.CheckFilter(f); err != nil {
			return err
		}
	}
	return errors.Join(checkQoS(c.QoS), c.validate())
}

func (c *SourceConfig) filters() []string {
	var out []string
	for _, f := range strings.Split(c.Datasource, ",") {
		out = append(out, strings.TrimSpace(f))
	}
	return out
}

func registerSource(r *connector.Registry, pool *mqttclient.Pool) {
	d := SourceConfig{QoS: 1, Connection: defaults}
	d.Server = "tcp://127.0.0.1:1883"
	connector.AddSource(r, connector.SourceSpec[SourceConfig]{
		Name:     "mqtt",
		Summary:  "Subscribes to topics of an MQTT broker.",
		Defaults: d,
		Example:  `{"datasource": "plant/+/temperature", "server": "tcp://127.0.0.1:1883", "qos": 1}`,
		Durable:  func(c SourceConfig) bool { return c.EnableSession && c.QoS >= 1 },
		New: func(c SourceConfig, env connector.Env) (connector.Source, error) {
			o, err := c.options()
			return &source{config: c, options: o, pool: pool, log: env.Log, inbox: connector.NewInbox[*mqttclient.Message]()}, err
		},
	})
}

// source reads one or more topics. The messages of QoS 1 and 2 are
// acknowledged to the broker when the rules are done with them.
type source struct {
	config  SourceConfig
	options mqttclient.Options
	pool    *mqttclient.Pool
	log     *slog.Logger
	inbox   *connector.Inbox[*mqttclient.Message]
	client  *mqttclient.Client
	subs    []*mqttclient.Subscription
	in      []connector.Inbound // of the last Read
}

func (s *source) Connect(ctx context.Context) error {
	if s.client == nil {
		c, err := s.pool.Acquire(s.options, s.log, s.config.filters()...)
		if err != nil {
			return err
		}
		s.client = c
	}
	if err := s.client.Connect(ctx); err != nil {
		return err
	}
	s.inbox.Fail(nil) // each topic told of the end of the connection before this one
	for _, f := range s.config.filters()[len(s.subs):] {
		sub, err := s.client.Subscribe(f, s.config.QoS, s.put, s.lost)
		if err != nil {
			return err
		}
		s.subs = append(s.subs, sub)
	}
	if !s.client.Connected() { // or of this one
		return fmt.Errorf("%w: %s", connector.ErrNotConnected, mqttclient.Redact(s.options.Server))
	}
	return nil
}

// put runs on the connection's goroutine.
func (s *source) put(m *mqttclient.Message) {
	if !s.inbox.Put(m, len(m.Payload())) {
		m.Ack()
	}
}

func (s *source) lost(err error) {
	s.inbox.Fail(fmt.Errorf("%w: %w", connector.ErrNotConnected, err))
}

func (s *source) Read(ctx context.Context) ([]connector.Inbound, func(error), error) {
	msgs, err := s.inbox.Take(ctx)
	if err != nil {
		return nil, nil, err
	}
	now := time.Now()
	s.in = s.in[:0]
	acked := false
	for _, m := range msgs {
		s.in = append(s.in, connector.Inbound{Payload: m.Payload(), Meta: meta{m}, Time: now, ID: m.ID(), Again: m.Again()})
		acked = acked || m.QoS() > 0
	}
	if !acked {
		return s.in, nil, nil
	}
	pending := append([]*mqttclient.Message(nil), msgs...)
	client := s.client // Close may forget it before the rules are done
	return s.in, func(err error) { ack(client, pending, err) }, nil
}

// ack answers the broker. What failed can only come again from a session that
// the broker keeps, with a new connection.
func ack(client *mqttclient.Client, msgs []*mqttclient.Message, err error) {
	if err != nil && client.KeepsSession() {
		client.Reconnect()
		return
	}
	for _, m := range msgs {
		m.Ack()
	}
}

// Dropped counts messages that came faster than the rules could take them.
func (s *source) Dropped() uint64 { return s.inbox.Dropped() }

func (s *source) Close(context.Context) error {
	if s.client == nil {
		return nil
	}
	for _, sub := range s.subs {
		sub.Close()
	}
	s.client.Release(s.config.filters()...)
	s.client, s.subs = nil, nil
	return nil
}

// Suspend leaves the subscriptions with a broker that keeps the session: what
// comes while the service is away comes with the next connection.
func (s *source) Suspend(ctx context.Context) error {
	if s.client == nil || !s.client.KeepsSession() {
		return s.Close(ctx)
	}
	s.client.Release(s.config.filters()...)
	s.client, s.subs = nil, nil
	return nil
}

// meta answers meta(topic) and its like.
type meta struct{ m *mqttclient.Message }

func (m meta) Get(key string) value.Value {
	switch key {
	case "topic":
		return value.OfString(m.m.Topic())
	case "qos":
		return value.OfInt(int64(m.m.QoS()))
	case "messageId":
		return value.OfInt(int64(m.m.ID()))
	}
	return value.Missing
}

func (m meta) All() value.Value {
	return value.OfObject(value.FieldsOf([]string{"messageId", "qos", "topic"},
		[]value.Value{m.Get("messageId"), m.Get("qos"), m.Get("topic")}))
}
