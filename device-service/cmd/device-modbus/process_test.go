package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
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
	"github.com/simonvetter/modbus"

	"sluice/tests/servers"
	"sluice/tests/stack"
)

// The test binary is also the service.
const role = "DEVICE_MODBUS_TEST_ROLE"

func TestMain(m *testing.M) {
	if os.Getenv(role) != "" {
		main()
	}
	os.Exit(m.Run())
}

// plant is the service as a process, with core-metadata, a broker and devices.
type plant struct {
	*testing.T
	process  *stack.Process
	start    func() // of the process
	url      string // of the service
	metadata string

	mu       sync.Mutex
	messages map[string][]string // payloads by their topics
}

const profile = `name: Meter
deviceResources:
  - {name: Energy, attributes: {primaryTable: HOLDING_REGISTERS, startingAddress: 10}, properties: {valueType: Float64, readWrite: RW}}
  - {name: EnergyText, attributes: {primaryTable: HOLDING_REGISTERS, startingAddress: 10, rawType: FLOAT64}, properties: {valueType: String, readWrite: RW}}
  - {name: Mode, attributes: {primaryTable: HOLDING_REGISTERS, startingAddress: 20}, properties: {valueType: Uint16, readWrite: RW}}
  - {name: Absent, attributes: {primaryTable: HOLDING_REGISTERS, startingAddress: 900}, properties: {valueType: Uint16, readWrite: R}}
deviceCommands:
  - name: Status
    readWrite: RW
    resourceOperations: [{deviceResource: Mode, mappings: {"0": "OFF", "1": "AUTO"}}]
`

// newPlant starts the service with the devices of a file and more of its
// configuration.
func newPlant(t *testing.T, devices, configuration string) *plant {
	t.Helper()
	bus := stack.Bus{Type: "mqtt", Port: servers.Mosquitto(t).Port}
	p := &plant{T: t, messages: map[string][]string{}}
	port, meta, dir := servers.FreePort(t), stack.ServeMetadata(t, bus.Client(t, "metadata")), t.TempDir()
	p.url, p.metadata = fmt.Sprintf("http://127.0.0.1:%d/api/v3/", port), fmt.Sprintf("http://127.0.0.1:%d/api/v3/", meta)
	p.listen(bus)
	res := filepath.Join(dir, "res")
	common := stack.WriteFile(t, dir, "common.yaml", stack.Common(bus, meta, servers.FreePort(t)))
	stack.WriteFile(t, res, "configuration.yaml", fmt.Sprintf("Service: {Host: 127.0.0.1, Port: %d, StartupMsg: started}\nMessageBus: {Optional: {ClientId: device-modbus}}\n%s", port,
		strings.ReplaceAll(configuration, "RES", res)))
	stack.WriteFile(t, res, "profiles/meter.yaml", profile)
	stack.WriteFile(t, res, "devices/all.yaml", "deviceList: "+devices+"\n")
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p.start = func() {
		p.process = stack.Start(t, []string{role + "=1"}, self, "-cc", common, "-cd", res)
		stack.Answers(t, p.url+"devices")                       // its own routes come last,
		stack.Answers(t, p.metadata+"deviceprofile/name/Meter") // and the profile after them
	}
	p.start()
	return p
}

// folders is where the service finds its profiles and devices.
const folders = "ProfilesDir: RES/profiles, DevicesDir: RES/devices"

