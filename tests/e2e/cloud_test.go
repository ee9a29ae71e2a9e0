package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"testing"

	mqtt "github.com/eclipse/paho.mqtt.golang"

	"sluice/tests/servers"
	"sluice/tests/stack"
)

// cloud is a Mosquitto behind a door, and who listens there.
type cloud struct {
	door *servers.Link

	mu   sync.Mutex
	rows map[string][]int64 // origins of each device, as they came for the first time
	seen map[string]bool
}

func newCloud(t *testing.T) *cloud {
	broker := servers.Mosquitto(t)
	c := &cloud{rows: map[string][]int64{}, seen: map[string]bool{}}
	c.door = servers.NewLink(t, broker.Addr())
	client := mqtt.NewClient(mqtt.NewClientOptions().AddBroker("tcp://" + broker.Addr()).SetClientID("cloud").SetOrderMatters(true))
	wait := func(k mqtt.Token) {
		if !k.WaitTimeout(stack.Patience) || k.Error() != nil {
			t.Fatalf("cloud: %v", k.Error())
		}
	}
	wait(client.Connect())
	wait(client.Subscribe("up", 1, func(_ mqtt.Client, m mqtt.Message) {
		if err := c.take(m.Payload()); err != nil {
			t.Error(err)
		}
	}))
	t.Cleanup(func() { c.door.Cut(); client.Disconnect(100) })
	return c
}

func (c *cloud) take(payload []byte) error {
	var row struct {
		Device string
		Origin int64
	}
	if err := json.Unmarshal(payload, &row); err != nil {
		return fmt.Errorf("%s: %w", payload, err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	id := fmt.Sprint(row.Device, row.Origin)
	if !c.seen[id] {
		c.seen[id] = true
		c.rows[row.Device] = append(c.rows[row.Device], row.Origin)
	}
	return nil
}

func (c *cloud) origins(device string) []int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.rows[device])
}

func (c *cloud) has(device string, origin int64) bool {
	return slices.Contains(c.origins(device), origin)
}

func (c *cloud) since(moment int64) (n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, rows := range c.rows {
		for _, o := range rows {
			if o > moment {
				n++
			}
		}
	}
	return n
}

func (c *cloud) await(t *testing.T, device string, n int) {
	t.Helper()
	stack.Eventually(t, func(context.Context) error {
		if got := len(c.origins(device)); got < n {
			return fmt.Errorf("%d rows of %s in the cloud, want %d", got, device, n)
		}
		return nil
	})
}
