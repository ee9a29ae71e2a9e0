package mqtt

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"sluice/rules-service/internal/connector"
	"sluice/rules-service/internal/connector/mqtt/devicemodel"
	"sluice/rules-service/internal/mqttclient"
	"sluice/sqlengine/value"
)

// SourceConfig is the configuration of the source.
type SourceConfig struct {
	Datasource string `prop:"datasource,required" doc:"Topic filters, with commas between them. $share/GROUP/FILTER shares the messages with the other members of the group."`
	QoS        uint8  `prop:"qos" doc:"Quality of service of the subscription: 0, 1 or 2."`
	EOFMessage string `prop:"eofMessage" doc:"Base64 of a message that ends the stream; it is none of its rows."`
	ModelFile  string `prop:"kubeedgeModelFile" doc:"File of KubeEdge device models, in DataDir/files of the service. Keys of flat JSON messages get the types of the model that is named as the fourth level of the topic, by the table of eKuiper up to 1.12; what cannot be converted is left out. The source kubeedge also reads nested messages and knows which device has which model."`
	Version    string `prop:"kubeedgeVersion,ignored" doc:"Version of KubeEdge." reason:"the models tell it"`
	Connection
}

// Validate checks what the types cannot say.
func (c *SourceConfig) Validate() error {
	for _, f := range c.filters() {
		if err := mqttclient.CheckFilter(f); err != nil {
			return err
		}
	}
	if _, err := c.eof(); err != nil {
		return err
	}
	return errors.Join(checkQoS(c.QoS), c.validate())
}

// eof is the message that ends the stream, or nil.
func (c *SourceConfig) eof() ([]byte, error) {
	if c.EOFMessage == "" {
		return nil, nil
	}
	message, err := base64.StdEncoding.DecodeString(c.EOFMessage)
	if err != nil {
		return nil, errors.New(`property "eofMessage" is not base64`)
	}
	return message, nil
}

func (c *SourceConfig) filters() []string {
	var out []string
	for _, f := range strings.Split(c.Datasource, ",") {
		out = append(out, strings.TrimSpace(f))
	}
	return out
}

func registerSource(r *connector.Registry, pool *mqttclient.Pool, models *modelFiles) {
	d := SourceConfig{QoS: 1, Connection: defaults}
	d.Server = "tcp://127.0.0.1:1883"
	connector.AddSource(r, connector.SourceSpec[SourceConfig]{
		Name:     "mqtt",
		Summary:  "Subscribes to topics of an MQTT broker.",
		Defaults: d,
		Example:  `{"datasource": "plant/+/temperature", "server": "tcp://127.0.0.1:1883", "qos": 1}`,
		FormatOf: func(c SourceConfig) string { return flatFormat(c.ModelFile) },
		Types: func(c SourceConfig, env connector.Env) (connector.Types, error) {
			m, err := models.read(c.ModelFile, env)
			if m == nil {
				return nil, err
			}
			return devicemodel.Literal{Models: m}, err
		},
		Durable: func(c SourceConfig) bool { return c.EnableSession && c.QoS >= 1 },
		Group:   func(c SourceConfig) string { return c.group() },
		New: func(c SourceConfig, env connector.Env) (connector.Source, error) {
			o, err := c.options()
			if err != nil {
				return nil, err
			}
			eof, err := c.eof()
			return &source{options: &o, filters: c.filters(), qos: c.QoS, eof: eof, pool: pool, log: env.Log,
				inbox: connector.NewInbox[*mqttclient.Message]()}, err
		},
	})
}

// source reads one or more topics. The messages of QoS 1 and 2 are
// acknowledged to the broker when the rules are done with them.
type source struct {
	options *mqttclient.Options // nil while there is a client, which has them: thousands of sources share one
	filters []string
	qos     uint8
	eof     []byte // nil: nothing ends the stream
	pool    *mqttclient.Pool
	log     *slog.Logger
	inbox   *connector.Inbox[*mqttclient.Message]
	client  *mqttclient.Client
	sub     *mqttclient.Subscription
	refused atomic.Bool         // the broker does not allow sub
	ended   bool                // eof has come
	in      []connector.Inbound // of the last Read
}