func (p *plant) listen(bus stack.Bus) {
	p.Helper()
	c := mqtt.NewClient(mqtt.NewClientOptions().AddBroker(fmt.Sprintf("tcp://127.0.0.1:%d", bus.Port)).SetClientID("watch"))
	take := func(_ mqtt.Client, m mqtt.Message) {
		var e types.MessageEnvelope
		if err := json.Unmarshal(m.Payload(), &e); err != nil {
			p.Errorf("%s: %v", m.Topic(), err)
			return
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		p.messages[m.Topic()] = append(p.messages[m.Topic()], string(e.Payload))
	}
	done := func(token mqtt.Token) {
		if !token.WaitTimeout(time.Minute) || token.Error() != nil {
			p.Fatal(token.Error())
		}
	}
	done(c.Connect())
	done(c.SubscribeMultiple(map[string]byte{"edgex/events/device/#": 0, "edgex/telemetry/#": 0}, take))
	p.Cleanup(func() { c.Disconnect(100) })
}

// until waits for a message of a topic that is as it should be.
func (p *plant) until(topic string, good func(payload string) bool) {
	p.Helper()
	stack.Eventually(p, func(context.Context) error {
		p.mu.Lock()
		defer p.mu.Unlock()
		if slices.ContainsFunc(p.messages[topic], good) {
			return nil
		}
		return fmt.Errorf("of %d messages on %s none is as it should be", len(p.messages[topic]), topic)
	})
}

// registers is a memory of holding registers up to 899. Every unit has it.
type registers struct {
	mu     sync.Mutex
	memory [900]uint16
}

func (r *registers) HandleCoils(*modbus.CoilsRequest) ([]bool, error) {
	return nil, modbus.ErrIllegalFunction
}
func (r *registers) HandleDiscreteInputs(*modbus.DiscreteInputsRequest) ([]bool, error) {
	return nil, modbus.ErrIllegalFunction
}
func (r *registers) HandleInputRegisters(*modbus.InputRegistersRequest) ([]uint16, error) {
	return nil, modbus.ErrIllegalFunction
}
func (r *registers) HandleHoldingRegisters(q *modbus.HoldingRegistersRequest) ([]uint16, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	end := int(q.Addr) + int(q.Quantity)
	if end > len(r.memory) {
		return nil, modbus.ErrIllegalDataAddress
	}
	if q.IsWrite {
		copy(r.memory[q.Addr:], q.Args)
	}
	return slices.Clone(r.memory[q.Addr:end]), nil
}

// float sets a Float64 with the highest register first.
func (r *registers) float(at int, v float64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range 4 {
		r.memory[at+i] = uint16(math.Float64bits(v) >> (48 - 16*i))
	}
}

func simulate(t *testing.T) (*registers, int) {
	t.Helper()
	r, port := &registers{}, servers.FreePort(t)
	r.serve(t, port)
	return r, port
}

// serve serves a port until it is stopped, or the test ends.
func (r *registers) serve(t *testing.T, port int) (stop func()) {
	t.Helper()
	s, err := modbus.NewServer(&modbus.ServerConfiguration{URL: fmt.Sprintf("tcp://127.0.0.1:%d", port), Timeout: time.Minute, MaxClients: 5}, r)
	if err == nil {
		err = s.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	stop = sync.OnceFunc(func() { _ = s.Stop() })
	t.Cleanup(stop)
	return stop
}

// reading is one of an event on the bus.
func reading(payload, resource string) string {
	var q requests.AddEventRequest
	if err := json.Unmarshal([]byte(payload), &q); err != nil {
		return err.Error()
	}
	for _, r := range q.Event.Readings {
		if r.ResourceName == resource {
			return r.Value
		}
	}
	return ""
}

// Float64 12345678.901 is exact on the bus; as the answer to a command it is
// exact as text.
func TestExactFloats(t *testing.T) {
	r, port := simulate(t)
	r.float(10, 12345678.901)
	p := newPlant(t, fmt.Sprintf(`[{name: m1, profileName: Meter, protocols: {modbus-tcp: {Address: 127.0.0.1, Port: %d, UnitID: 1}}, autoEvents: [{interval: 100ms, sourceName: Energy}]}]`, port),
		"Device: {"+folders+"}\n")
	p.until("edgex/events/device/device-modbus/Meter/m1/Energy", func(payload string) bool { return reading(payload, "Energy") == "1.2345678901e+07" })
	p.until("edgex/events/device/device-modbus/Meter/m1/Energy", func(payload string) bool {
		var f float64
		n, err := fmt.Sscan(reading(payload, "Energy"), &f)
		return n == 1 && err == nil && f == 12345678.901
	})
	if text := stack.MustCall(t, 200, "GET", p.url+"device/name/m1/EnergyText", ""); !strings.Contains(text, `"value":"12345678.901"`) {
		t.Error(text)
	}
	stack.MustCall(t, 200, "PUT", p.url+"device/name/m1/EnergyText", `{"EnergyText": "0.1234567890123456"}`)
	p.until("edgex/events/device/device-modbus/Meter/m1/Energy", func(payload string) bool { return reading(payload, "Energy") == "0.1234567890123456" })
	stack.MustCall(t, 200, "PUT", p.url+"device/name/m1/Status", `{"Mode": "AUTO"}`)
	if text := stack.MustCall(t, 200, "GET", p.url+"device/name/m1/Status", ""); !strings.Contains(text, `"value":"AUTO"`) {
		t.Error(text)
	}
}

// The metrics tell of a device that one resource of it fails, and when it
// answered last.
func TestMetricsOfDevices(t *testing.T) {
	_, port := simulate(t)
	p := newPlant(t, fmt.Sprintf(`[{name: m1, profileName: Meter, protocols: {modbus-tcp: {Address: 127.0.0.1, Port: %d}},
  autoEvents: [{interval: 100ms, sourceName: Energy}, {interval: 1s, sourceName: Absent}]}]`, port),
		"Writable: {Telemetry: {Interval: 1s, Metrics: {DeviceState: true, LastConnected: true, EventsSent: true, ReadingsFailed: true}}}\nDevice: {"+folders+"}\n")
	metric := func(payload string) (value float64, device string) {
		var m dtos.Metric
		if err := json.Unmarshal([]byte(payload), &m); err != nil || len(m.Fields) != 1 {
			return 0, ""
		}
		for _, tag := range m.Tags {
			if tag.Name == "device" {
				device = tag.Value
			}
		}
		value, _ = m.Fields[0].Value.(float64)
		return value, device
	}
	p.until("edgex/telemetry/device-modbus/DeviceState", func(payload string) bool {
		state, device := metric(payload)
		return state == 1 && device == "m1"
	})
	p.until("edgex/telemetry/device-modbus/LastConnected", func(payload string) bool {
		at, _ := metric(payload)
		return at > float64(time.Now().Add(-time.Hour).UnixNano())
	})
	for name, more := range map[string]float64{"EventsSent": 5, "ReadingsFailed": 1} {
		p.until("edgex/telemetry/device-modbus/"+name, func(payload string) bool {
			n, _ := metric(payload)
			return n > more
		})
	}
}

// A device that does not answer for a while gets the operating state DOWN in
// core-metadata, and UP when it answers again.
func TestAutoDown(t *testing.T) {
	r, port := &registers{}, servers.FreePort(t)
	stop := r.serve(t, port)
	p := newPlant(t, fmt.Sprintf(`[{name: m1, profileName: Meter, protocols: {modbus-tcp: {Address: 127.0.0.1, Port: %d, Timeout: 10s}}, autoEvents: [{interval: 100ms, sourceName: Energy}]}]`, port),
		"Device: {"+folders+"}\nDriver: {AutoDown: 500ms}\n")
	topic := "edgex/events/device/device-modbus/Meter/m1/Energy"
	p.until(topic, func(string) bool { return true })
	operating := func(state string) {
		t.Helper()
		stack.Eventually(t, func(context.Context) error {
			if text := stack.MustCall(t, 200, "GET", p.metadata+"device/name/m1", ""); !strings.Contains(text, `"operatingState":"`+state+`"`) {
				return fmt.Errorf("not %s: %s", state, text)
			}
			return nil
		})
	}
	stop()
	operating("DOWN")
	stack.Eventually(t, func(ctx context.Context) error {
		if code, text, err := stack.Call(ctx, "GET", p.url+"device/name/m1/Energy", ""); code != http.StatusLocked {
			return fmt.Errorf("a command of a device that is DOWN: %d %s, %v", code, text, err)
		}
		return nil
	})
	r.float(10, 77)
	r.serve(t, port)
	operating("UP")
	p.until(topic, func(payload string) bool { return reading(payload, "Energy") == "77" })
}

// Discovery is off until it is asked for.
func TestDiscoveryIsOff(t *testing.T) {
	p := newPlant(t, "[]", "Device: {"+folders+"}\n")
	if text := stack.MustCall(t, http.StatusServiceUnavailable, "POST", p.url+"discovery", ""); !strings.Contains(text, "device discovery disabled") {
		t.Error(text)
	}
}

// What a discovery finds is added where a provision watcher wants it; watchers
// are added, changed and removed while the service runs.
func TestProvisionWatchers(t *testing.T) {
	_, one := simulate(t)
	_, two := simulate(t)
	p := newPlant(t, "[]", fmt.Sprintf("Device: {%s, Discovery: {Enabled: true, Interval: 0s}}\nDriver: {DiscoveryHosts: 127.0.0.1, DiscoveryPorts: '%d %d', DiscoveryUnits: '1-2'}\n", folders, one, two))
	devices := func() (names []string) {
		var list struct{ Devices []struct{ Name string } }
		if err := json.Unmarshal([]byte(stack.MustCall(t, 200, "GET", p.url+"devices", "")), &list); err != nil {
			t.Fatal(err)
		}
		for _, d := range list.Devices {
			names = append(names, d.Name)
		}
		return names
	}
	name := func(port, unit int) string { return fmt.Sprintf("modbus-127-0-0-1-%d-%d", port, unit) }
	// discover looks again and again: the service may not have heard of a watcher yet.
	discover := func(want ...string) {
		t.Helper()
		slices.Sort(want)
		stack.Eventually(t, func(context.Context) error {
			stack.MustCall(t, http.StatusAccepted, "POST", p.url+"discovery", "")
			if got := devices(); !slices.Equal(got, want) {
				return fmt.Errorf("devices %v, want %v", got, want)
			}
			return nil
		})
	}
	watcher := func(method, text string) {
		t.Helper()
		if answer := stack.MustCall(t, http.StatusMultiStatus, method, p.metadata+"provisionwatcher", text); strings.Contains(answer, `"statusCode":4`) || strings.Contains(answer, `"statusCode":5`) {
			t.Fatal(answer)
		}
	}
	discover() // nobody wants any

	watcher("POST", fmt.Sprintf(`[{"apiVersion": "v3", "provisionwatcher": {"name": "w", "serviceName": "device-modbus", "adminState": "UNLOCKED",
		"identifiers": {"Port": "^%d$"}, "blockingIdentifiers": {"UnitID": ["2"]},
		"discoveredDevice": {"profileName": "Meter", "adminState": "UNLOCKED", "autoEvents": [{"interval": "100ms", "sourceName": "Energy"}]}}}]`, one))
	discover(name(one, 1))
	p.until("edgex/events/device/device-modbus/Meter/"+name(one, 1)+"/Energy", func(payload string) bool { return reading(payload, "Energy") == "0" })

	watcher("PATCH", fmt.Sprintf(`[{"apiVersion": "v3", "provisionwatcher": {"name": "w", "identifiers": {"Port": "^(%d|%d)$"}}}]`, one, two))
	discover(name(one, 1), name(two, 1)) // unit 2 of the first is left alone, as its endpoint is in use

	stack.MustCall(t, 200, "DELETE", p.metadata+"provisionwatcher/name/w", "")
	stack.Eventually(t, func(ctx context.Context) error {
		for _, n := range devices() {
			if _, _, err := stack.Call(ctx, "DELETE", p.metadata+"device/name/"+n, ""); err != nil {
				return err
			}
		}
		p.discoverTimes(3) // what the first finds is dealt with when the third is done
		if got := devices(); len(got) > 0 {
			return fmt.Errorf("a watcher that was removed still adds %v", got)
		}
		return nil
	})
}

// discoverTimes returns when so many discoveries have begun and ended.
func (p *plant) discoverTimes(n int) {
	p.Helper()
	ended := func() int { return strings.Count(p.process.Output(), "discovery is done") }
	before := ended()
	stack.Eventually(p, func(context.Context) error {
		stack.MustCall(p, http.StatusAccepted, "POST", p.url+"discovery", "")
		if got := ended() - before; got <= n { // one may have been under way
			return fmt.Errorf("%d discoveries of %d", got, n)
		}
		return nil
	})
}
