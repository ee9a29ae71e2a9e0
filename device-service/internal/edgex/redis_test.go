package edgex

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/edgexfoundry/go-mod-bootstrap/v3/config"
	"github.com/edgexfoundry/go-mod-core-contracts/v3/dtos"
	"github.com/edgexfoundry/go-mod-core-contracts/v3/dtos/requests"
	"github.com/edgexfoundry/go-mod-messaging/v3/messaging"
	"github.com/edgexfoundry/go-mod-messaging/v3/pkg/types"

	"sluice/tests/servers"
)

// secrets has one password.
type secrets struct{}

func (secrets) GetSecret(name string, _ ...string) (map[string]string, error) {
	if name != "redisdb" {
		return nil, fmt.Errorf("no secret %q", name)
	}
	return map[string]string{"username": "default", "password": "hush"}, nil
}

// TestRedisBus publishes on a real Redis that goes away and comes back.
func TestRedisBus(t *testing.T) {
	redis := servers.Redis(t, "--requirepass", "hush")
	port := redis.Port
	s := &settings{MessageBus: config.MessageBusInfo{
		Type: "redis", Protocol: "redis", Host: "127.0.0.1", Port: port, AuthMode: "usernamepassword", SecretName: "redisdb"}}
	b, err := s.newBus(secrets{}, "events")
	if err != nil {
		t.Fatal(err)
	}
	p, log := testPublisher(b, 0)
	p.lasting = true
	go p.run(context.Background())
	w := watchRedis(t, port)

	p.send(testEvent("1"))
	w.until("the first event", func() bool { return len(w.all()) == 1 })
	redis.Kill()
	p.send(testEvent("2"))
	w.until("the loss is noticed", func() bool { return strings.Contains(log.String(), "is away") })
	time.Sleep(5 * time.Second) // longer than a topic is tried that an MQTT broker refuses
	redis.Start(t)
	for n, end := 3, time.Now().Add(longEnough); len(w.all()) == 1 && time.Now().Before(end); n++ { // those until the watcher is back are lost to it: Pub/Sub keeps nothing
		p.send(testEvent(fmt.Sprint(n)))
		time.Sleep(100 * time.Millisecond)
	}
	p.close()
	if n := p.droppedEvents(); n != 0 {
		t.Errorf("%d events dropped:\n%s", n, log)
	}
	got := w.all()
	for i := 1; i < len(got); i++ {
		if got[i].Origin <= got[i-1].Origin {
			t.Errorf("event %s after %s", got[i].SourceName, got[i-1].SourceName)
		}
	}
	if len(got) < 2 {
		t.Error("nothing arrives after the restart")
	}
	if n := strings.Count(log.String(), "is away"); n != 1 {
		t.Errorf("%d reports of one loss:\n%s", n, log)
	}

	s.MessageBus.SecretName = "other"
	if _, err := s.newBus(secrets{}, "events"); err == nil || err.Error() != `message bus: secret "other": no secret "other"` {
		t.Errorf("without secret: %v", err)
	}
}

// redisWatcher collects the events on a Redis.
type redisWatcher struct {
	t      *testing.T
	mu     sync.Mutex
	events []dtos.Event
}

func watchRedis(t *testing.T, port int) *redisWatcher {
	t.Helper()
	w := &redisWatcher{t: t}
	c, err := messaging.NewMessageClient(types.MessageBusConfig{
		Broker: types.HostInfo{Host: "127.0.0.1", Port: port, Protocol: "redis"}, Type: "redis", Optional: map[string]string{"Password": "hush"}})
	if err != nil {
		t.Fatal(err)
	}
	messages, failed := make(chan types.MessageEnvelope), make(chan error)
	if err := c.Subscribe([]types.TopicChannel{{Topic: "edgex/events/#", Messages: messages}}, failed); err != nil {
		t.Fatal(err)
	}
	stop := make(chan struct{})
	t.Cleanup(func() { close(stop) })
	go func() {
		for {
			select {
			case <-stop:
				return
			case <-failed: // while Redis is away
			case m := <-messages:
				var q requests.AddEventRequest
				if err := q.UnmarshalJSON(m.Payload); err != nil {
					t.Error(err)
					continue
				}
				w.mu.Lock()
				w.events = append(w.events, q.Event)
				w.mu.Unlock()
			}
		}
	}()
	return w
}

func (w *redisWatcher) all() []dtos.Event {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.events)
}

func (w *redisWatcher) until(what string, condition func() bool) {
	w.t.Helper()
	for end := time.Now().Add(longEnough); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if condition() {
			return
		}
	}
	w.t.Fatalf("never: %s", what)
}
