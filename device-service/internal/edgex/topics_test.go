package edgex

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/edgexfoundry/go-mod-bootstrap/v3/config"
	"github.com/edgexfoundry/go-mod-core-contracts/v3/dtos"
	"github.com/edgexfoundry/go-mod-messaging/v3/pkg/types"
)

// deviceEvent is an event whose source is its number.
func deviceEvent(device string, n int) *dtos.Event {
	e := testEvent(fmt.Sprint(n))
	e.DeviceName = device
	return e
}

// pickyBus closes the connection on each topic with a part of its own, as a
// broker does: without telling why.
type pickyBus struct {
	fakeBus
	part  string
	err   error
	tries int
}

func (b *pickyBus) Publish(m types.MessageEnvelope, topic string) error {
	b.mu.Lock()
	refused := b.part != "" && strings.Contains(topic, b.part)
	if refused {
		b.tries++
		b.connected = false
	}
	b.mu.Unlock()
	if refused {
		return b.err
	}
	return b.fakeBus.Publish(m, topic)
}

func (b *pickyBus) refuse(part string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.part = part
}

func (b *pickyBus) tried() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.tries
}

func TestRefusedTopicIsTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &pickyBus{part: "Boiler 1", err: errors.New("EOF")}
		b.up = true
		p, log := testPublisher(b, 0)
		go p.run(context.Background())
		for n := range 3 {
			p.send(deviceEvent("Boiler 1", 7))
			p.send(deviceEvent("good", n))
		}
		time.Sleep(10 * time.Second)
		if got := b.sources(); !slices.Equal(got, []string{"0", "1", "2"}) || b.tried() != lossLimit || p.droppedEvents() != 3 {
			t.Errorf("sent %v after %d refusals, %d dropped", got, b.tried(), p.droppedEvents())
		}
		time.Sleep(refusalTime)
		p.send(deviceEvent("Boiler 1", 7)) // one more try, and it rests again
		p.send(deviceEvent("Boiler 1", 7))
		time.Sleep(time.Second)
		if b.tried() != lossLimit+1 || p.droppedEvents() != 5 {
			t.Errorf("%d refusals, %d dropped", b.tried(), p.droppedEvents())
		}
		if n := strings.Count(log.String(), "events dropped"); n != 1 || !strings.Contains(log.String(), `device="Boiler 1"`) || !strings.Contains(log.String(), "EnableNameFieldEscape to true") {
			t.Errorf("log:\n%s", log)
		}
		b.refuse("")
		time.Sleep(refusalTime)
		p.send(deviceEvent("Boiler 1", 7))
		p.close()
		if got := b.sources(); !slices.Equal(got, []string{"0", "1", "2", "7"}) || !strings.Contains(log.String(), "taken again") {
			t.Errorf("sent %v, log:\n%s", got, log)
		}
	})
}

func TestSilentBusRefusesNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &pickyBus{part: "slow", err: errors.New("Timeout occured while performing a 'Publish' operation: no answer")}
		b.up = true
		p, _ := testPublisher(b, 0)
		go p.run(context.Background())
		p.send(deviceEvent("slow", 1))
		time.Sleep(time.Minute)
		if b.tried() <= lossLimit || p.droppedEvents() != 0 {
			t.Errorf("%d tries, %d dropped", b.tried(), p.droppedEvents())
		}
		b.refuse("")
		time.Sleep(2 * longestPause)
		p.close()
		if got := b.sources(); !slices.Equal(got, []string{"1"}) {
			t.Errorf("sent %v", got)
		}
	})
}

func TestForbiddenTopicIsNeverPublished(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &fakeBus{up: true}
		p, log := testPublisher(b, 0)
		go p.run(context.Background())
		for _, device := range []string{"a+b", "#", "nul\x00", "good", "a+b"} {
			p.send(deviceEvent(device, 1))
		}
		p.close()
		if len(b.topics) != 1 || p.droppedEvents() != 4 || strings.Count(log.String(), "events dropped") != 3 {
			t.Errorf("topics %q, %d dropped, log:\n%s", b.topics, p.droppedEvents(), log)
		}
	})
}

// TestBrokerRefusesName has a device beside a good one whose name the broker
// answers by closing the connection.
func TestBrokerRefusesName(t *testing.T) {
	for _, c := range []struct{ device, qos, clean string }{
		{"Boiler 1", "0", "true"}, {"Boiler 1", "1", "true"}, {"Boiler 1", "1", "false"}, {"Kessel 1+#", "0", "true"},
	} {
		t.Run(c.device+" qos "+c.qos+" clean "+c.clean, func(t *testing.T) {
			b := startStrictBroker(t)
			publishBesideRefused(t, b.port, c.device, map[string]string{"ClientId": "x", "Qos": c.qos, "CleanSession": c.clean}, b.kept)
		})
	}
	// nats-server refuses a space in a topic.
	t.Run("real broker", func(t *testing.T) {
		r := newBus(t)
		r.subscribe(r.client("watcher"))
		publishBesideRefused(t, r.busPort, "Boiler 1", map[string]string{"ClientId": "x", "Qos": "0"}, func() (events []dtos.Event) {
			r.mu.Lock()
			defer r.mu.Unlock()
			for _, e := range r.events {
				events = append(events, e.event)
			}
			return events
		})
	})
}

// publishBesideRefused publishes events of a device that the broker refuses
// and of a good one, in turn: those of the good one arrive, in order, and the
// others are dropped and warned of once.
func publishBesideRefused(t *testing.T, port int, refused string, options map[string]string, arrived func() []dtos.Event) {
	t.Helper()
	s := &settings{MessageBus: config.MessageBusInfo{Type: "mqtt", Protocol: "tcp", Host: "127.0.0.1", Port: port, Optional: options}}
	client, err := s.newBus(nil, "events")
	if err != nil {
		t.Fatal(err)
	}
	p, log := testPublisher(client, 0)
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("log:\n%s", log)
		}
	})
	p.join = func() error {
		return client.Subscribe([]types.TopicChannel{{Topic: "edgex/nothing", Messages: make(chan types.MessageEnvelope, 1)}}, make(chan error, 100))
	}
	p.confirm = p.join
	p.topic = func(e dtos.Event) string {
		e.SourceName = "S" // all events of a device on one topic
		return eventTopic("edgex", "device-x", false)(e)
	}
	go p.run(context.Background())
	const n = 50
	for i := range n {
		p.send(deviceEvent(refused, i))
		p.send(deviceEvent("good", i))
	}
	for end := time.Now().Add(longEnough); len(arrived()) < n; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%d events of the good device arrive, want %d", len(arrived()), n)
		}
	}
	p.close()
	for i, e := range arrived() {
		if e.DeviceName != "good" || e.SourceName != fmt.Sprint(i) {
			t.Errorf("event %d is number %s of %s", i, e.SourceName, e.DeviceName)
		}
	}
	if p.droppedEvents() != n || strings.Count(log.String(), "events dropped") != 1 || strings.Count(log.String(), "is away") > 1 {
		t.Errorf("%d dropped, want %d, warned of once", p.droppedEvents(), n)
	}
}
