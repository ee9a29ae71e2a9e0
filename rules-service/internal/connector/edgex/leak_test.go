package edgex

import (
	"context"
	"runtime"
	"testing"
	"time"

	"sluice/tests/servers"
)

// A bus that goes away leaves no goroutine of the client behind.
func TestLostBusLeaksNothing(t *testing.T) {
	buses(t, func(t *testing.T, bus Bus, server *servers.Process) {
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
		defer cancel()
		before := runtime.NumGoroutine()
		s := newSource(t, bus)
		if err := s.Connect(ctx); err != nil {
			t.Fatal(err)
		}
		server.Kill()
		if _, _, err := s.Read(ctx); err == nil || ctx.Err() != nil {
			t.Fatal("the loss is not noticed:", err)
		}
		for range 3 {
			if err := s.Connect(ctx); err == nil {
				t.Fatal("connects to nothing")
			}
		}
		if err := s.Close(ctx); err != nil {
			t.Fatal(err)
		}
		err := servers.Poll(ctx, func(context.Context) error {
			if runtime.NumGoroutine() > before {
				return context.DeadlineExceeded
			}
			return nil
		})
		if err != nil {
			stacks := make([]byte, 1<<16)
			t.Fatalf("%d goroutines before, %d now\n%s", before, runtime.NumGoroutine(), stacks[:runtime.Stack(stacks, true)])
		}
	})
}
