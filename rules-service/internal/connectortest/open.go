package connectortest

import (
	"context"
	"log/slog"
	"testing"

	"sluice/rules-service/internal/connector"
)

// Quiet is an environment that logs nothing.
func Quiet() connector.Env { return connector.Env{Log: slog.New(slog.DiscardHandler)} }

// Registry is a new one with the connectors of a package.
func Registry(register func(*connector.Registry)) *connector.Registry {
	r := connector.NewRegistry()
	register(r)
	return r
}

// OpenSink is a sink of r as a rule opens it, not yet connected; the end of the
// test closes it.
func OpenSink(t testing.TB, r *connector.Registry, name string, props map[string]any, env connector.Env) connector.Sink {
	t.Helper()
	info, err := r.Sink(name)
	check(t, err)
	c, err := info.Decode(props, env)
	check(t, err)
	return opened(t, c.Open)
}

// OpenSource is what OpenSink is, for sources.
func OpenSource(t testing.TB, r *connector.Registry, name string, props map[string]any, env connector.Env) connector.Source {
	t.Helper()
	info, err := r.Source(name)
	check(t, err)
	c, err := info.Decode(props, env)
	check(t, err)
	return opened(t, c.Open)
}

// OpenLookup is what OpenSink is, for lookup tables.
func OpenLookup(t testing.TB, r *connector.Registry, name string, props map[string]any, env connector.Env) connector.Lookup {
	t.Helper()
	info, err := r.Lookup(name)
	check(t, err)
	c, err := info.Decode(props, env)
	check(t, err)
	return opened(t, c.Open)
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func opened[T interface{ Close(context.Context) error }](t testing.TB, open func() (T, error)) T {
	t.Helper()
	c, err := open()
	check(t, err)
	t.Cleanup(func() { _ = c.Close(context.Background()) })
	return c
}
