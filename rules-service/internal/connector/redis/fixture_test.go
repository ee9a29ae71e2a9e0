package redis

import (
	"context"
	"log/slog"
	"maps"
	"sync"
	"testing"
	"time"

	client "github.com/redis/go-redis/v9"

	"sluice/rules-service/internal/codec"
	"sluice/rules-service/internal/connector"
	"sluice/sqlengine/value"
	"sluice/tests/servers"
)

const patience = time.Minute

var registry = sync.OnceValue(func() *connector.Registry {
	r := connector.NewRegistry()
	Register(r)
	return r
})

func env() connector.Env { return connector.Env{Log: slog.New(slog.DiscardHandler)} }

func decodeSink(name string, props map[string]any) (*connector.SinkConfig, error) {
	info, err := registry().Sink(name)
	if err != nil {
		return nil, err
	}
	return info.Decode(props, env())
}

func decodeSource(name string, props map[string]any) (*connector.SourceConfig, error) {
	info, err := registry().Source(name)
	if err != nil {
		return nil, err
	}
	return info.Decode(props, env())
}

func openSink(t testing.TB, name string, props map[string]any) connector.Sink {
	t.Helper()
	c, err := decodeSink(name, props)
	if err != nil {
		t.Fatal(err)
	}
	s, err := c.Open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close(context.Background()) })
	return s
}

func openSource(t testing.TB, name string, props map[string]any) connector.Source {
	t.Helper()
	c, err := decodeSource(name, props)
	if err != nil {
		t.Fatal(err)
	}
	s, err := c.Open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close(context.Background()) })
	return s
}

func openLookup(t testing.TB, props map[string]any) connector.Lookup {
	t.Helper()
	info, err := registry().Lookup("redis")
	if err != nil {
		t.Fatal(err)
	}
	c, err := info.Decode(props, env())
	if err != nil {
		t.Fatal(err)
	}
	l, err := c.Open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close(context.Background()) })
	return l
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

// message is one of rows written as JSON.
func message(t testing.TB, values map[string]string, texts ...string) connector.Outbound {
	t.Helper()
	var list []*value.Fields
	for _, text := range texts {
		v, err := codec.ParseJSON([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, v.Object())
	}
	return connector.Outbound{Payload: codec.AppendRows(nil, list), Values: values, Rule: "r"}
}
