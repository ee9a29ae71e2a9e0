// Package connectortest is the conformance suite that each connector passes
// against its real server.
package connectortest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"sluice/rules-service/internal/connector"
)

// patience is how long a server may take for anything.
const patience = time.Minute

// Sink is what the suite needs to know about a sink and its server.
type Sink struct {
	// New makes a sink from the example's kind of configuration.
	New func(t *testing.T) connector.Sink
	// Received returns the payloads that the server has, in order.
	Received func(t *testing.T) []string
	// Break makes the server go away, Mend brings it back; both nil for sinks
	// without a server.
	Break, Mend func(t *testing.T)
	// Message makes a message; nil for sinks without Templates.
	Message func(payload string) connector.Outbound
	// Bad is a message that no retry will mend; nil: there is none.
	Bad *connector.Outbound
	// Batch is that of the sink's declaration.
	Batch int
}

func (h *Sink) message(payload string) connector.Outbound {
	if h.Message == nil {
		return connector.Outbound{Payload: []byte(payload), Rule: "r"}
	}
	return h.Message(payload)
}

// write gives messages to a sink as its worker would, in batches.
func (h *Sink) write(ctx context.Context, s connector.Sink, payloads ...string) error {
	msgs := make([]connector.Outbound, len(payloads))
	for i, p := range payloads {
		msgs[i] = h.message(p)
	}
	size := h.Batch
	if size == 0 {
		size = len(msgs)
	}
	for part := range slices.Chunk(msgs, size) {
		if err := s.Write(ctx, part); err != nil {
			return err
		}
	}
	return nil
}

// Run runs the suite.
func (h *Sink) Run(t *testing.T) {
	t.Run("writes in order", h.order)
	t.Run("close twice", h.closeTwice)
	t.Run("cancel", h.cancel)
	t.Run("bad message", h.bad)
	t.Run("lose connection", h.lose)
}

func (h *Sink) open(t *testing.T) connector.Sink {
	t.Helper()
	s := h.New(t)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := s.Connect(ctx); err != nil {
		t.Fatal("connect:", err)
	}
	t.Cleanup(func() { _ = s.Close(context.Background()) })
	return s
}

func (h *Sink) order(t *testing.T) {
	s := h.open(t)
	var want []string
	for i := range 50 {
		want = append(want, fmt.Sprintf(`{"order":%d}`, i))
	}
	if err := h.write(t.Context(), s, want...); err != nil {
		t.Fatal(err)
	}
	h.arrive(t, want...)
}

// arrive waits until the server has the payloads, in this order.
func (h *Sink) arrive(t *testing.T, want ...string) {
	t.Helper()
	eventually(t, func() error {
		got := h.Received(t)
		next := 0
		for _, g := range got {
			if next < len(want) && g == want[next] {
				next++
			}
		}
		if next < len(want) {
			return fmt.Errorf("the server has %d of %d messages in order; %q is missing", next, len(want), want[next])
		}
		return nil
	})
}

func (h *Sink) closeTwice(t *testing.T) {
	s := h.open(t)
	for range 2 {
		if err := s.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if err := h.New(t).Close(t.Context()); err != nil {
		t.Fatal("close without connect:", err)
	}
}

func (h *Sink) cancel(t *testing.T) {
	s := h.open(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	done := make(chan error, 1)
	go func() { done <- h.write(ctx, s, `{"cancelled":1}`) }()
	select {
	case err := <-done: // it may have been written before it was noticed
		if err != nil && !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
	case <-time.After(patience):
		t.Fatal("Write does not end with its context")
	}
}

func (h *Sink) bad(t *testing.T) {
	if h.Bad == nil {
		t.Skip("nothing is bad for this sink")
	}
	s := h.open(t)
	var permanent *connector.Permanent
	if h.Batch == 1 {
		if err := s.Write(t.Context(), []connector.Outbound{*h.Bad}); !errors.As(err, &permanent) {
			t.Fatalf("got %v, want *Permanent", err)
		}
		return
	}
	err := s.Write(t.Context(), []connector.Outbound{h.message(`{"bad":0}`), *h.Bad, h.message(`{"bad":2}`)})
	var partial *connector.Partial
	if !errors.As(err, &partial) || !errors.As(err, &permanent) || !slices.Equal(partial.Failed, []int{1}) {
		t.Fatalf("got %v, want *Partial of message 1 with *Permanent", err)
	}
	h.arrive(t, `{"bad":0}`, `{"bad":2}`)
}

func (h *Sink) lose(t *testing.T) {
	if h.Break == nil {
		t.Skip("there is no connection to lose")
	}
	s := h.open(t)
	h.Break(t)
	eventually(t, func() error {
		err := h.write(t.Context(), s, `{"lost":0}`)
		var permanent *connector.Permanent
		switch {
		case err == nil:
			return errors.New("writing succeeds without a server")
		case errors.As(err, &permanent):
			t.Fatalf("a lost connection is no permanent error: %v", err)
		}
		return nil
	})
	h.Mend(t)
	eventually(t, func() error {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		if err := s.Connect(ctx); err != nil {
			return err
		}
		return h.write(ctx, s, `{"lost":1}`)
	})
	h.arrive(t, `{"lost":1}`)
}

// eventually calls f until it succeeds.
func eventually(t *testing.T, f func() error) {
	t.Helper()
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		err := f()
		if err == nil {
			return
		}
		select {
		case <-tick.C:
		case <-deadline.C:
			t.Fatal(err)
		}
	}
}
