package delivery

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"

	"sluice/rules-service/internal/connector"
	"sluice/sqlengine/value"
)

// fake is the server of the tests: one for all sinks of a registry.
type fake struct {
	mu       sync.Mutex
	connects int
	refuse   error // of Connect
	answers  []error
	writes   [][]string
	values   []map[string]string
	gate     chan struct{} // when not nil Write waits for it
}

type fakeConfig struct {
	Server string             `prop:"server" doc:"Name of the connection."`
	Topic  connector.Template `prop:"topic" doc:"Where to."`
}

type fakeSink struct{ f *fake }

func (s fakeSink) Connect(context.Context) error {
	s.f.mu.Lock()
	defer s.f.mu.Unlock()
	s.f.connects++
	return s.f.refuse
}

func (s fakeSink) Write(ctx context.Context, msgs []connector.Outbound) error {
	s.f.mu.Lock()
	gate := s.f.gate
	s.f.mu.Unlock()
	if gate != nil {
		select {
		case <-gate:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	s.f.mu.Lock()
	defer s.f.mu.Unlock()
	var batch []string
	for i := range msgs {
		batch = append(batch, string(msgs[i].Payload))
		s.f.values = append(s.f.values, msgs[i].Values)
	}
	s.f.writes = append(s.f.writes, batch)
	if len(s.f.answers) == 0 {
		return nil
	}
	err := s.f.answers[0]
	s.f.answers = s.f.answers[1:]
	return err
}

func (s fakeSink) Close(context.Context) error { return nil }

// sent is everything that Write was given, in order.
func (f *fake) sent() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []string
	for _, w := range f.writes {
		out = append(out, w...)
	}
	return out
}

func (f *fake) set(change func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change()
}

func (f *fake) pool() *Pool { return poolOf(fakeSink{f}) }

// specOf declares a sink that is always s.
func specOf(s connector.Sink) connector.SinkSpec[fakeConfig] {
	return connector.SinkSpec[fakeConfig]{
		Name: "fake", Summary: "For tests.", Example: `{"topic": "t"}`,
		New: func(fakeConfig, connector.Env) (connector.Sink, error) { return s, nil },
	}
}

func poolWith(spec connector.SinkSpec[fakeConfig]) *Pool {
	r := connector.NewRegistry()
	connector.AddSink(r, spec)
	return NewPool(r, connector.Env{Log: slog.New(slog.DiscardHandler)})
}

// poolOf is a pool whose sinks are all s.
func poolOf(s connector.Sink) *Pool { return poolWith(specOf(s)) }

// connectionlessPool is poolOf a sink that connects to nobody.
func connectionlessPool(s connector.Sink) *Pool {
	spec := specOf(s)
	spec.Connectionless = true
	return poolWith(spec)
}

func open(t testing.TB, p *Pool, props map[string]any, form Form) *Target {
	t.Helper()
	target, err := p.Open(Action{Rule: "r1", Type: "fake", Props: props, Form: form})
	if err != nil {
		t.Fatal(err)
	}
	return target
}

var ab = &value.Schema{Columns: []value.Column{{Name: "a"}, {Name: "b"}}}

// rows makes a batch with a in turn and b set to a text.
func rows(ack *value.Ack, a ...int) *value.Batch {
	b := &value.Batch{Schema: ab, Ack: ack}
	for _, i := range a {
		b.Rows = append(b.Rows, value.Row{Cols: []value.Value{value.OfInt(int64(i)), value.OfString("x")}})
	}
	return b
}

var errRefused = errors.New("refused")