// Notify has ready called when there is something to read. Sources that are read
// together are connected one by one: their topics are known before, so that
// thousands of them take few packets.
func (s *source) Notify(ready func()) {
	s.inbox.Notify(ready)
	if err := s.subscribe(); err != nil {
		s.log.Debug("mqtt source cannot subscribe ahead", "error", err) // Connect returns it
	}
}

// subscribe asks for the topics, at once or when the connection is up.
func (s *source) subscribe() error {
	if s.client == nil {
		c, err := s.pool.Acquire(*s.options, s.log, s.filters...)
		if err != nil {
			return err
		}
		s.client, s.options = c, nil
	}
	if s.sub != nil {
		return nil
	}
	var err error
	s.sub, err = s.client.Subscribe(s.filters, s.qos, s.put, s.lost)
	return err
}

func (s *source) unsubscribe() {
	if s.sub != nil {
		s.sub.Close()
		s.sub = nil
	}
}

func (s *source) Connect(ctx context.Context) error {
	if s.refused.Swap(false) {
		s.unsubscribe()
	}
	if err := s.subscribe(); err != nil {
		return err
	}
	if err := s.client.Connect(ctx); err != nil {
		return fmt.Errorf("%w: %w", connector.ErrNotConnected, err)
	}
	s.inbox.Fail(nil) // of the connection before this one
	err := s.sub.Wait(ctx)
	if err != nil && !errors.Is(err, mqttclient.ErrNotConnected) {
		s.unsubscribe()
		return err
	}
	if err != nil || !s.client.Connected() {
		return fmt.Errorf("%w: %s", connector.ErrNotConnected, s.client.Server())
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
	if errors.Is(err, mqttclient.ErrRefused) {
		s.refused.Store(true)
	}
	s.inbox.Fail(fmt.Errorf("%w: %w", connector.ErrNotConnected, err))
}

func (s *source) Read(ctx context.Context) ([]connector.Inbound, func(error), error) {
	if s.ended {
		return nil, nil, connector.ErrEndOfInput
	}
	msgs, err := s.inbox.Take(ctx)
	if err != nil {
		return nil, nil, err
	}
	if end := s.endIn(msgs); end >= 0 {
		return s.last(msgs, end)
	}
	ack := s.take(msgs, msgs)
	return s.in, ack, nil
}

// take makes messages ready to be handed on. The broker hears of pending, with
// them or more, when ack is called.
func (s *source) take(msgs, pending []*mqttclient.Message) (ack func(error)) {
	now := time.Now()
	s.in = s.in[:0]
	for _, m := range msgs {
		s.in = append(s.in, connector.Inbound{Payload: m.Payload(), Meta: meta{m}, Time: now, ID: m.ID(), Again: m.Again()})
	}
	if !slices.ContainsFunc(pending, func(m *mqttclient.Message) bool { return m.QoS() > 0 }) {
		return nil
	}
	pending = slices.Clone(pending)
	client := s.client // Close may forget it before the rules are done
	return func(err error) { acknowledge(client, pending, err) }
}

// acknowledge answers the broker. What failed can only come again from a session that
// the broker keeps, with a new connection.
func acknowledge(client *mqttclient.Client, msgs []*mqttclient.Message, err error) {
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
	s.unsubscribe()
	s.release()
	return nil
}

// Suspend leaves the subscriptions with a broker that keeps the session: what
// comes while the service is away comes with the next connection.
func (s *source) Suspend(ctx context.Context) error {
	if s.client == nil || !s.client.KeepsSession() {
		return s.Close(ctx)
	}
	s.release()
	return nil
}

func (s *source) release() {
	if s.client != nil {
		o := s.client.Options()
		s.options = &o
		s.client.Release(s.filters...)
	}
	s.client, s.sub = nil, nil
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
