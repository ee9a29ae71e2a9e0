package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
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

// The test binary is also the service.
const role = "DEVICE_OPCUA_TEST_ROLE"

func TestMain(m *testing.M) {
	if os.Getenv(role) != "" {
		main()
	}
	os.Exit(m.Run())
}

const profile = `name: Counters
deviceResources:
  - {name: Counter, attributes: {nodeId: "nsu=urn:peer;s=C0"}, properties: {valueType: Int32, readWrite: R, units: pieces}}
  - {name: Random, attributes: {nodeId: "nsu=urn:peer;s=C1"}, properties: {valueType: Int64, readWrite: R}}
  - {name: Other, attributes: {nodeId: "nsu=urn:peer;s=C2"}, properties: {valueType: Int32, readWrite: R}}
`

// configuration is as device-opc-ua has it, less the folders.
const configuration = `Writable:
  LogLevel: INFO
  Telemetry: {Interval: 1s, Metrics: {SubscriptionGaps: true}}

Service:
  Host: 127.0.0.1
  Port: %d
  StartupMsg: 'opcua device service started'

MessageBus:
  Optional: {ClientId: device-opcua}

Device:
  DevicesDir: %[2]s/devices
  ProfilesDir: %[2]s/profiles

OPCUAServer:
  DeviceName: SimulationServer
  Policy: Basic256Sha256
  Mode: SignAndEncrypt
  CertFile: ''
  KeyFile: ''
  Writable:
    Resources: 'Counter,Random'

Driver:
  PKI: %[3]s
`

// plant is the service as a process, and what it publishes.
type plant struct {
	url string

	mu       sync.Mutex
	readings map[string][]dtos.BaseReading // by device and source
	gaps     float64                       // as the metric has it
}

// newPlant starts the service with a device of the section and another one.
func newPlant(t *testing.T, peer *servers.OPCUA, bus stack.Bus, dir string) (*plant, *stack.Process) {
	t.Helper()
	p := &plant{readings: map[string][]dtos.BaseReading{}}
	p.listen(t, bus)
	port, meta := servers.FreePort(t), stack.ServeMetadata(t, bus.Client(t, "metadata"))
	p.url = fmt.Sprintf("http://127.0.0.1:%d/api/v3/", port)
	res := filepath.Join(dir, "res")
	common := stack.WriteFile(t, dir, "common.yaml", stack.Common(bus, meta, servers.FreePort(t)))
	stack.WriteFile(t, res, "configuration.yaml", fmt.Sprintf(configuration, port, res, filepath.Join(dir, "pki")))
	stack.WriteFile(t, res, "profiles/counters.yaml", profile)
	stack.WriteFile(t, res, "devices/all.yaml", fmt.Sprintf("deviceList:\n"+
		"  - {name: SimulationServer, profileName: Counters, protocols: {opcua: {Endpoint: \"%[1]s\"}}}\n"+
		"  - {name: plain, profileName: Counters, protocols: {opcua: {Endpoint: \"%[1]s\", Resources: Other, PublishingInterval: 50ms, SamplingInterval: 0s}}}\n", peer.Endpoint()))
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	service := stack.Start(t, []string{role + "=1"}, self, "-cc", common, "-cd", res)
	stack.Answers(t, p.url+"ping")
	return p, service
}

