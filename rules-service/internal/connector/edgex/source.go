package edgex

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/edgexfoundry/go-mod-messaging/v3/pkg/types"

	"sluice/rules-service/internal/connector"
	"sluice/sqlengine/value"
)

// SourceConfig is the configuration of the source. What is not given is as in
// EdgeX's configuration of the service.
type SourceConfig struct {
	Datasource  string            `prop:"datasource" doc:"Has no meaning for this source."`
	Type        string            `prop:"type" doc:"Bus: redis or mqtt."`
	Protocol    string            `prop:"protocol" doc:"Protocol of the bus, such as redis or tcp."`
	Server      string            `prop:"server" alias:"host" doc:"Host of the bus."`
	Port        int               `prop:"port" doc:"Port of the bus."`
	Topic       string            `prop:"topic" doc:"Topic filter with its prefix; without it the events of all device services, edgex/events/device/#."`
	MessageType string            `prop:"messageType" doc:"event or request; both are accepted, whatever is set."`
	Optional    map[string]string `prop:"optional" doc:"More settings of the client: ClientId, Username, Password, Qos, KeepAlive …"`
}

// Validate checks what the types cannot say.
func (c *SourceConfig) Validate() error {
	if c.Type != "" && !slices.Contains([]string{"redis", "mqtt"}, strings.ToLower(c.Type)) {
		return fmt.Errorf(`property "type": %q is not supported; there are redis and mqtt`, c.Type)
	}
	if !slices.Contains([]string{"", "event", "request"}, c.MessageType) {
		return fmt.Errorf(`property "messageType": there are event and request, not %q`, c.MessageType)
	}
	return nil
}

// bus is the service's bus with what is set for this source.
func (c *SourceConfig) bus(b Bus) types.MessageBusConfig {
	out := b.config()
	for _, s := range []struct {
		dst *string
		src string
	}{{&out.Type, c.Type}, {&out.Broker.Protocol, c.Protocol}, {&out.Broker.Host, c.Server}} {
		if s.src != "" {
			*s.dst = s.src
		}
	}
	if c.Port != 0 {
		out.Broker.Port = c.Port
	}
	if len(c.Optional) > 0 {
		out.Optional = c.Optional
	}
	return out
}

func registerSource(r *connector.Registry, bus Bus) {
	connector.AddSource(r, connector.SourceSpec[SourceConfig]{
		Name:    "edgex",
		Summary: "Reads events from the EdgeX message bus.",
		Example: `{"topic": "edgex/events/device/#", "messageType": "request"}`,
		Format:  "edgex",
		New: func(c SourceConfig, env connector.Env) (connector.Source, error) {
			s := &source{bus: c.bus(bus), topic: c.Topic, log: env.Log, inbox: connector.NewInbox[types.MessageEnvelope]()}
			if s.topic == "" {
				s.topic = bus.topic("events", "device", "#")
			}
			return s, nil
		},
	})
}

// source brings events in bus order, which the SDK's own trigger does not.
type source struct {
	bus        types.MessageBusConfig
	topic      string
	log        *slog.Logger
	inbox      *connector.Inbox[types.MessageEnvelope]
	link       *link
	in         []connector.Inbound // of the last Read
	unreadable atomic.Uint64

	mu      sync.Mutex
	attempt int // to connect: the client of an earlier one may still tell of its end
}

// probing is how often an MQTT client is asked for its connection.
const probing = time.Second

func (s *source) Connect(ctx context.Context) error {
	s.drop()
	attempt := s.begin()
	l, err := connect(ctx, s.bus, []string{s.topic}, s.put, func(err error) { s.failed(attempt, err) })
	if err != nil {
		return err
	}
	s.link = l
	return nil
}

// begin numbers an attempt to connect, and forgets the end of the one before.
func (s *source) begin() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.attempt++
	s.inbox.Fail(nil)
	return s.attempt
}

func (s *source) drop() <-chan struct{} {
	if s.link == nil {
		return nil
	}
	l := s.link
	s.link = nil
	return l.close()
}

// put leaves out the empty envelope that Redis clients publish to end their
// own subscriptions.
func (s *source) put(m types.MessageEnvelope) {
	if len(m.Payload) > 0 {
		s.inbox.Put(m, len(m.Payload))
	}
}

func (s *source) failed(attempt int, err error) {
	if !errors.Is(err, errUnreadable) {
		s.mu.Lock()
		defer s.mu.Unlock()
		if attempt == s.attempt {
			s.inbox.Fail(fmt.Errorf("%w: message bus at %s: %w", connector.ErrNotConnected, address(s.bus.Broker), err))
		}
		return
	}
	if s.unreadable.Add(1) == 1 {
		s.log.Warn("messages on the bus are ignored", "topic", s.topic, "error", err)
	}
}

func (s *source) Read(ctx context.Context) ([]connector.Inbound, func(error), error) {
	for {
		if s.link == nil {
			return nil, nil, connector.ErrNotConnected
		}
		wait, cancel := context.WithTimeout(ctx, probing)
		msgs, err := s.inbox.Take(wait)
		cancel()
		switch {
		case err == nil:
			return s.inbound(msgs), nil, nil
		case ctx.Err() != nil:
			return nil, nil, ctx.Err()
		case !errors.Is(err, context.DeadlineExceeded):
			return nil, nil, err
		}
		if err := s.link.probe(); err != nil {
			return nil, nil, fmt.Errorf("%w: message bus at %s: %w", connector.ErrNotConnected, address(s.bus.Broker), err)
		}
	}
}

func (s *source) inbound(msgs []types.MessageEnvelope) []connector.Inbound {
	now := time.Now()
	s.in = s.in[:0]
	for i := range msgs {
		m := &msgs[i]
		s.in = append(s.in, connector.Inbound{Payload: m.Payload, Meta: meta{m}, Time: now})
	}
	return s.in
}

// Dropped counts events that came faster than the rules could take them.
func (s *source) Dropped() uint64 { return s.inbox.Dropped() }

func (s *source) Close(ctx context.Context) error {
	done := s.drop()
	if done == nil {
		return nil
	}
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("close the message bus: %w", ctx.Err())
	}
}

// meta are the keys of the envelope; the codec adds those of the event.
type meta struct{ m *types.MessageEnvelope }

func (m meta) Get(key string) value.Value {
	switch key {
	case "correlationid":
		return value.OfString(m.m.CorrelationID)
	case "topic":
		return value.OfString(m.m.ReceivedTopic)
	}
	return value.Missing
}

func (m meta) All() value.Value {
	return value.OfObject(value.FieldsOf([]string{"correlationid", "topic"}, []value.Value{m.Get("correlationid"), m.Get("topic")}))
}
