package memory

import (
	"context"
	"errors"

	"sluice/rules-service/internal/connector"
	"sluice/sqlengine/value"
)

// readAtOnce is how many messages Read returns at most, so that the queues of
// the rules stay short.
const readAtOnce = 1024

// inboxMessages may wait for a source. When it is behind, those from outside
// are held back; what they have sent before that must fit in here.
const inboxMessages = 1 << 18

// SourceConfig is the configuration of the source.
type SourceConfig struct {
	Datasource   string `prop:"datasource,required" doc:"Topic, or a filter: + stands for one level, # at the end for any number of them."`
	BufferLength int    `prop:"bufferLength" doc:"When more messages wait, the sources from outside are held back."`
}

// Validate checks what the types cannot say.
func (c *SourceConfig) Validate() error {
	if c.BufferLength < 1 {
		return errors.New(`property "bufferLength" must be at least 1`)
	}
	return checkFilter(c.Datasource)
}

func registerSource(r *connector.Registry, b *bus) {
	connector.AddSource(r, connector.SourceSpec[SourceConfig]{
		Name: "memory",
		Summary: "Takes the rows that rules write with the sink memory, in their order. While rules are behind with them, the sources from outside are held back. " +
			"A rule that writes more to its own topic than it takes cannot be helped that way: beyond 262,144 messages, or 64 MiB, new ones are dropped, and counted in dropped_total.",
		Defaults: SourceConfig{BufferLength: 1024},
		Example:  `{"datasource": "alarms/#"}`,
		Format:   "rows",
		Inner:    true,
		New: func(c SourceConfig, _ connector.Env) (connector.Source, error) {
			return &source{config: c, bus: b, inbox: connector.NewInboxFor[*message](inboxMessages), backlog: b.congestion.NewBacklog(c.BufferLength)}, nil
		},
	})
}

// source is one subscription.
type source struct {
	config     SourceConfig
	bus        *bus
	inbox      *connector.Inbox[*message]
	backlog    *connector.Backlog
	subscribed bool
	taken      []*message          // out of the inbox, and not read yet
	reading    int                 // messages of the last Read: they wait until the next one
	in         []connector.Inbound // of the last Read
}

func (s *source) Connect(context.Context) error {
	if !s.subscribed {
		s.subscribed = true
		s.bus.subscribe(s.config.Datasource, s)
	}
	return nil
}

// take implements subscriber.
func (s *source) take(m *message) {
	if s.inbox.Put(m, len(m.payload)) {
		s.backlog.Add(1)
	}
}

func (s *source) Read(ctx context.Context) ([]connector.Inbound, func(error), error) {
	s.backlog.Add(-s.reading)
	s.reading = 0
	if len(s.taken) == 0 {
		var err error
		if s.taken, err = s.inbox.Take(ctx); err != nil {
			return nil, nil, err
		}
	}
	part := s.taken[:min(len(s.taken), readAtOnce)]
	s.taken = s.taken[len(part):]
	s.reading = len(part)
	clear(s.in)
	s.in = s.in[:0]
	for _, m := range part {
		s.in = append(s.in, connector.Inbound{Payload: m.payload, Meta: meta{m.topic}, Time: m.time})
	}
	return s.in, nil, nil
}

// Dropped counts messages that came faster than the rules could take them.
func (s *source) Dropped() uint64 { return s.inbox.Dropped() }

func (s *source) Close(context.Context) error {
	if s.subscribed {
		s.subscribed = false
		s.bus.unsubscribe(s.config.Datasource, s)
	}
	s.backlog.Close()
	return nil
}

// meta answers meta(topic).
type meta struct{ topic string }

func (m meta) Get(key string) value.Value {
	if key == "topic" {
		return value.OfString(m.topic)
	}
	return value.Missing
}

func (m meta) All() value.Value {
	return value.OfObject(value.FieldsOf([]string{"topic"}, []value.Value{m.Get("topic")}))
}
