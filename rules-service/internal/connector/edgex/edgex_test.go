package edgex

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/edgexfoundry/go-mod-bootstrap/v3/config"
	"github.com/edgexfoundry/go-mod-messaging/v3/pkg/types"
	"github.com/google/uuid"

	"sluice/rules-service/internal/connector"
	"sluice/rules-service/internal/connectortest"
	"sluice/tests/servers"
	"sluice/tests/servers/natsserver"
)

var env = connector.Env{Log: slog.New(slog.DiscardHandler)}

// server is a bus that a test can end and start again.
type server interface {
	Kill()
	Start(t testing.TB)
}

// buses are the real buses of EdgeX.
func buses(t *testing.T, test func(t *testing.T, bus Bus, s server)) {
	info := func(kind, protocol string, port int, optional map[string]string) Bus {
		return Bus{MessageBusInfo: config.MessageBusInfo{Type: kind, Protocol: protocol, Host: "127.0.0.1", Port: port, Optional: optional}}
	}
	t.Run("redis", func(t *testing.T) {
		p := servers.Redis(t)
		test(t, info("redis", "redis", p.Port, nil), p)
	})
	t.Run("mqtt", func(t *testing.T) {
		p := servers.Mosquitto(t)
		test(t, info("mqtt", "tcp", p.Port, map[string]string{"ClientId": "app-rules", "Qos": "0"}), p)
	})
	t.Run("nats-core", func(t *testing.T) {
		p := natsserver.Start(t)
		test(t, info("nats-core", "tcp", p.Port, nil), p)
	})
	t.Run("nats-jetstream", func(t *testing.T) {
		p := natsserver.Start(t)
		test(t, info("nats-jetstream", "tcp", p.Port, map[string]string{"AutoProvision": "true", "Subject": "edgex/#"}), p)
	})
}

// dial is a client of another service.
func dial(t *testing.T, bus Bus) client {
	t.Helper()
	c, err := newClient(bus.config(), make(chan error, 1))
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Connect(); err != nil {
		t.Fatal(err)
	}
	return c
}

func newSource(t *testing.T, bus Bus, props map[string]any) connector.Source {
	t.Helper()
	r := connector.NewRegistry()
	Register(r, bus)
	info, err := r.Source("edgex")
	if err != nil {
		t.Fatal(err)
	}
	c, err := info.Decode(props, env)
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
	buses(t, func(t *testing.T, bus Bus, s server) {
		h := connectortest.Source{
			New: func(t *testing.T) connector.Source { return newSource(t, bus, nil) },
			Send: func(t *testing.T, payloads ...string) {
				c := dial(t, bus)
				defer c.Disconnect()
				for _, p := range payloads {
					m := types.NewMessageEnvelope([]byte(p), t.Context())
					if err := c.Publish(m, "edgex/events/device/svc/P/d/s"); err != nil {
						t.Fatal(err)
					}
				}
			},
			Break: func(*testing.T) { s.Kill() },
			Mend:  func(t *testing.T) { s.Start(t) },
		}
		h.Run(t)
	})
}

// The client of an earlier attempt to connect does not end the present one.
func TestLateNewsOfALoss(t *testing.T) {
	s := &source{inbox: connector.NewInbox[types.MessageEnvelope]()}
	ended, end := context.WithCancel(t.Context())
	end()
	first, second := s.begin(), s.begin()
	s.failed(first, io.EOF)
	if _, err := s.inbox.Take(ended); !errors.Is(err, context.Canceled) {
		t.Errorf("of the first: %v", err)
	}
	s.failed(second, io.EOF)
	if _, err := s.inbox.Take(ended); !errors.Is(err, connector.ErrNotConnected) {
		t.Errorf("of the second: %v", err)
	}
}

// What is no event is ignored, and the connection stays.
func TestSourceIgnores(t *testing.T) {
	buses(t, func(t *testing.T, bus Bus, _ server) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		s := newSource(t, bus, nil)
		if err := s.Connect(ctx); err != nil {
			t.Fatal(err)
		}
		defer s.Close(context.Background())
		c := dial(t, bus)
		defer c.Disconnect()
		topic := "edgex/events/device/svc/P/d/s"
		good := types.MessageEnvelope{CorrelationID: "c1", Payload: []byte(`{"x":1}`)} // apiVersion "" as app services send it
		for _, m := range []types.MessageEnvelope{{}, good} {
			if err := c.Publish(m, topic); err != nil {
				t.Fatal(err)
			}
		}
		msgs, ack, err := s.Read(ctx)
		if err != nil || ack != nil || len(msgs) != 1 || string(msgs[0].Payload) != `{"x":1}` {
			t.Fatal(msgs, err)
		}
		if m := msgs[0].Meta; m.Get("correlationid").Str() != "c1" || m.Get("topic").Str() != topic || !m.Get("x").IsMissing() {
			t.Fatal(m.All().Object())
		}
		r := s.(connector.Receiver).Reception()
		if r.Topic != "edgex/events/device/#" || r.LastTopic != topic || r.Ignored["empty"] != 1 || !strings.Contains(r.LastIgnored, topic) {
			t.Errorf("reception: %+v", r)
		}
	})
}

