package edgex

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/edgexfoundry/go-mod-core-contracts/v3/dtos"
	"github.com/edgexfoundry/go-mod-core-contracts/v3/dtos/requests"
	"github.com/edgexfoundry/go-mod-messaging/v3/pkg/types"
	"github.com/fxamacker/cbor/v2"

	"sluice/rules-service/internal/codec"
	"sluice/rules-service/internal/connector"
	"sluice/rules-service/internal/connectortest"
	"sluice/sqlengine/value"
)

// decodeSink makes a sink from properties.
func decodeSink(bus Bus, props map[string]any) (*connector.SinkConfig, error) {
	r := connector.NewRegistry()
	Register(r, bus)
	info, err := r.Sink("edgex")
	if err != nil {
		return nil, err
	}
	return info.Decode(props, env)
}

func newSink(t *testing.T, bus Bus, props map[string]any) connector.Sink {
	t.Helper()
	c, err := decodeSink(bus, props)
	if err != nil {
		t.Fatal(err)
	}
	if !c.Rows {
		t.Fatal("the sink takes rows")
	}
	s, err := c.Open()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// rows are a payload as delivery makes it.
func rows(t testing.TB, in ...map[string]any) []byte {
	t.Helper()
	var out []*value.Fields
	for _, m := range in {
		v, err := value.Of(m)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, v.Object())
	}
	return codec.AppendRows(nil, out)
}

// listener notes what is published below a topic.
type listener struct {
	mu   sync.Mutex
	got  []types.MessageEnvelope
	link *link
}

func listen(t *testing.T, bus Bus, topic string) *listener {
	t.Helper()
	l := &listener{}
	l.open(t, bus, topic)
	t.Cleanup(func() { _ = l.link.end(context.Background()) })
	return l
}

func (l *listener) open(t *testing.T, bus Bus, topic string) {
	t.Helper()
	var err error
	if l.link, err = connect(t.Context(), bus.config(), []string{topic}, l.note, func(error) {}); err != nil {
		t.Fatal(err)
	}
}

func (l *listener) note(m types.MessageEnvelope) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(m.Payload) > 0 {
		l.got = append(l.got, m)
	}
}

func (l *listener) all() []types.MessageEnvelope {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]types.MessageEnvelope(nil), l.got...)
}

// next waits for the message with that index.
func (l *listener) next(t *testing.T, i int) types.MessageEnvelope {
	t.Helper()
	deadline := time.Now().Add(time.Minute)
	for time.Now().Before(deadline) {
		if got := l.all(); len(got) > i {
			return got[i]
		}
		time.Sleep(time.Millisecond)
	}
	t.Fatalf("message %d does not come", i)
	return types.MessageEnvelope{}
}

func TestSinkConformance(t *testing.T) {
	buses(t, func(t *testing.T, bus Bus, s server) {
		const topic = "edgex/rules-events"
		l := listen(t, bus, topic)
		message := func(payload string) connector.Outbound {
			return connector.Outbound{Rule: "r", Payload: rows(t, map[string]any{"text": payload})}
		}
		h := connectortest.Sink{
			New: func(t *testing.T) connector.Sink { return newSink(t, bus, map[string]any{"topic": topic}) },
			Received: func(t *testing.T) (out []string) {
				for _, m := range l.all() {
					var e dtos.Event
					if err := json.Unmarshal(m.Payload, &e); err != nil {
						t.Fatal(err)
					}
					out = append(out, e.Readings[0].Value)
				}
				return out
			},
			Message: message,
			Bad:     &connector.Outbound{Rule: "r", Payload: []byte("no rows")},
			Break:   func(*testing.T) { s.Kill() },
			Mend: func(t *testing.T) {
				s.Start(t)
				l.link.close()
				l.open(t, bus, topic)
			},
		}
		h.Run(t)
	})
}

