package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"

	"sluice/rules-service/internal/builtin"
	"sluice/rules-service/internal/connector"
	"sluice/rules-service/internal/connector/edgex"
	"sluice/rules-service/internal/delivery"
	"sluice/rules-service/internal/hub"
	"sluice/rules-service/internal/rule"
	"sluice/sqlengine"
)

// linter checks definitions without connecting to anything.
type linter struct {
	streams sqlengine.Streams
	hub     *hub.Hub
	pool    *delivery.Pool
}

func newLinter() *linter {
	reg := builtin.Registry(edgex.Bus{})
	env := connector.Env{
		Log:    slog.New(slog.DiscardHandler),
		Secret: func(string, string) (string, error) { return "", nil }, // only the service has them
		Named:  elsewhere{}, Schemas: elsewhere{},
		AESKey: func() ([]byte, error) { return nil, fmt.Errorf("the key of the encryption: %w", errElsewhere) },
	}
	return &linter{sqlengine.Streams{}, hub.New(reg, env, func(string, error) {}), delivery.NewPool(reg, env)}
}

// errElsewhere is why something cannot be checked: files do not say it.
var errElsewhere = errors.New("only the service knows it")

// elsewhere stands for the properties that have a name, and for the schema
// registry, which the service has.
type elsewhere struct{}

// Source has no default key, which need not be there.
func (elsewhere) Source(_, key string) (map[string]any, error) {
	if strings.EqualFold(key, "default") {
		return nil, nil
	}
	return nil, fmt.Errorf("configuration key %s: %w", key, errElsewhere)
}

// Sink implements connector.Named.
func (elsewhere) Sink(_, key string) (map[string]any, error) {
	return nil, fmt.Errorf("configuration key %s: %w", key, errElsewhere)
}

// Connection implements connector.Named.
func (elsewhere) Connection(id string) (string, map[string]any, error) {
	return "", nil, fmt.Errorf("connection %s: %w", id, errElsewhere)
}

// Message implements connector.Schemas.
func (elsewhere) Message(id string) (protoreflect.MessageDescriptor, error) {
	return nil, fmt.Errorf("message %s: %w", id, errElsewhere)
}

// Changes implements connector.Schemas.
func (elsewhere) Changes() uint64 { return 0 }

func (l *linter) close() {
	_ = l.hub.Close(context.Background())  // nothing is open
	_ = l.pool.Close(context.Background()) // nothing is open
}

func (l *linter) stream(s *sqlengine.Stream) error {
	l.streams[s.Name] = s
	return l.hub.Check(s)
}

// actions finds what is wrong with the sinks of a rule.
func (l *linter) actions(def *rule.Definition) (errs []error) {
	for _, a := range def.Actions {
		if err := l.pool.Check(a.Type, a.Props); err != nil {
			errs = append(errs, fmt.Errorf("actions[%d]: %w", a.Index, err))
		}
	}
	return errs
}
