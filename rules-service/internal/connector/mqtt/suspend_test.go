package mqtt

import (
	"context"
	"testing"

	"sluice/rules-service/internal/connector"
	"sluice/rules-service/internal/connectortest"
	"sluice/tests/servers"
)

// A broker that keeps the session keeps what comes between a Suspend and the
// next Connect; after a Close it does not.
func TestSuspendKeepsTheSubscription(t *testing.T) {
	broker := servers.Mosquitto(t)
	url := "tcp://" + broker.Addr()
	reg := registry()
	props := map[string]any{"datasource": "kept/+", "server": url, "clientid": "suspended", "enableClientSession": true}
	info, err := reg.Source("mqtt")
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]bool{"kept": true, "qos 0": false, "without a session": false} {
		p := map[string]any{"datasource": "x", "server": url, "clientid": "c", "enableClientSession": name != "without a session"}
		if name == "qos 0" {
			p["qos"] = 0
		}
		if c, err := info.Decode(p, connectortest.Quiet()); err != nil || c.Durable != want {
			t.Errorf("%s: durable is not %v, %v", name, want, err)
		}
	}

	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	s := openSource(t, reg, props)
	if err := s.Connect(ctx); err != nil {
		t.Fatal(err)
	}
	if err := s.(connector.Suspender).Suspend(ctx); err != nil {
		t.Fatal(err)
	}
	pub := dial(t, url)
	done(t, pub.Publish("kept/1", 1, false, "while away"))

	s = openSource(t, reg, props)
	if err := s.Connect(ctx); err != nil {
		t.Fatal(err)
	}
	msgs, ack, err := s.Read(ctx)
	if err != nil || len(msgs) != 1 || string(msgs[0].Payload) != "while away" {
		t.Fatalf("%v, %v", msgs, err)
	}
	ack(nil)
	if err := s.Close(ctx); err != nil {
		t.Fatal(err)
	}
	done(t, pub.Publish("kept/1", 1, false, "nobody reads it"))

	s = openSource(t, reg, props)
	if err := s.Connect(ctx); err != nil {
		t.Fatal(err)
	}
	defer s.Close(context.WithoutCancel(ctx))
	done(t, pub.Publish("kept/1", 1, false, "now"))
	if msgs, _, err := s.Read(ctx); err != nil || string(msgs[0].Payload) != "now" {
		t.Errorf("after Close there came %v, %v", msgs, err)
	}
}
