package mqtt

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"testing"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"

	"sluice/rules-service/internal/connector"
	"sluice/rules-service/internal/connectortest"
	"sluice/tests/servers"
)

// patience is far above what anything takes on a slow machine.
const patience = time.Minute

// dial makes a connection of the test's own. It does not come back by itself:
// after a reconnect paho marks messages as sent before while it sends them,
// which is a data race.
func dial(t *testing.T, url string) paho.Client {
	t.Helper()
	c := paho.NewClient(paho.NewClientOptions().AddBroker(url).SetAutoReconnect(false))
	done(t, c.Connect())
	t.Cleanup(func() { c.Disconnect(0) })
	return c
}

func done(t *testing.T, tok paho.Token) {
	t.Helper()
	if !tok.WaitTimeout(patience) {
		t.Fatal("the broker does not answer")
	}
	if tok.Error() != nil {
		t.Fatal(tok.Error())
	}
}

func registry() *connector.Registry { return connectortest.Registry(Register) }

func openSource(t *testing.T, r *connector.Registry, props map[string]any) connector.Source {
	t.Helper()
	return openNamedSource(t, r, "mqtt", props)
}

func openSink(t *testing.T, r *connector.Registry, props map[string]any) connector.Sink {
	t.Helper()
	return openNamed(t, r, "mqtt", props)
}

func TestSourceConformance(t *testing.T) {
	for _, qos := range []int{0, 1} {
		t.Run(fmt.Sprint("qos ", qos), func(t *testing.T) {
			broker := servers.Mosquitto(t)
			url := "tcp://" + broker.Addr()
			publisher := dial(t, url)
			r := registry()
			h := connectortest.Source{
				Acks: qos > 0,
				New: func(t *testing.T) connector.Source {
					return openSource(t, r, map[string]any{"datasource": "in/+/x, other", "server": url, "qos": qos, "timeout": "20s"})
				},
				Send: func(t *testing.T, payloads ...string) {
					var last paho.Token
					for _, p := range payloads {
						last = publisher.Publish("in/a/x", 1, false, p)
					}
					done(t, last)
				},
				Break: func(*testing.T) { broker.Kill() },
				Mend:  func(t *testing.T) { broker.Start(t); publisher = dial(t, url) },
			}
			h.Run(t)
		})
	}
}

func TestSinkConformance(t *testing.T) {
	broker := servers.Mosquitto(t)
	url := "tcp://" + broker.Addr()
	var mu sync.Mutex
	var got []string
	subscribe := func(t *testing.T) {
		done(t, dial(t, url).Subscribe("out/#", 1, func(_ paho.Client, m paho.Message) {
			mu.Lock()
			defer mu.Unlock()
			got = append(got, string(m.Payload()))
		}))
	}
	subscribe(t)
	r := registry()
	h := connectortest.Sink{
		New: func(t *testing.T) connector.Sink {
			return openSink(t, r, map[string]any{"server": url, "topic": "out/{{.x}}", "qos": 1, "timeout": "20s"})
		},
		Message: func(p string) connector.Outbound {
			return connector.Outbound{Payload: []byte(p), Values: map[string]string{"topic": "out/a"}}
		},
		Bad: &connector.Outbound{Payload: []byte("bad"), Values: map[string]string{"topic": "out/+"}},
		Received: func(*testing.T) []string {
			mu.Lock()
			defer mu.Unlock()
			return append([]string(nil), got...)
		},
		Break: func(*testing.T) { broker.Kill() },
		Mend:  func(t *testing.T) { broker.Start(t); subscribe(t) },
	}
	h.Run(t)
}

// A sink that has nothing to write learns that its broker has gone.
func TestIdleSinkNoticesTheLoss(t *testing.T) {
	broker := servers.Mosquitto(t)
	s := openSink(t, registry(), map[string]any{"server": "tcp://" + broker.Addr(), "topic": "out", "timeout": "20s"})
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	defer s.Close(context.Background())
	for range 2 { // and again after it is connected anew
		for s.Connect(ctx) != nil && ctx.Err() == nil {
		}
		broker.Kill()
		select {
		case err := <-s.(connector.Monitored).Lost():
			if !errors.Is(err, connector.ErrNotConnected) {
				t.Error(err)
			}
		case <-ctx.Done():
			t.Fatal("the loss is not told")
		}
		broker.Start(t)
	}
}

// A source of two topics hears twice of the end of a connection; the second
// news must not end the next one.
func TestLossOfTwoTopicsIsOneLoss(t *testing.T) {
	url := "tcp://" + servers.Mosquitto(t).Addr()
	s := openSource(t, registry(), map[string]any{"datasource": "a, b", "server": url, "timeout": "20s"}).(*source)
	defer s.Close(context.Background())
	ended, end := context.WithCancel(t.Context())
	end()
	if err := s.Connect(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.lost(io.EOF)
	if _, _, err := s.Read(ended); !errors.Is(err, connector.ErrNotConnected) {
		t.Errorf("the loss is not told: %v", err)
	}
	s.lost(io.EOF)
	if err := s.Connect(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.Read(ended); !errors.Is(err, context.Canceled) {
		t.Errorf("after it is connected again: %v", err)
	}
}

// A message that nobody has acknowledged comes again after a reconnect of a
// session that the broker keeps.
func TestUnacknowledgedComesAgain(t *testing.T) {
	url := "tcp://" + servers.Mosquitto(t).Addr()
	r := registry()
	s := openSource(t, r, map[string]any{"datasource": "in", "server": url, "qos": 1, "clientid": "keeper", "enableClientSession": true, "timeout": "20s"})
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := s.Connect(ctx); err != nil {
		t.Fatal(err)
	}
	defer s.Close(context.Background())
	done(t, dial(t, url).Publish("in", 1, false, "once"))
	msgs, ack, err := s.Read(ctx)
	if err != nil || len(msgs) != 1 {
		t.Fatal(msgs, err)
	}
	ack(context.Canceled)
	for {
		msgs, ack, err = s.Read(ctx)
		if err == nil {
			break
		}
		if err := s.Connect(ctx); err != nil {
			t.Fatal(err)
		}
	}
	if string(msgs[0].Payload) != "once" {
		t.Fatal(string(msgs[0].Payload))
	}
	ack(nil)
}
