package edgex

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/edgexfoundry/go-mod-messaging/v3/pkg/types"

	"sluice/rules-service/internal/connector"
	"sluice/sqlengine/value"
)

// SourceConfig is the configuration of the source.
type SourceConfig struct {
	Datasource string `prop:"datasource" doc:"Has no meaning for this source."`
	Address
	Topic       string `prop:"topic" doc:"Topic filter with its prefix; without it the events of all device services, edgex/events/device/#."`
	MessageType string `prop:"messageType" doc:"event or request; both are accepted, whatever is set."`
}

// Validate checks what the types cannot say.
func (c *SourceConfig) Validate() error {
	return errors.Join(c.Address.validate(), checkMessageType(c.MessageType))
}

const (
	messageEvent   = "event"
	messageRequest = "request"
)

func checkMessageType(t string) error {
	if !slices.Contains([]string{"", messageEvent, messageRequest}, t) {
		return fmt.Errorf(`property "messageType": there are event and request, not %q`, t)
	}
	return nil
}

func registerSource(r *connector.Registry, bus Bus) {
	connector.AddSource(r, connector.SourceSpec[SourceConfig]{
		Name:    "edgex",
		Summary: "Reads events from the EdgeX message bus, in the order of the bus. The bus delivers at most once: what is published while the service is away is lost, but for NATS JetStream with the setting Durable.",
		Example: `{"topic": "edgex/events/device/#", "messageType": "request"}`,
		Format:  "edgex",
		New: func(c SourceConfig, env connector.Env) (connector.Source, error) {
			s := &source{bus: c.Address.on(bus), topic: c.Topic, log: env.Log, inbox: connector.NewInbox[types.MessageEnvelope]()}
			if s.topic == "" {
				s.topic = bus.topic("events", "device", "#")
			}
			return s, nil
		},
	})
}

// source brings events in bus order, which the SDK's own trigger does not.
type source struct {
	bus       types.MessageBusConfig
	topic     string
	log       *slog.Logger
	inbox     *connector.Inbox[types.MessageEnvelope]
	link      *link
	in        []connector.Inbound // of the last Read
	reception reception

	mu      sync.Mutex
	attempt int // to connect: the client of an earlier one may still tell of its end
}

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

// drop ends the link without waiting for it.
func (s *source) drop() {
	if s.link != nil {
		s.link.close()
		s.link = nil
	}
}

// put leaves out the empty envelope that Redis clients publish to end their
// own subscriptions.
func (s *source) put(m types.MessageEnvelope) {
	if len(m.Payload) == 0 {
		s.reception.left(empty, "a message on "+m.ReceivedTopic+" has no payload")
		return
	}
	s.inbox.Put(m, len(m.Payload))
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
	if s.reception.left(unreadable, err.Error()) {
		s.log.Warn("messages on the bus are ignored", "topic", s.topic, "error", err)
	}
}

func (s *source) Read(ctx context.Context) ([]connector.Inbound, func(error), error) {
	if s.link == nil {
		return nil, nil, connector.ErrNotConnected
	}
	msgs, err := s.inbox.Take(ctx)
	if err != nil {
		return nil, nil, err
	}
	return s.inbound(msgs), nil, nil
}

func (s *source) inbound(msgs []types.MessageEnvelope) []connector.Inbound {
	now := time.Now()
	s.in = s.in[:0]
	for i := range msgs {
		m := &msgs[i]
		s.in = append(s.in, connector.Inbound{Payload: m.Payload, Meta: meta{m}, Time: now})
	}
	s.reception.came(msgs[len(msgs)-1].ReceivedTopic)
	return s.in
}

// Dropped counts events that came faster than the rules could take them.
func (s *source) Dropped() uint64 { return s.inbox.Dropped() }

// Reception tells what came, and what was left out.
func (s *source) Reception() connector.Reception { return s.reception.read(s.topic) }

func (s *source) Close(ctx context.Context) error {
	l := s.link
	s.link = nil
	return l.end(ctx)
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
