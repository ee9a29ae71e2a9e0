package connector

import (
	"context"
	"fmt"
)

// ConnectionSpec declares a kind of connection that may have a name and be
// used by many sources and sinks: those that have its properties under the same
// names and the type of its name. C is as in SinkSpec.
type ConnectionSpec[C any] struct {
	Name     string
	Summary  string
	Defaults C
	Example  string
	// Ping connects, and closes the connection again.
	Ping func(ctx context.Context, c C, env Env) error
}

// ConnectionInfo is a ConnectionSpec without its type.
type ConnectionInfo struct {
	Name, Summary, Example string
	Fields                 []Field
	// Check says what is wrong with the properties.
	Check func(props map[string]any) error
	// Ping connects with the properties, and closes the connection again.
	Ping func(ctx context.Context, props map[string]any, env Env) error
}

// Pinger is a Source or Sink that finds out whether its target is there in
// another way than by Connect.
type Pinger interface {
	Ping(ctx context.Context) error
}

// AddConnection registers a kind of connection; it panics as AddSink does.
func AddConnection[C any](r *Registry, s ConnectionSpec[C]) {
	if _, ok := r.connections[s.Name]; ok {
		panic("connection " + s.Name + " is declared twice")
	}
	decode := func(props map[string]any) (C, error) {
		c := s.Defaults // decoding replaces lists and maps as a whole
		var none struct{}
		if err := (decoder{warnings: new([]string)}).decode(props, &c, &none, nil); err != nil {
			return c, fmt.Errorf("connection of type %s: %w", s.Name, err)
		}
		return c, nil
	}
	r.connections[s.Name] = &ConnectionInfo{
		Name: s.Name, Summary: s.Summary, Example: s.Example, Fields: fieldsOf(s.Defaults),
		Check: func(props map[string]any) error {
			_, err := decode(props)
			return err
		},
		Ping: func(ctx context.Context, props map[string]any, env Env) error {
			c, err := decode(props)
			if err != nil {
				return err
			}
			c, secrets, err := reveal(c, env)
			if err != nil {
				return err
			}
			return hideIn(s.Ping(ctx, c, env), secrets)
		},
	}
}

// Connection returns the kind of connection of that name, or an error that
// names the nearest one.
func (r *Registry) Connection(name string) (*ConnectionInfo, error) {
	if i, ok := r.connections[name]; ok {
		return i, nil
	}
	return nil, unknown("type of connection", name, r.Connections())
}

// Connections lists the kinds of connections in order.
func (r *Registry) Connections() []string { return sortedNames(r.connections) }
