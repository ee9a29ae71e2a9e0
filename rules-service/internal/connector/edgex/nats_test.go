package edgex

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/edgexfoundry/go-mod-bootstrap/v3/config"
	"github.com/edgexfoundry/go-mod-messaging/v3/pkg/types"
	"github.com/nats-io/nats.go"

	"sluice/rules-service/internal/connector"
	"sluice/tests/servers"
	"sluice/tests/servers/natsserver"
)

func natsBus(kind string, port int, optional map[string]string) Bus {
	return Bus{MessageBusInfo: config.MessageBusInfo{Type: kind, Protocol: "tcp", Host: "127.0.0.1", Port: port, Optional: optional}}
}

// A durable consumer keeps what is published while the service is away.
func TestDurableConsumer(t *testing.T) {
	s := natsserver.Start(t)
	bus := natsBus("nats-jetstream", s.Port, map[string]string{"AutoProvision": "true", "Subject": "edgex/#", "Durable": "rules"})
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	source := newSource(t, bus, nil)
	c := dial(t, bus)
	defer c.Disconnect()
	away := func(context.Context) error { // for the server: it may send to who has just gone, and again after 30 s
		info, err := c.(*natsClient).js.ConsumerInfo("rules", "rules")
		if err == nil && info.PushBound {
			err = errors.New("the consumer is still bound")
		}
		return err
	}
	for i := range 3 {
		if i > 0 { // published while nobody reads; at first there is no consumer yet
			if err := servers.Poll(ctx, away); err != nil {
				t.Fatal(err)
			}
			publishText(t, c, fmt.Sprint(i))
		}
		if err := source.Connect(ctx); err != nil {
			t.Fatal(err)
		}
		if i > 0 {
			if msgs, _, err := source.Read(ctx); err != nil || string(msgs[0].Payload) != fmt.Sprint(i) {
				t.Fatal(msgs, err)
			}
		}
		if err := source.Close(ctx); err != nil {
			t.Fatal(err)
		}
	}
}

// Answers to commands come beside the durable consumer of the events.
func TestCommandBesideADurableConsumer(t *testing.T) {
	s := natsserver.Start(t)
	bus := natsBus("nats-jetstream", s.Port, map[string]string{"AutoProvision": "true", "Subject": "edgex/#", "Durable": "rules"})
	source := newSource(t, bus, nil)
	if err := source.Connect(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer source.Close(context.Background())
	device(t, Bus{MessageBusInfo: passingInfo(bus)}, func(string, map[string]string) error { return nil })
	c := openCommand(t, bus, map[string]any{"deviceName": "d", "commandName": "c", "serviceName": "svc", "timeout": "1m"})
	if err := c.Connect(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer c.Close(context.Background())
	if err := c.Write(t.Context(), []connector.Outbound{{Payload: []byte(`{"x":1}`)}}); err != nil {
		t.Error(err)
	}
}

// passingInfo is the bus of a service that keeps nothing.
func passingInfo(b Bus) config.MessageBusInfo {
	info := b.MessageBusInfo
	info.Optional = passing(b.config()).Optional
	return info
}

func publishText(t *testing.T, c client, text string) {
	t.Helper()
	if err := c.Publish(types.MessageEnvelope{Payload: []byte(text), CorrelationID: text}, "edgex/events/device/svc/P/d/s"); err != nil {
		t.Fatal(err)
	}
}

// Wrong credentials are told at once, and a sink does not believe that the
// server has taken what it refuses.
func TestRefusedByNATS(t *testing.T) {
	s := natsserver.Protected(t, "u", "secret")
	bus := natsBus("nats-core", s.Port, map[string]string{"Username": "u", "Password": "wrong"})
	err := newSource(t, bus, nil).Connect(t.Context())
	if err == nil || strings.Contains(err.Error(), "wrong") {
		t.Fatalf("wrong password: %v", err)
	}
	good := map[string]any{"optional": map[string]any{"Password": "secret"}} // the user name stays the service's
	source := newSource(t, bus, good)
	if err := source.Connect(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := source.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	good["topic"] = natsserver.Denied + "/a"
	sink := newSink(t, bus, good)
	if err := sink.Connect(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer sink.Close(context.Background())
	err = sink.Write(t.Context(), []connector.Outbound{outbound(rows(t, map[string]any{"a": 1.5}))})
	if !errors.Is(err, connector.ErrConnectionLost) {
		t.Errorf("refused topic: %v", err)
	}
}

// Without a stream for its topic an event is not lost: the sink says so.
func TestNoStream(t *testing.T) {
	s := natsserver.Start(t)
	sink := newSink(t, natsBus("nats-jetstream", s.Port, map[string]string{"DefaultPubRetryAttempts": "0"}), nil)
	if err := sink.Connect(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer sink.Close(context.Background())
	err := sink.Write(t.Context(), []connector.Outbound{outbound(rows(t, map[string]any{"a": 1.5}))})
	var permanent *connector.Permanent
	if !errors.Is(err, nats.ErrNoStreamResponse) || errors.As(err, &permanent) {
		t.Error(err)
	}
}

// What is on the wire comes back, in both formats.
func TestNATSFormats(t *testing.T) {
	in := types.MessageEnvelope{CorrelationID: "c", RequestID: "r", ErrorCode: 1, Payload: []byte("x"), ContentType: "text/plain",
		QueryParams: map[string]string{"ds-pushevent": "true", "url": "http://h:1"}}
	in.ApiVersion = "v3"
	for _, format := range []string{"nats", "json"} {
		n := &natsClient{config: types.MessageBusConfig{Optional: map[string]string{"Format": format}}}
		m, err := n.message(in, "edgex/events/a")
		if err != nil || m.Subject != "edgex.events.a" {
			t.Fatal(m, err)
		}
		out, err := n.envelope(m)
		if err != nil || out.ReceivedTopic != "edgex/events/a" || fmt.Sprint(string(out.Payload), out.ApiVersion, out.CorrelationID, out.RequestID, out.ErrorCode, out.ContentType, out.QueryParams) !=
			fmt.Sprint(string(in.Payload), in.ApiVersion, in.CorrelationID, in.RequestID, in.ErrorCode, in.ContentType, in.QueryParams) {
			t.Errorf("%s: %+v %v", format, out, err)
		}
	}
}

func FuzzNATSMessage(f *testing.F) {
	f.Add(true, []byte(`{"payload":"eA=="}`), "1", "a:b")
	f.Add(false, []byte("x"), "", ":")
	f.Fuzz(func(t *testing.T, json bool, data []byte, code, query string) {
		n := &natsClient{config: types.MessageBusConfig{Optional: map[string]string{"Format": map[bool]string{true: "json"}[json]}}}
		m := &nats.Msg{Subject: "a.b", Data: data, Header: nats.Header{headerErrorCode: {code}, headerQueryParams: {query}}}
		if e, err := n.envelope(m); err != nil && !errors.Is(err, errUnreadable) || e.ReceivedTopic != "a/b" {
			t.Fatal(e, err)
		}
	})
}