// The forms in which events leave: what device services and core-data read.
func TestSinkForms(t *testing.T) {
	buses(t, func(t *testing.T, bus Bus, _ server) {
		l := listen(t, bus, "edgex/#")
		n := 0
		publish := func(props map[string]any, m connector.Outbound) types.MessageEnvelope {
			s := newSink(t, bus, props)
			if err := s.Connect(t.Context()); err != nil {
				t.Fatal(err)
			}
			defer s.Close(context.Background())
			if err := s.Write(t.Context(), []connector.Outbound{m}); err != nil {
				t.Fatal(err)
			}
			n++
			return l.next(t, n-1)
		}
		m := connector.Outbound{Rule: "rule1", Payload: rows(t, map[string]any{"a": int64(1)}, map[string]any{"b": true})}

		got := publish(map[string]any{"topic": "edgex/rules-events"}, m)
		var e dtos.Event
		if err := json.Unmarshal(got.Payload, &e); err != nil {
			t.Fatal(err)
		}
		if e.ApiVersion != "v3" || e.DeviceName != "ekuiper" || e.ProfileName != "ekuiperProfile" || e.SourceName != "rule1" || len(e.Readings) != 2 {
			t.Errorf("event: %+v", e)
		}
		if got.ApiVersion != "v3" || got.ContentType != "application/json" || got.CorrelationID == "" || got.ReceivedTopic != "edgex/rules-events" {
			t.Errorf("envelope: %+v", got)
		}

		request := map[string]any{"topicPrefix": "edgex/events/device/svc", "messageType": "request", "deviceName": "d 1", "profileName": "P/Q", "sourceName": "s"}
		got = publish(request, m)
		var r requests.AddEventRequest
		if err := json.Unmarshal(got.Payload, &r); err != nil { // validates
			t.Fatal(err)
		}
		if r.ApiVersion != "v3" || r.RequestId == "" || r.Event.DeviceName != "d 1" || r.Event.SourceName != "s" {
			t.Errorf("request: %+v", r)
		}
		if got.ReceivedTopic != "edgex/events/device/svc/P%2FQ/d%201/s" {
			t.Errorf("topic %s", got.ReceivedTopic)
		}

		request["contentType"] = "application/cbor"
		blob := connector.Outbound{Rule: "r", Payload: rows(t, map[string]any{"blob": []byte{0, 255}})}
		for name, m := range map[string]connector.Outbound{"asked for": m, "bytes": blob} {
			if name == "bytes" {
				delete(request, "contentType")
			} else {
				request["contentType"] = "application/cbor"
			}
			got = publish(request, m)
			r = requests.AddEventRequest{}
			if err := cbor.Unmarshal(got.Payload, &r); err != nil || got.ContentType != "application/cbor" {
				t.Fatalf("%s: %v, %s", name, err, got.ContentType)
			}
		}
	})
}

func TestSinkProperties(t *testing.T) {
	for _, c := range []struct {
		props map[string]any
		want  string
	}{
		{map[string]any{"topic": "a", "topicPrefix": "b"}, "topic and topicPrefix exclude each other"},
		{map[string]any{"topic": "a/#"}, `property "topic": "a/#" cannot be published to`},
		{map[string]any{"contentType": "application/cbor"}, "goes with messageType request"},
		{map[string]any{"contentType": "text/plain"}, "there are application/json and application/cbor"},
		{map[string]any{"messageType": "events"}, "there are event and request"},
		{map[string]any{"type": "zeromq"}, "there are mqtt, nats-core, nats-jetstream and redis"},
		{map[string]any{"optional": map[string]any{"Passwort": "geheim"}}, `unknown setting "Passwort"; did you mean "Password"?`},
		{map[string]any{"optional": map[string]any{"Qos": "10"}}, `"Qos" is "0", "1" or "2"`},
		{map[string]any{"optional": map[string]any{"keepalive": "ten"}}, `"KeepAlive" is a whole number as text`},
	} {
		_, err := decodeSink(Bus{}, c.props)
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "geheim") {
			t.Errorf("%v: %v", c.props, err)
		}
	}
}

// Two actions share a sink only if neither misses a template of the other.
func TestSinkKeys(t *testing.T) {
	key := func(props map[string]any) string {
		c, err := decodeSink(Bus{}, props)
		if err != nil {
			t.Fatal(err)
		}
		return c.Key
	}
	if key(map[string]any{"topic": "a"}) != key(map[string]any{"topic": "b"}) {
		t.Error("topics alone make two sinks")
	}
	if key(map[string]any{"topic": "a"}) == key(map[string]any{"topicPrefix": "a"}) || key(nil) == key(map[string]any{"sourceName": "s"}) {
		t.Error("a sink takes the place of another that has other templates")
	}
	if key(map[string]any{"optional": map[string]any{"Password": "a"}}) == key(map[string]any{"optional": map[string]any{"Password": "b"}}) {
		t.Error("passwords are not told apart")
	}
}

// What a template makes of a topic is wrong for its message alone.
func TestSinkRefusesATopic(t *testing.T) {
	s := &sink{config: SinkConfig{MessageType: "event"}, maker: maker{now: func() int64 { return 1 }}, log: env.Log}
	_, err := s.compose(&connector.Outbound{Payload: rows(t, map[string]any{"a": 1.5}), Values: map[string]string{"topic": "a/+"}})
	if err == nil || !strings.Contains(err.Error(), "cannot be published to") {
		t.Error(err)
	}
	p, err := s.compose(&connector.Outbound{Payload: rows(t, map[string]any{"a": nil})})
	if p != nil || err != nil {
		t.Errorf("a result of NULLs gives %v, %v", p, err)
	}
	if _, err = s.compose(&connector.Outbound{Payload: rows(t, map[string]any{"a": []any{nil}})}); err == nil {
		t.Error("a result that does not fit at all is no event")
	}
	var partial *connector.Partial
	if err := s.Write(t.Context(), nil); !errors.Is(err, connector.ErrNotConnected) || errors.As(err, &partial) {
		t.Error(err)
	}
}

func outbound(payload []byte) connector.Outbound {
	return connector.Outbound{Payload: payload, Rule: "r"}
}
