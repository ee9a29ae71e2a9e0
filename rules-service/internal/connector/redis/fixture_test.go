package redis

import (
	"maps"
	"sync"
	"testing"
	"time"

	client "github.com/redis/go-redis/v9"

	"sluice/rules-service/internal/connector"
	"sluice/rules-service/internal/connectortest"
	"sluice/tests/servers"
)

const patience = time.Minute

var registry = sync.OnceValue(func() *connector.Registry { return connectortest.Registry(Register) })

func decodeSink(name string, props map[string]any) (*connector.SinkConfig, error) {
	info, err := registry().Sink(name)
	if err != nil {
		return nil, err
	}
	return info.Decode(props, connectortest.Quiet())
}

func decodeSource(name string, props map[string]any) (*connector.SourceConfig, error) {
	info, err := registry().Source(name)
	if err != nil {
		return nil, err
	}
	return info.Decode(props, connectortest.Quiet())
}

func openSink(t testing.TB, name string, props map[string]any) connector.Sink {
	t.Helper()
	return connectortest.OpenSink(t, registry(), name, props, connectortest.Quiet())
}

func openSource(t testing.TB, name string, props map[string]any) connector.Source {
	t.Helper()
	return connectortest.OpenSource(t, registry(), name, props, connectortest.Quiet())
}

func openLookup(t testing.TB, props map[string]any) connector.Lookup {
	t.Helper()
	return connectortest.OpenLookup(t, registry(), "redis", props, connectortest.Quiet())
}

// at are the properties of a server, and more.
func at(p *servers.Process, more map[string]any) map[string]any {
	props := map[string]any{"addr": p.Addr(), "timeout": "20s"}
	maps.Copy(props, more)
	return props
}

// direct is a client of the test.
func direct(t testing.TB, p *servers.Process) *client.Client {
	t.Helper()
	c := client.NewClient(&client.Options{Addr: p.Addr(), Protocol: 2, DisableIdentity: true})
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// do runs a command.
func do(t testing.TB, c *client.Client, args ...any) any {
	t.Helper()
	got, err := c.Do(t.Context(), args...).Result()
	if err != nil && err != client.Nil {
		t.Fatalf("%v: %v", args, err)
	}
	return got
}
