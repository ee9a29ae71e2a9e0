package mqttclient

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"sluice/tests/servers"
)

var quiet = slog.New(slog.DiscardHandler)

func options(addr string) Options {
	return Options{Server: "tcp://" + addr, Version: 4, KeepAlive: 30 * time.Second, Timeout: 20 * time.Second}
}

func acquire(t *testing.T, p *Pool, o Options, filters ...string) *Client {
	t.Helper()
	c, err := p.Acquire(o, quiet, filters...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Release(filters...) })
	return c
}

func connect(t *testing.T, c *Client) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	err := servers.Poll(ctx, func(ctx context.Context) error { return c.Connect(ctx) })
	if err != nil {
		t.Fatal(err)
	}
}

func TestSharing(t *testing.T) {
	p := NewPool()
	o := options("127.0.0.1:1")
	one := acquire(t, p, o, "a/+")
	if acquire(t, p, o, "a/+") != one || acquire(t, p, o, "b/#") != one || acquire(t, p, o) != one {
		t.Error("equal connections are not shared")
	}
	if acquire(t, p, o, "a/b") == one {
		t.Error("overlapping filters share a connection: messages would come twice")
	}
	other := o
	other.Password = "x"
	if acquire(t, p, other) == one {
		t.Error("another password shares a connection")
	}
	named := o
	named.ClientID = "me"
	acquire(t, p, named, "a/+")
	if _, err := p.Acquire(named, quiet, "a/b"); err == nil || !strings.Contains(err.Error(), "another client id") {
		t.Error(err)
	}
	if _, err := p.Acquire(Options{Server: "127.0.0.1"}, quiet); err == nil {
		t.Error("a server without scheme passes")
	}
}

func TestConnectTellsWhy(t *testing.T) {
	c := acquire(t, NewPool(), options("127.0.0.1:1"))
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := c.Connect(ctx); err == nil || ctx.Err() != nil || !strings.Contains(err.Error(), "tcp://127.0.0.1:1") {
		t.Error(err)
	}
	if _, err := c.Publish("a", 0, false, nil); !errors.Is(err, ErrNotConnected) {
		t.Error(err)
	}
}

// Two subscriptions of one connection each get their messages, once, also
// after the broker was away; both hear of it.
func TestResubscribe(t *testing.T) {
	broker := servers.Mosquitto(t)
	p := NewPool()
	c := acquire(t, p, options(broker.Addr()), "a/+", "a/+", "b/#")
	got, lost := make(chan string, 100), make(chan error, 10)
	for _, f := range []string{"a/+", "a/+", "b/#"} {
		s, err := c.Subscribe([]string{f}, 1, func(m *Message) { got <- f + " " + m.Topic(); m.Ack() }, func(err error) { lost <- err })
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(s.Close)
	}
	for round := range 2 {
		connect(t, c)
		for _, topic := range []string{"a/1", "b", "b/2/3", "none"} {
			tok, err := c.Publish(topic, 1, false, []byte("x"))
			if err != nil {
				t.Fatal(err)
			}
			<-tok.Done()
		}
		for _, want := range []string{"a/+ a/1", "a/+ a/1", "b/# b", "b/# b/2/3"} {
			select {
			case g := <-got:
				if g != want {
					t.Fatalf("round %d: got %s, want %s", round, g, want)
				}
			case <-time.After(time.Minute):
				t.Fatalf("round %d: %s does not come", round, want)
			}
		}
		if round == 0 {
			broker.Kill()
			for range 3 {
				<-lost
			}
			broker.Start(t)
		}
	}
	if len(got) > 0 {
		t.Error("more came:", <-got)
	}
}
