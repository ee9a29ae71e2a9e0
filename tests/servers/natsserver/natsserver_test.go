package natsserver

import (
	"testing"

	"github.com/nats-io/nats.go"
)

func TestServerComesBackWithItsStreams(t *testing.T) {
	s := Protected(t, "u", "secret")
	connect := func() nats.JetStreamContext {
		c, err := nats.Connect("nats://"+s.Addr(), nats.UserInfo("u", "secret"))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(c.Close)
		js, err := c.JetStream()
		if err != nil {
			t.Fatal(err)
		}
		return js
	}
	if _, err := connect().AddStream(&nats.StreamConfig{Name: "s", Subjects: []string{"a.>"}}); err != nil {
		t.Fatal(err)
	}
	s.Kill()
	if _, err := nats.Connect("nats://" + s.Addr()); err == nil {
		t.Fatal("listens after Kill")
	}
	s.Start(t)
	if _, err := connect().StreamInfo("s"); err != nil {
		t.Error(err)
	}
	if _, err := nats.Connect("nats://" + s.Addr()); err == nil {
		t.Error("lets everybody in")
	}
}
