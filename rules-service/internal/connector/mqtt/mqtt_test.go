package mqtt

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"

	"sluice/rules-service/internal/connector"
	"sluice/rules-service/internal/connectortest"
	"sluice/tests/servers"
)

// plain is a client of the test's own. It subscribes again by itself.
func plain(t *testing.T, url string, onConnect func(paho.Client)) paho.Client {
	t.Helper()
	c := paho.NewClient(paho.NewClientOptions().AddBroker(url).SetAutoReconnect(true).SetMaxReconnectInterval(100 * time.Millisecond).
		SetConnectRetry(true).SetConnectRetryInterval(50 * time.Millisecond).
		SetOnConnectHandler(func(c paho.Client) { onConnect(c) }))
	if tok := c.Connect(); !tok.WaitTimeout(10*time.Second) || tok.Error() != nil {
		t.Fatal(tok.Error())
	}
	t.Cleanup(func() { c.Disconnect(0) })
	return c
}

func env() connector.Env { return connector.Env{Log: slog.New(slog.DiscardHandler)} }

func registry() *connector.Registry {
	r := connector.NewRegistry()
	Register(r)
	return r
}

func openSource(t *testing.T, r *connector.Registry, props map[string]any) connector.Source {
	t.Helper()
	info, err := r.Source("mqtt")
	if err != nil {
		t.Fatal(err)
	}
	c, err := info.Decode(props, env())
	if err != nil {
		t.Fatal(err)
	}
	s, err := c.Open()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func openSink(t *testing.T, r *connector.Registry, props map[string]any) connector.Sink {
	t.Helper()
	info, err := r.Sink("mqtt")
	if err != nil {
		t.Fatal(err)
	}
	c, err := info.Decode(props, env())
	if err != nil {
		t.Fatal(err)
	}
	s, err := c.Open()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSourceConformance(t *testing.T) {
	for _, qos := range []int{0, 1} {
		t.Run(fmt.Sprint("qos ", qos), func(t *testing.T) {
			broker := servers.Mosquitto(t)
			url := "tcp://" + broker.Addr()
			up := make(chan struct{}, 16)
			publisher := plain(t, url, func(paho.Client) { up <- struct{}{} })
			<-up
			r := registry()
			h := connectortest.Source{
				Acks: qos > 0,
				New: func(t *testing.T) connector.Source {
					return openSource(t, r, map[string]any{"datasource": "in/+/x, other", "server": url, "qos": qos})
				},
				Send: func(t *testing.T, payloads ...string) {
					for i, p := range payloads {
						tok := publisher.Publish("in/a/x", 1, false, p)
						if i == len(payloads)-1 && (!tok.WaitTimeout(10*time.Second) || tok.Error() != nil) {
							t.Fatal(tok.Error())
						}
					}
				},
				Break: func(*testing.T) { broker.Kill() },
				Mend:  func(t *testing.T) { broker.Start(t); <-up },
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
	up := make(chan struct{}, 16)
	plain(t, url, func(c paho.Client) {
		go func() {
			c.Subscribe("out/#", 1, func(_ paho.Client, m paho.Message) {
				mu.Lock()
				defer mu.Unlock()
				got = append(got, string(m.Payload()))
			}).Wait()
			up <- struct{}{}
		}()
	})
	<-up
	r := registry()
	h := connectortest.Sink{
		New: func(t *testing.T) connector.Sink {
			return openSink(t, r, map[string]any{"server": url, "topic": "out/{{.x}}", "qos": 1})
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
		Mend:  func(t *testing.T) { broker.Start(t); <-up },
	}
	h.Run(t)
}

// A message that nobody has acknowledged comes again after a reconnect of a
// session that the broker keeps.
func TestUnacknowledgedComesAgain(t *testing.T) {
	url := "tcp://" + servers.Mosquitto(t).Addr()
	r := registry()
	s := openSource(t, r, map[string]any{"datasource": "in", "server": url, "qos": 1, "clientid": "keeper", "enableClientSession": true})
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	if err := s.Connect(ctx); err != nil {
		t.Fatal(err)
	}
	defer s.Close(context.Background())
	publisher := plain(t, url, func(paho.Client) {})
	publisher.Publish("in", 1, false, "once").Wait()
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
