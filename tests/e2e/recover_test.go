package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"sluice/tests/servers"
	"sluice/tests/stack"
)

// TestBrokerAwayAndBack starts the rules service without its bus, lets the bus
// come, go and come again, and looks for the rows and for what is logged.
func TestBrokerAwayAndBack(t *testing.T) {
	t.Parallel()
	for _, bus := range []string{"mqtt", "redis"} {
		t.Run(bus, func(t *testing.T) { awayAndBack(t, bus) })
	}
}

func awayAndBack(t *testing.T, bus string) {
	broker := servers.Mosquitto(t)
	if bus == "redis" {
		broker = servers.Redis(t)
	}
	broker.Kill()
	b := stack.Bus{Type: bus, Port: broker.Port}
	r := stack.NewRules(t, b)
	stack.MustCall(t, 201, "POST", r.API+"/streams", `{"sql":"CREATE STREAM events () WITH (TYPE=\"edgex\", FORMAT=\"json\")"}`)
	stack.MustCall(t, 201, "POST", r.API+"/rules", `{"id":"seen","sql":"SELECT N FROM events","actions":[{"nop":{}}]}`)
	connection(t, r, 0, -1)

	for range 2 {
		broker.Start(t)
		connection(t, r, 1)
		client := busClient(t, b)
		before := sunk(t, r)
		publish(t, client, 1)
		stack.Eventually(t, func(context.Context) error {
			if n := sunk(t, r); n <= before {
				return fmt.Errorf("%d rows, as before", n)
			}
			return nil
		})
		_ = client.Disconnect() // with the broker gone it would wait for ever
		broker.Kill()
		connection(t, r, 0, -1)
	}
	if !r.Running() {
		t.Fatal("the service has ended")
	}
	out := r.Output()
	for _, line := range []string{"source is connected", "source is disconnected"} {
		if n := strings.Count(out, line); n < 2 || n > 3 {
			t.Errorf("%q is logged %d times, want once per change:\n%s", line, n, out)
		}
	}
}

// connection waits until the source's connection has one of the states.
func connection(t *testing.T, r *stack.Rules, want ...float64) {
	t.Helper()
	stack.Eventually(t, func(context.Context) error {
		got, ok := status(t, r)["source_events_0_connection_status"].(float64)
		for _, w := range want {
			if ok && got == w {
				return nil
			}
		}
		return fmt.Errorf("connection status is %v, want one of %v", got, want)
	})
}

// sunk is how many rows reached the sink.
func sunk(t *testing.T, r *stack.Rules) int {
	t.Helper()
	n, ok := status(t, r)["sink_nop_0_0_records_in_total"].(float64)
	if !ok {
		t.Fatalf("no count in %v", status(t, r))
	}
	return int(n)
}

func status(t *testing.T, r *stack.Rules) map[string]any {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal([]byte(stack.MustCall(t, 200, "GET", r.API+"/rules/seen/status", "")), &m); err != nil {
		t.Fatal(err)
	}
	return m
}
