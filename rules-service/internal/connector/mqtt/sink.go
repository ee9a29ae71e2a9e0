package mqtt

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"
	"unicode/utf8"

	"sluice/rules-service/internal/connector"
	"sluice/rules-service/internal/mqttclient"
)

// SinkConfig is the configuration of the sink.
type SinkConfig struct {
	Topic      connector.Template `prop:"topic,required" doc:"Topic to publish to."`
	QoS        uint8              `prop:"qos" doc:"Quality of service: 0, 1 or 2."`
	Retained   bool               `prop:"retained" doc:"The broker keeps the last message of the topic."`
	Properties map[string]string  `prop:"properties,unsupported" doc:"User properties of MQTT 5."`
	Connection
}

// Validate checks what the types cannot say.
func (c *SinkConfig) Validate() error {
	if topic := string(c.Topic); !strings.Contains(topic, "{{") {
		if err := checkTopic(topic); err != nil {
			return err
		}
	}
	return errors.Join(checkQoS(c.QoS), c.validate())
}

const longestTopic = 65535 // MQTT writes its length in two bytes

func checkTopic(topic string) error {
	switch {
	case topic == "":
		return errors.New(`property "topic" is empty; MQTT wants a topic`)
	case len(topic) > longestTopic:
		return fmt.Errorf(`property "topic" has %d bytes; MQTT allows %d`, len(topic), longestTopic)
	case strings.ContainsAny(topic, "+#"):
		return fmt.Errorf(`property "topic": %q cannot be published to; + and # are for subscriptions`, topic)
	case strings.Contains(topic, "\x00") || !utf8.ValidString(topic):
		return fmt.Errorf(`property "topic": %q cannot be published to; MQTT allows UTF-8 without NUL`, topic)
	}
	return nil
}

func registerSink(r *connector.Registry, pool *mqttclient.Pool) {
	connector.AddSink(r, connector.SinkSpec[SinkConfig]{
		Name:     "mqtt",
		Summary:  "Publishes results to an MQTT broker.",
		Defaults: SinkConfig{Connection: defaults},
		Example:  `{"server": "tcp://127.0.0.1:1883", "topic": "alarms/{{.device}}", "qos": 1, "sendSingle": true}`,
		Target:   func(c SinkConfig) string { return mqttclient.Redact(c.Server) },
		New: func(c SinkConfig, env connector.Env) (connector.Sink, error) {
			o, err := c.options()
			return &sink{config: c, options: o, pool: pool, log: env.Log, lost: make(chan error, 1)}, err
		},
	})
}

// sink publishes all messages of a batch and then waits for the broker.
type sink struct {
	config  SinkConfig
	options mqttclient.Options
	pool    *mqttclient.Pool
	log     *slog.Logger
	client  *mqttclient.Client
	unwatch func()
	lost    chan error
	tokens  []mqttclient.Token
}

func (s *sink) Connect(ctx context.Context) error {
	if s.client == nil {
		c, err := s.pool.Acquire(s.options, s.log)
		if err != nil {
			return err
		}
		s.client, s.unwatch = c, c.Watch(s.connectionLost)
	}
	if err := s.client.Connect(ctx); err != nil {
		return err
	}
	select {
	case err := <-s.lost:
		_ = err // of the connection before this one
	default:
	}
	if !s.client.Connected() { // or this one
		return fmt.Errorf("%w: %s", connector.ErrNotConnected, mqttclient.Redact(s.options.Server))
	}
	return nil
}

func (s *sink) connectionLost(err error) {
	select {
	case s.lost <- fmt.Errorf("%w: %s: %w", connector.ErrNotConnected, mqttclient.Redact(s.options.Server), err):
	default:
	}
}

// Lost tells of the end of the connection.
func (s *sink) Lost() <-chan error { return s.lost }

func (s *sink) Write(ctx context.Context, msgs []connector.Outbound) error {
	s.tokens = s.tokens[:0]
	connection := s.client.Connection()
	var wrong error // a topic that a template made wrong
	for i := range msgs {
		t, err := s.publish(&msgs[i])
		if errors.Is(err, mqttclient.ErrNotConnected) {
			return s.notConnected(s.underWay(), len(msgs))
		}
		if err != nil {
			wrong = err
		}
		s.tokens = append(s.tokens, t) // nil: it was not published
	}
	failed, err := s.wait(ctx)
	clear(s.tokens)
	switch {
	case len(failed) == 0:
		return nil
	case err == nil:
		err = &connector.Permanent{Err: wrong}
	case !s.client.Connected() || s.client.Connection() != connection:
		err = fmt.Errorf("%w: %s: %w", connector.ErrConnectionLost, mqttclient.Redact(s.options.Server), err)
	}
	return &connector.Partial{Failed: failed, Err: err}
}

// notConnected is the error of a batch that the connection did not outlive:
// of what was under way nobody knows, so all of it is sent again.
func (s *sink) notConnected(sent, all int) error {
	clear(s.tokens)
	cause := connector.ErrNotConnected
	if sent > 0 {
		cause = connector.ErrConnectionLost
	}
	return fmt.Errorf("%w: %s, after %d of %d messages", cause, mqttclient.Redact(s.options.Server), sent, all)
}

// underWay is how many messages of the batch were published so far.
func (s *sink) underWay() int {
	n := 0
	for _, t := range s.tokens {
		if t != nil {
			n++
		}
	}
	return n
}

func (s *sink) publish(m *connector.Outbound) (mqttclient.Token, error) {
	topic := m.Value("topic", string(s.config.Topic))
	if err := checkTopic(topic); err != nil {
		return nil, err
	}
	return s.client.Publish(topic, s.config.QoS, s.config.Retained, m.Payload)
}

// wait returns the messages that did not arrive, and why the first of those
// that were published did not.
func (s *sink) wait(ctx context.Context) (failed []int, failure error) {
	timer := time.NewTimer(s.options.Timeout)
	defer timer.Stop()
	for i, t := range s.tokens {
		if t == nil {
			failed = append(failed, i)
			continue
		}
		err := arrived(ctx, t, timer.C)
		if err == nil {
			continue
		}
		failed = append(failed, i)
		if failure == nil {
			failure = err
		}
	}
	return failed, failure
}

var errNoAnswer = errors.New("the broker does not answer in time")

func arrived(ctx context.Context, t mqttclient.Token, timeout <-chan time.Time) error {
	select {
	case <-t.Done():
		return t.Error()
	default:
	}
	select {
	case <-t.Done():
		return t.Error()
	case <-timeout:
		return errNoAnswer
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s *sink) Close(context.Context) error {
	if s.client == nil {
		return nil
	}
	s.unwatch()
	s.client.Release()
	s.client = nil
	return nil
}
