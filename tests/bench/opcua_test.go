package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"
	"github.com/edgexfoundry/go-mod-core-contracts/v3/dtos"
	"github.com/edgexfoundry/go-mod-core-contracts/v3/dtos/requests"
	"github.com/edgexfoundry/go-mod-messaging/v3/pkg/types"

	"sluice/tests/servers"
	"sluice/tests/stack"
)

const (
	subscribers, itemsEach = 10, 500
	beats                  = 20
	// away is longer than the longest pause between two attempts to connect.
	away = 10 * time.Second
	// backWithin is how long all devices may take once their server is back.
	backWithin = 5 * time.Second
)

// BenchmarkOPCUASubscriptions subscribes to 5,000 counters on 10 devices, each
// with a connection of its own. All counters step every second: each step has to
// arrive once and in order. Then the server is away, and comes back.
func BenchmarkOPCUASubscriptions(b *testing.B) {
	peer := servers.NodeOPCUA(b)
	peer.Kill()
	peer.Counters = subscribers * itemsEach
	peer.Start(b)
	bus := stack.Bus{Type: "mqtt", Port: servers.Mosquitto(b).Port}
	c := watchCounters(b, bus)
	p := startOPCUA(b, bus, peer)
	stack.Eventually(b, c.reached(0))

	before := p.CPU(b)
	start := time.Now()
	peer.Tell(b, "beat 1000")
	stack.Eventually(b, c.reached(beats))
	took := time.Since(start)
	cpu := p.CPU(b) - before
	peer.Tell(b, "beat 0")
	changes := c.check(b)
	perChange := float64(cpu.Microseconds()) / float64(changes)

	peer.Kill()
	time.Sleep(away)
	c.forget()
	peer.Start(b)
	start = time.Now()
	stack.Eventually(b, c.reached(0))
	back := time.Since(start)
	if back > backWithin {
		b.Errorf("10 devices are back after %v, want %v", back, backWithin)
	}
	if gaps := c.gaps(); gaps != subscribers*itemsEach {
		b.Errorf("%d gaps are marked, want one for each of %d items", gaps, subscribers*itemsEach)
	}
	b.Logf("5,000 monitored items on 10 devices, one step each second for %v\n  %d changes, each once and in order\n  %.2f µs of processor a change, %.0f %% of one core\n  back %v after the server was",
		took.Round(time.Second), changes, perChange, 100*cpu.Seconds()/took.Seconds(), back.Round(10*time.Millisecond))
	b.ReportMetric(perChange, "µs/change")
	b.ReportMetric(back.Seconds(), "s-back")
}

// startOPCUA starts a device service whose devices subscribe to all counters.
func startOPCUA(b *testing.B, bus stack.Bus, peer *servers.OPCUA) *stack.Process {
	b.Helper()
	dir := b.TempDir()
	res := filepath.Join(dir, "res")
	meta := stack.ServeMetadata(b, bus.Client(b, "metadata"))
	var devices strings.Builder
	devices.WriteString("deviceList:\n")
	for d := range subscribers {
		var profile strings.Builder
		fmt.Fprintf(&profile, "name: Counters%d\ndeviceResources:\n", d)
		for i := range itemsEach {
			n := d*itemsEach + i
			fmt.Fprintf(&profile, "  - {name: C%d, attributes: {nodeId: \"nsu=urn:peer;s=C%d\"}, properties: {valueType: Int32, readWrite: R}}\n", n, n)
		}
		stack.WriteFile(b, res, fmt.Sprintf("profiles/%d.yaml", d), profile.String())
		// Another time-out is another connection.
		fmt.Fprintf(&devices, "  - {name: d%d, profileName: Counters%d, protocols: {opcua: {Endpoint: \"%s\", Timeout: %ds, Resources: \"*\", PublishingInterval: 200ms, SamplingInterval: 0s, QueueSize: 20}}}\n",
			d, d, peer.Endpoint(), 10+d)
	}
	stack.WriteFile(b, res, "devices/all.yaml", devices.String())
	common := stack.WriteFile(b, dir, "common.yaml", stack.Common(bus, meta, servers.FreePort(b)))
	stack.WriteFile(b, res, "configuration.yaml", fmt.Sprintf("Writable: {LogLevel: INFO}\nService: {Host: 127.0.0.1, Port: %d, StartupMsg: started}\n"+
		"MessageBus: {Optional: {ClientId: device-opcua}}\nDevice: {ProfilesDir: %[2]s/profiles, DevicesDir: %[2]s/devices}\n", servers.FreePort(b), res))
	return stack.Start(b, nil, filepath.Join(stack.Binaries(b), "device-opcua"), "-cc", common, "-cd", res)
}

// counts are the values of each counter as they came.
type counts struct {
	mu     sync.Mutex
	values map[string][]int
	marked int
	err    error
}

func watchCounters(b *testing.B, bus stack.Bus) *counts {
	b.Helper()
	c := &counts{values: map[string][]int{}}
	client := mqtt.NewClient(mqtt.NewClientOptions().AddBroker(fmt.Sprintf("tcp://127.0.0.1:%d", bus.Port)).SetClientID("watch"))
	await(b, client.Connect())
	b.Cleanup(func() { client.Disconnect(100) })
	await(b, client.Subscribe("edgex/events/device/#", 0, func(_ mqtt.Client, m mqtt.Message) {
		c.mu.Lock()
		defer c.mu.Unlock()
		if err := c.take(m.Payload()); err != nil {
			c.err = err
		}
	}))
	return c
}

func (c *counts) take(payload []byte) error {
	var envelope types.MessageEnvelope
	if err := json.Unmarshal(payload, &envelope); err != nil {
		return err
	}
	var q requests.AddEventRequest
	if err := json.Unmarshal(envelope.Payload, &q); err != nil {
		return err
	}
	if len(q.Event.Readings) != 1 {
		return fmt.Errorf("event with %d readings", len(q.Event.Readings))
	}
	return c.count(q.Event.Readings[0])
}

func (c *counts) count(r dtos.BaseReading) error {
	n, err := strconv.Atoi(r.Value)
	c.values[r.ResourceName] = append(c.values[r.ResourceName], n)
	if r.Tags["gap"] != nil {
		c.marked++
	}
	return err
}

// reached is nil once all counters have at least a value.
func (c *counts) reached(value int) func(context.Context) error {
	return func(context.Context) error {
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.err != nil {
			return c.err
		}
		there := 0
		for _, values := range c.values {
			if values[len(values)-1] >= value {
				there++
			}
		}
		if there < subscribers*itemsEach {
			return fmt.Errorf("%d counters", there)
		}
		return nil
	}
}

// check finds changes that came twice, not in order or not at all.
func (c *counts) check(b *testing.B) (changes int) {
	b.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	var wrong error
	for name, values := range c.values {
		for i, n := range values {
			if n != i {
				wrong = errors.Join(wrong, fmt.Errorf("%s: value %d is %d", name, i, n))
				break
			}
		}
		changes += len(values) - 1
	}
	if wrong != nil {
		b.Error(wrong)
	}
	return changes
}

func (c *counts) gaps() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.marked
}

func (c *counts) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.values, c.marked = map[string][]int{}, 0
}
