package memory

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"

	"sluice/rules-service/internal/connector"
	"sluice/sqlengine/value"
)

// SinkConfig is the configuration of the sink.
type SinkConfig struct {
	Topic        connector.Template `prop:"topic,required" doc:"Topic, without wildcards."`
	RowKindField string             `prop:"rowkindField" doc:"Column that says what becomes of the row in lookup tables: insert, update, upsert (as when it is missing) or delete."`
	KeyField     string             `prop:"keyField" doc:"Column with the key of the row; needed with rowkindField."`
}

// Validate checks what the types cannot say.
func (c *SinkConfig) Validate() error {
	if !strings.Contains(string(c.Topic), "{{") {
		if err := checkTopic(string(c.Topic)); err != nil {
			return err
		}
	}
	if c.RowKindField != "" && c.KeyField == "" {
		return errors.New(`property "keyField" is missing: rowkindField needs the column that has the key of the row`)
	}
	return nil
}

func checkTopic(topic string) error {
	if topic == "" {
		return errors.New("the topic is empty")
	}
	if strings.ContainsAny(topic, "+#") {
		return fmt.Errorf("topic %q: wildcards are for sources; name one topic", topic)
	}
	return nil
}

func registerSink(r *connector.Registry, b *bus) {
	connector.AddSink(r, connector.SinkSpec[SinkConfig]{
		Name: "memory",
		Summary: "Hands rows to other rules of the service: to streams and tables of TYPE=\"memory\" whose DATASOURCE is the topic, or a filter of it. " +
			"Nothing is kept while nobody has subscribed, or beyond the end of the service.",
		Example: `{"topic": "alarms/{{.device}}", "sendSingle": true}`,
		Rows:    true,
		New: func(c SinkConfig, _ connector.Env) (connector.Sink, error) {
			return &sink{config: c, bus: b}, nil
		},
	})
}

type sink struct {
	config SinkConfig
	bus    *bus
}

func (s *sink) Connect(context.Context) error { return nil }

func (s *sink) Write(ctx context.Context, msgs []connector.Outbound) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	var failed []int
	var first error
	for i := range msgs {
		if err := s.publish(&msgs[i]); err != nil {
			failed = append(failed, i)
			if first == nil {
				first = err
			}
		}
	}
	if first != nil { // it would fail again
		return &connector.Partial{Failed: failed, Err: &connector.Permanent{Err: first}}
	}
	return nil
}

// publish hands on a message, with a copy of its payload: it is kept.
func (s *sink) publish(out *connector.Outbound) error {
	m := &message{topic: out.Value("topic", string(s.config.Topic)), kind: s.config.RowKindField, key: s.config.KeyField}
	if err := checkTopic(m.topic); err != nil {
		return err
	}
	m.payload = bytes.Clone(out.Payload)
	if m.kind != "" {
		if err := m.check(); err != nil {
			return err
		}
	}
	s.bus.publish(m)
	return nil
}

// What becomes of a row in a table.
const (
	insert   = "insert"
	update   = "update"
	upsert   = "upsert"
	deletion = "delete"
)

// check says what is wrong with the rows of a message for tables.
func (m *message) check() error {
	rows, err := m.fields()
	if err != nil {
		return err
	}
	for _, r := range rows {
		switch kind := m.kindOf(r); kind {
		case insert, update, upsert, deletion:
		default:
			return fmt.Errorf("column %q is %q; it must be insert, update, upsert or delete", m.kind, kind)
		}
		if r.Get(m.key).IsNull() {
			return fmt.Errorf("column %q, the key, is missing in the row", m.key)
		}
	}
	return nil
}

// kindOf is what becomes of a row.
func (m *message) kindOf(r *value.Fields) string {
	if m.kind == "" {
		return upsert
	}
	v := r.Get(m.kind)
	switch {
	case v.IsNull():
		return upsert
	case v.Kind() == value.String:
		return v.Str()
	}
	return "a " + v.Kind().String()
}

func (s *sink) Close(context.Context) error { return nil }