func (p *plant) listen(t *testing.T, bus stack.Bus) {
	t.Helper()
	c := mqtt.NewClient(mqtt.NewClientOptions().AddBroker(fmt.Sprintf("tcp://127.0.0.1:%d", bus.Port)).SetClientID("watch"))
	done := func(token mqtt.Token) {
		if !token.WaitTimeout(time.Minute) || token.Error() != nil {
			t.Fatal(token.Error())
		}
	}
	done(c.Connect())
	done(c.Subscribe("edgex/events/device/#", 0, func(_ mqtt.Client, m mqtt.Message) {
		var e types.MessageEnvelope
		var q requests.AddEventRequest
		if err := json.Unmarshal(m.Payload(), &e); err != nil {
			t.Error(err)
		} else if err := json.Unmarshal(e.Payload, &q); err != nil {
			t.Error(err)
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		key := q.Event.DeviceName + "/" + q.Event.SourceName
		p.readings[key] = append(p.readings[key], q.Event.Readings...)
	}))
	done(c.Subscribe("edgex/telemetry/device-opcua/SubscriptionGaps", 0, func(_ mqtt.Client, m mqtt.Message) {
		var e types.MessageEnvelope
		var metric dtos.Metric
		if err := json.Unmarshal(m.Payload(), &e); err != nil {
			t.Error(err)
		} else if err := json.Unmarshal(e.Payload, &metric); err != nil || len(metric.Fields) != 1 {
			t.Errorf("%+v, %v", metric, err)
			return
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		p.gaps, _ = metric.Fields[0].Value.(float64)
	}))
	t.Cleanup(func() { c.Disconnect(100) })
}

func (p *plant) of(key string) []dtos.BaseReading {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.readings[key]
}

// until waits for a value as the last one of a source.
func (p *plant) until(t *testing.T, key, value string) {
	t.Helper()
	stack.Eventually(t, func(context.Context) error {
		all := p.of(key)
		if len(all) == 0 || all[len(all)-1].Value != value {
			return fmt.Errorf("%s: %+v, want %s", key, all, value)
		}
		return nil
	})
}

// The section OPCUAServer of an existing configuration holds for its device:
// security, certificate and what is subscribed to. Others have their own.
func TestSectionOfDeviceOPCUA(t *testing.T) {
	peer := servers.NodeOPCUA(t)
	peer.Tell(t, "counters 3")
	bus := stack.Bus{Type: "mqtt", Port: servers.Mosquitto(t).Port}
	dir := t.TempDir()
	p, service := newPlant(t, peer, bus, dir)
	p.until(t, "plain/Other", "0")
	stack.Eventually(t, func(context.Context) error { // its policy asks for trust
		if !strings.Contains(service.Output(), "is not trusted") {
			return fmt.Errorf("nothing about trust")
		}
		return nil
	})
	stack.WriteFile(t, filepath.Join(dir, "pki", "trusted"), "server.der", string(peer.Certificate))
	p.until(t, "SimulationServer/Counter", "0")
	peer.Tell(t, "step")
	p.until(t, "SimulationServer/Counter", "1")
	p.until(t, "SimulationServer/Random", "1")
	p.until(t, "plain/Other", "1")
	if all := p.of("SimulationServer/Other"); all != nil {
		t.Errorf("subscribed to what nobody asked for: %+v", all)
	}
	last := p.of("SimulationServer/Counter")
	if r := last[len(last)-1]; r.Units != "pieces" || r.ValueType != "Int32" || time.Since(time.Unix(0, r.Origin)) > time.Minute {
		t.Errorf("%+v", r)
	}
	if text := stack.MustCall(t, 200, "GET", p.url+"device/name/SimulationServer/Other", ""); !strings.Contains(text, `"value":"1"`) {
		t.Error(text)
	}
	if text := stack.MustCall(t, 200, "GET", p.url+"config", ""); !strings.Contains(text, `"Resources":"Counter,Random"`) {
		t.Error(text)
	}
}

// A server that has started again: the gap is in the event, in the log and in
// the metric.
func TestGapIsTold(t *testing.T) {
	peer := servers.NodeOPCUA(t)
	peer.Tell(t, "counters 3")
	peer.Counters = 3 // from its next start on
	bus := stack.Bus{Type: "mqtt", Port: servers.Mosquitto(t).Port}
	p, service := newPlant(t, peer, bus, t.TempDir())
	p.until(t, "plain/Other", "0")
	peer.Tell(t, "step")
	p.until(t, "plain/Other", "1")
	peer.Kill()
	peer.Start(t)
	p.until(t, "plain/Other", "0")
	peer.Tell(t, "step")
	p.until(t, "plain/Other", "1")
	var tags []any
	for _, r := range p.of("plain/Other") {
		tags = append(tags, r.Tags["gap"])
	}
	if want := []any{nil, nil, "reconnect", nil}; !slices.Equal(tags, want) {
		t.Errorf("gaps %v, want %v", tags, want)
	}
	if got := strings.Count(service.Output(), "subscription is lost and made again"); got != 1 {
		t.Errorf("%d lines in the log", got)
	}
	stack.Eventually(t, func(context.Context) error {
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.gaps != 1 {
			return fmt.Errorf("metric: %v gaps", p.gaps)
		}
		return nil
	})
}