// What is no envelope is counted, and told once.
func TestUnreadableMessages(t *testing.T) {
	var log strings.Builder
	s := &source{topic: "edgex/#", inbox: connector.NewInbox[types.MessageEnvelope](), log: slog.New(slog.NewTextHandler(&log, nil))}
	for range 3 {
		s.failed(s.begin(), classify(errors.New("unable to unmarshal payload: invalid character 'x'")))
	}
	if r := s.Reception(); r.Ignored["unreadable"] != 3 || !strings.Contains(r.LastIgnored, "no EdgeX envelope") {
		t.Errorf("reception: %+v", r)
	}
	if n := strings.Count(log.String(), "level=WARN"); n != 1 {
		t.Errorf("%d warnings\n%s", n, log.String())
	}
	ended, end := context.WithCancel(t.Context())
	end()
	if _, err := s.inbox.Take(ended); !errors.Is(err, context.Canceled) {
		t.Errorf("the connection is given up: %v", err)
	}
}

// device is a device service that answers set commands.
func device(t *testing.T, bus Bus, answer func(topic string, body map[string]string) error) {
	t.Helper()
	c := dial(t, bus)
	messages, errs := make(chan types.MessageEnvelope, 10), make(chan error, 10)
	const topic = "edgex/device/command/request/svc/#"
	if err := c.Subscribe([]types.TopicChannel{{Topic: topic, Messages: messages}}, errs); err != nil {
		t.Fatal(err)
	}
	ended, done := make(chan struct{}), make(chan struct{})
	t.Cleanup(func() {
		close(ended)
		<-done // the last answer may have come before it was acknowledged here
		_ = c.Unsubscribe(topic)
		_ = c.Disconnect()
	})
	go func() {
		defer close(done)
		for {
			select {
			case m := <-messages:
				reply(t, c, m, answer)
			case <-ended:
				return
			}
		}
	}()
}

func reply(t *testing.T, c client, m types.MessageEnvelope, answer func(string, map[string]string) error) {
	for _, id := range []string{m.RequestID, m.CorrelationID} {
		if _, err := uuid.Parse(id); err != nil {
			t.Error("an id is no uuid:", id)
		}
	}
	var body map[string]string
	if err := json.Unmarshal(m.Payload, &body); err != nil {
		t.Error(err)
	}
	out, err := types.NewMessageEnvelopeForResponse(nil, m.RequestID, m.CorrelationID, "application/json")
	if err != nil {
		t.Error(err)
	}
	switch err := answer(m.ReceivedTopic, body); {
	case errors.Is(err, errSilent):
		return
	case err != nil:
		out = types.NewMessageEnvelopeWithError(m.RequestID, err.Error())
	}
	if err := c.Publish(out, "edgex/response/svc/"+m.RequestID); err != nil {
		t.Error(err)
	}
}

var errSilent = errors.New("no answer")

// commandSink has a time limit for the answer of the device service.
func commandSink(t *testing.T, bus Bus, timeout time.Duration) connector.Sink {
	t.Helper()
	r := connector.NewRegistry()
	Register(r, bus)
	info, err := r.Sink("edgexCommand")
	if err != nil {
		t.Fatal(err)
	}
	c, err := info.Decode(map[string]any{"deviceName": "boiler-1", "commandName": "{{.c}}", "timeout": timeout.String()}, env)
	if err != nil {
		t.Fatal(err)
	}
	s, err := c.Open()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestCommand(t *testing.T) {
	metadata := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasSuffix(r.URL.Path, "/api/v3/device/name/boiler-1") {
			w.WriteHeader(http.StatusNotFound)
			fmt.Fprint(w, `{"message":"no such device"}`)
			return
		}
		fmt.Fprint(w, `{"device":{"serviceName":"svc"}}`)
	}))
	defer metadata.Close()
	buses(t, func(t *testing.T, bus Bus, _ server) {
		bus.Metadata = metadata.URL
		got := make(chan string, 10)
		device(t, bus, func(topic string, body map[string]string) error {
			b, _ := json.Marshal(body)
			got <- topic + " " + string(b)
			switch body["Burner"] {
			case "refuse":
				return errors.New("no such value")
			case "silent":
				return errSilent
			}
			return nil
		})
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
		defer cancel()
		s := commandSink(t, bus, time.Minute)
		if err := s.Connect(ctx); err != nil {
			t.Fatal(err)
		}
		defer s.Close(context.Background())
		impatient := commandSink(t, bus, 300*time.Millisecond)
		if err := impatient.Connect(ctx); err != nil {
			t.Fatal(err)
		}
		defer impatient.Close(context.Background())
		set := func(s connector.Sink, device, payload string) error {
			return s.Write(ctx, []connector.Outbound{{Payload: []byte(payload), Values: map[string]string{"deviceName": device, "commandName": "Values"}}})
		}
		write := func(device, payload string) error { return set(s, device, payload) }
		if err := write("boiler-1", `[{"Burner":false,"Setpoint":1000000,"Big":9007199254740993}]`); err != nil {
			t.Fatal(err)
		}
		if g, want := <-got, `edgex/device/command/request/svc/boiler-1/Values/set {"Big":"9007199254740993","Burner":"false","Setpoint":"1000000"}`; g != want {
			t.Errorf("\n got %s\nwant %s", g, want)
		}
		var permanent *connector.Permanent
		if err := write("boiler-1", `{"Burner":"refuse"}`); !errors.As(err, &permanent) || !strings.Contains(err.Error(), "no such value") {
			t.Errorf("refused: %v", err)
		}
		if err := set(impatient, "boiler-1", `{"Burner":"silent"}`); err == nil || errors.As(err, &permanent) {
			t.Errorf("silent: %v", err)
		}
		if err := write("boiler-9", `{"Burner":1}`); !errors.As(err, &permanent) || !strings.Contains(err.Error(), "no such device") {
			t.Errorf("unknown device: %v", err)
		}
		if err := write("boiler-1", `5`); !errors.As(err, &permanent) {
			t.Errorf("no object: %v", err)
		}
	})
}
