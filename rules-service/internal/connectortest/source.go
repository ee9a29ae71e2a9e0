package connectortest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"sluice/rules-service/internal/connector"
)

// Source is what the suite needs to know about a source and its server.
type Source struct {
	// New makes a source.
	New func(t *testing.T) connector.Source
	// Send publishes payloads for it, in order.
	Send func(t *testing.T, payloads ...string)
	// Break makes the server go away, Mend brings it back.
	Break, Mend func(t *testing.T)
	// Acks: the source asks for acknowledgement.
	Acks bool
}

// Run runs the suite.
func (h *Source) Run(t *testing.T) {
	t.Run("reads in order", h.order)
	t.Run("cancel", h.cancel)
	t.Run("close twice", h.closeTwice)
	t.Run("lose connection", h.lose)
}

// RunWithoutServer runs what can be said of a source that makes its messages
// itself.
func (h *Source) RunWithoutServer(t *testing.T) {
	t.Run("cancel", h.cancel)
	t.Run("close twice", h.closeTwice)
}

func (h *Source) open(t *testing.T) connector.Source {
	t.Helper()
	s := h.New(t)
	h.connect(t, s)
	t.Cleanup(func() { _ = s.Close(context.Background()) })
	return s
}

func (h *Source) connect(t *testing.T, s connector.Source) {
	t.Helper()
	eventually(t, func() error {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		return s.Connect(ctx)
	})
}

// read reads until last has come, and returns all payloads.
func (h *Source) read(t *testing.T, s connector.Source, last string) []string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var out []string
	for {
		msgs, ack, err := s.Read(ctx)
		if err != nil {
			t.Fatalf("after %d messages: %v", len(out), err)
		}
		for _, m := range msgs {
			if m.Time.IsZero() {
				t.Error("a message has no time")
			}
			out = append(out, string(m.Payload))
		}
		if (ack != nil) != h.Acks {
			t.Fatalf("asks for acknowledgement: %t, want %t", ack != nil, h.Acks)
		}
		if ack != nil {
			ack(nil)
		}
		if len(out) > 0 && out[len(out)-1] == last {
			return out
		}
	}
}

func (h *Source) order(t *testing.T) {
	s := h.open(t)
	var want []string
	for i := range 500 {
		want = append(want, fmt.Sprintf(`{"order":%d}`, i))
	}
	h.Send(t, want...)
	got := h.read(t, s, want[len(want)-1])
	if len(got) != len(want) {
		t.Fatalf("%d messages came, want %d", len(got), len(want))
	}
	for i := range want {
		if got[i] != want[i] {
			t.Fatalf("message %d is %s", i, got[i])
		}
	}
}

func (h *Source) cancel(t *testing.T) {
	s := h.open(t)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		_, _, err := s.Read(ctx)
		done <- err
	}()
	cancel()
	select {
	case err := <-done:
		if !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
	case <-time.After(patience):
		t.Fatal("Read does not end with its context")
	}
}

func (h *Source) closeTwice(t *testing.T) {
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

func (h *Source) lose(t *testing.T) {
	if h.Break == nil {
		t.Skip("there is no connection to lose")
	}
	s := h.open(t)
	h.Send(t, `{"before":1}`)
	h.read(t, s, `{"before":1}`)
	h.Break(t)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	_, _, err := s.Read(ctx)
	if !errors.Is(err, connector.ErrNotConnected) {
		t.Fatalf("without a server Read returns %v", err)
	}
	h.Mend(t)
	h.connect(t, s)
	h.Send(t, `{"after":1}`)
	h.read(t, s, `{"after":1}`)
}
