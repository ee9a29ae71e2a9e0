package builtin

import (
	"encoding/json"
	"log/slog"
	"slices"
	"testing"

	"sluice/rules-service/internal/connector"
	"sluice/rules-service/internal/connector/edgex"
	"sluice/rules-service/internal/delivery"
)

func env() connector.Env { return connector.Env{Log: slog.New(slog.DiscardHandler)} }

func example(t *testing.T, text string) map[string]any {
	t.Helper()
	var props map[string]any
	if err := json.Unmarshal([]byte(text), &props); err != nil {
		t.Fatalf("the example is no JSON object: %v", err)
	}
	return props
}

// The example of every declaration loads.
func TestExamples(t *testing.T) {
	r := Registry(edgex.Bus{})
	pool := delivery.NewPool(r, env())
	for _, name := range r.Sinks() {
		t.Run("sink "+name, func(t *testing.T) {
			info, err := r.Sink(name)
			if err != nil {
				t.Fatal(err)
			}
			if err := pool.Check(name, example(t, info.Example)); err != nil {
				t.Fatal(err)
			}
		})
	}
	for _, name := range r.Sources() {
		t.Run("source "+name, func(t *testing.T) {
			info, err := r.Source(name)
			if err != nil {
				t.Fatal(err)
			}
			c, err := info.Decode(example(t, info.Example), env())
			if err != nil {
				t.Fatal(err)
			}
			if _, err := c.Open(); err != nil {
				t.Fatal(err)
			}
		})
	}
	for _, name := range r.Lookups() {
		t.Run("lookup table "+name, func(t *testing.T) {
			info, err := r.Lookup(name)
			if err != nil {
				t.Fatal(err)
			}
			c, err := info.Decode(example(t, info.Example), env())
			if err != nil {
				t.Fatal(err)
			}
			if _, err := c.Open(); err != nil {
				t.Fatal(err)
			}
		})
	}
}

func TestContents(t *testing.T) {
	r := Registry(edgex.Bus{})
	if got := r.Sinks(); !slices.Equal(got, []string{"edgex", "edgexCommand", "log", "memory", "mqtt", "nop", "rest"}) {
		t.Error(got)
	}
	if got := r.Lookups(); !slices.Equal(got, []string{"memory", "simulator"}) {
		t.Error(got)
	}
	if got := r.Sources(); !slices.Equal(got, []string{"edgex", "memory", "mqtt", "simulator"}) {
		t.Error(got)
	}
}
