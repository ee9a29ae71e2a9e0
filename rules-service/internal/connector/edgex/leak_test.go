package edgex

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"sluice/tests/servers"
)

// ofClients counts the goroutines of clients of the bus, ours and those of the
// libraries, and shows them. A server in this process has none of them.
func ofClients() (n int, shown string) {
	stacks := make([]byte, 1<<22)
	stacks = stacks[:runtime.Stack(stacks, true)]
	var out []string
	for _, g := range strings.Split(string(stacks), "\n\n") {
		for _, mark := range []string{"edgex.(*link)", "go-mod-messaging", "nats-io/nats%2ego", "nats-io/nats.go.", "paho.mqtt.golang", "go-redis/redis"} {
			if strings.Contains(g, mark) {
				out = append(out, g)
				break
			}
		}
	}
	return len(out), strings.Join(out, "\n\n")
}

func noneLeft(ctx context.Context, t *testing.T, before int) {
	t.Helper()
	err := servers.Poll(ctx, func(context.Context) error {
		if n, shown := ofClients(); n > before {
			return fmt.Errorf("%d goroutines, %d before\n%s", n, before, shown)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// A bus that goes away leaves no goroutine of the client behind, however often
// it is connected again.
func TestLostBusLeaksNothing(t *testing.T) {
	const reconnects = 25 // on each bus
	buses(t, func(t *testing.T, bus Bus, server server) {
		ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
		defer cancel()
		before, _ := ofClients() // of other tests
		source, sink := newSource(t, bus, nil), newSink(t, bus, nil)
		if err := sink.Connect(ctx); err != nil {
			t.Fatal(err)
		}
		if n, _ := ofClients(); bus.Type != "redis" && n == before {
			t.Error("goroutines of clients are not recognized")
		}
		for range reconnects {
			if err := errors.Join(source.Connect(ctx), sink.Connect(ctx)); err != nil {
				t.Fatal(err)
			}
		}
		server.Kill()
		if _, _, err := source.Read(ctx); err == nil || ctx.Err() != nil {
			t.Fatal("the loss is not noticed:", err)
		}
		for range 3 {
			if err := source.Connect(ctx); err == nil {
				t.Fatal("connects to nothing")
			}
		}
		if err := errors.Join(source.Close(ctx), sink.Close(ctx)); err != nil {
			t.Fatal(err)
		}
		noneLeft(ctx, t, before)
	})
}
