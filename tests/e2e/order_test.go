package e2e

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"
	"github.com/edgexfoundry/go-mod-core-contracts/v3/dtos"
	"github.com/edgexfoundry/go-mod-core-contracts/v3/dtos/requests"
	"github.com/edgexfoundry/go-mod-messaging/v3/messaging"
	"github.com/edgexfoundry/go-mod-messaging/v3/pkg/types"
	"github.com/google/uuid"

	"sluice/tests/servers"
	"sluice/tests/stack"
)

// numbered is how many events are sent; every one carries its number.
const numbered = 20_000

func TestEventsArriveInBusOrder(t *testing.T) {
	for _, bus := range []string{"mqtt", "redis"} {
		t.Run(bus, func(t *testing.T) {
			out := servers.Mosquitto(t) // takes the results; on the MQTT bus it is the bus as well
			b := stack.Bus{Type: bus, Port: out.Port}
			if bus == "redis" {
				b.Port = servers.Redis(t).Port
			}
			seen := results(t, out, "order/out")
			r := stack.NewRules(t, b)
			stack.MustCall(t, 201, "POST", r.API+"/streams", `{"sql":"CREATE STREAM events () WITH (TYPE=\"edgex\", FORMAT=\"json\")"}`)
			stack.MustCall(t, 201, "POST", r.API+"/rules", fmt.Sprintf(
				`{"id":"order","sql":"SELECT N FROM events WHERE N >= 0","actions":[{"mqtt":{"server":"tcp://%s","topic":"order/out","qos":1,"sendSingle":true}}]}`, out.Addr()))

			client := busClient(t, b)
			warmUp(t, client, seen)
			for i := range numbered {
				publish(t, client, i+1)
			}
			for want := 1; want <= numbered; {
				select {
				case n := <-seen:
					if n == 0 {
						continue // of the warm-up
					}
					if n != want {
						t.Fatalf("event %d came where %d was due; status %s", n, want, stack.MustCall(t, 200, "GET", r.API+"/rules/order/status", ""))
					}
					want++
				case <-time.After(stack.Patience):
					t.Fatalf("event %d never came; status %s", want, stack.MustCall(t, 200, "GET", r.API+"/rules/order/status", ""))
				}
			}
			t.Logf("%s bus: %d events at full speed, 0 out of order, 0 lost", bus, numbered)
		})
	}
}

// results subscribes to a topic and returns the numbers N of what comes.
func results(t *testing.T, broker *servers.Process, topic string) <-chan int {
	t.Helper()
	seen := make(chan int, 2*numbered)
	c := mqtt.NewClient(mqtt.NewClientOptions().AddBroker("tcp://" + broker.Addr()).SetClientID("results").SetOrderMatters(true))
	if k := c.Connect(); !k.WaitTimeout(stack.Patience) || k.Error() != nil {
		t.Fatal(k.Error())
	}
	t.Cleanup(func() { c.Disconnect(100) })
	k := c.Subscribe(topic, 1, func(_ mqtt.Client, m mqtt.Message) {
		var row struct{ N int }
		if err := json.Unmarshal(m.Payload(), &row); err != nil {
			t.Errorf("%s: %v", m.Payload(), err)
		}
		seen <- row.N
	})
	if !k.WaitTimeout(stack.Patience) || k.Error() != nil {
		t.Fatal(k.Error())
	}
	return seen
}

func busClient(t *testing.T, b stack.Bus) messaging.MessageClient {
	t.Helper()
	protocol := b.Type
	if b.Type == "mqtt" {
		protocol = "tcp"
	}
	c, err := messaging.NewMessageClient(types.MessageBusConfig{Type: b.Type,
		Broker:   types.HostInfo{Host: "127.0.0.1", Port: b.Port, Protocol: protocol},
		Optional: map[string]string{"ClientId": "numbers", "Qos": "1", "KeepAlive": "10", "AutoReconnect": "true", "ConnectTimeout": "60"}})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Connect(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Disconnect() })
	return c
}

// publish sends event n as a device service does.
func publish(t *testing.T, c messaging.MessageClient, n int) {
	t.Helper()
	e := dtos.NewEvent("Numbers", "counter-1", "N")
	if err := e.AddSimpleReading("N", "Int64", int64(n)); err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(requests.NewAddEventRequest(e))
	if err != nil {
		t.Fatal(err)
	}
	m := types.MessageEnvelope{CorrelationID: uuid.NewString(), Payload: b, ContentType: "application/json"}
	m.ApiVersion = "v3"
	if err := c.Publish(m, "edgex/events/device/device-numbers/Numbers/counter-1/N"); err != nil {
		t.Fatal(err)
	}
}

// warmUp publishes number 0 until one came through: then everything is
// subscribed.
func warmUp(t *testing.T, c messaging.MessageClient, seen <-chan int) {
	t.Helper()
	for deadline := time.Now().Add(stack.Patience); time.Now().Before(deadline); {
		publish(t, c, 0)
		select {
		case <-seen:
			return
		case <-time.After(100 * time.Millisecond):
		}
	}
	t.Fatal("nothing comes through")
}
