package mqttclient

import (
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"

	"sluice/tests/servers"
)

// What the broker has kept comes with the connection, before the streams have
// subscribed: it waits for them, in order.
func TestKeptMessagesWaitForTheirSubscription(t *testing.T) {
	broker := servers.Mosquitto(t)
	o := options(broker.Addr())
	o.ClientID, o.KeepSession = "kept", true
	got := make(chan string, 100)
	take := func(m *Message) { got <- string(m.Payload()); m.Ack() }

	p := NewPool()
	c, err := p.Acquire(o, quiet, "a/+")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Subscribe([]string{"a/+"}, 1, take, func(error) {}); err != nil {
		t.Fatal(err)
	}
	connect(t, c)
	c.Release("a/+") // without the end of the subscription

	other := acquire(t, p, options(broker.Addr()))
	connect(t, other)
	for i := range 10 {
		tok, err := other.Publish("a/x", 1, false, fmt.Append(nil, i))
		if err != nil {
			t.Fatal(err)
		}
		<-tok.Done()
	}

	c = acquire(t, p, o, "a/+")
	connect(t, c)
	waiting := func() int {
		c.straying.Lock()
		defer c.straying.Unlock()
		return len(c.strays)
	}
	for deadline := time.Now().Add(time.Minute); waiting() < 10; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d of 10 messages have come", waiting())
		}
	}
	s, err := c.Subscribe([]string{"a/+"}, 1, take, func(error) {})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	for i := range 10 {
		select {
		case m := <-got:
			if m != fmt.Sprint(i) {
				t.Fatalf("message %s came as number %d", m, i)
			}
		case <-time.After(time.Minute):
			t.Fatalf("message %d is lost", i)
		}
	}
}

// acked is a message of a broker that counts acknowledgements.
type acked struct {
	paho.Message
	n *atomic.Int32
}

func (a acked) Qos() byte     { return 1 }
func (a acked) Topic() string { return "nobody/wants/it" }
func (a acked) Ack()          { a.n.Add(1) }

// What nobody wants does not stop the broker for ever.
func TestUnwantedMessagesAreGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := new(atomic.Int32)
		c := newClient(NewPool(), Options{KeepSession: true}, quiet)
		for range 3 {
			c.route(nil, acked{n: n})
		}
		time.Sleep(strayTime - time.Nanosecond)
		synctest.Wait()
		if n.Load() != 0 {
			t.Errorf("%d were given up early", n.Load())
		}
		time.Sleep(time.Nanosecond)
		synctest.Wait()
		if n.Load() != 3 {
			t.Errorf("%d of 3 were given up", n.Load())
		}
		plain := newClient(NewPool(), Options{}, quiet)
		plain.route(nil, acked{n: n})
		if n.Load() != 4 {
			t.Error("without a session it waits for nobody")
		}
	})
}
