package bench

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"
	"github.com/simonvetter/modbus"

	"sluice/tests/servers"
	"sluice/tests/stack"
)

// slow is a Modbus server that takes 5 ms for a request.
type slow struct{}

func (slow) HandleCoils(*modbus.CoilsRequest) ([]bool, error) { return nil, modbus.ErrIllegalFunction }
func (slow) HandleDiscreteInputs(*modbus.DiscreteInputsRequest) ([]bool, error) {
	return nil, modbus.ErrIllegalFunction
}
func (slow) HandleInputRegisters(*modbus.InputRegistersRequest) ([]uint16, error) {
	return nil, modbus.ErrIllegalFunction
}
func (slow) HandleHoldingRegisters(r *modbus.HoldingRegistersRequest) ([]uint16, error) {
	time.Sleep(5 * time.Millisecond)
	return make([]uint16, r.Quantity), nil
}

const (
	endpoints, unitsEach, registers = 20, 10, 50
	cycles                          = 20
)

// BenchmarkModbusDevices reads 200 devices of 50 registers each every second:
// 20 endpoints with 10 units.
func BenchmarkModbusDevices(b *testing.B) {
	bus := stack.Bus{Type: "mqtt", Port: servers.Mosquitto(b).Port}
	p := startDevices(b, bus)
	arrivals := watch(b, bus)
	stack.Eventually(b, arrivals.complete) // all devices are there
	arrivals.forget()
	before := p.CPU(b)
	time.Sleep(cycles * time.Second)
	cpu := p.CPU(b) - before
	jitter, events := arrivals.jitter()
	if least := endpoints * unitsEach * (cycles - 1); events < least || jitter > time.Second/2 {
		b.Errorf("the cycle is not held: %d events, want %d at least; jitter p99 %v", events, least, jitter)
	}
	perReading := float64(cpu.Microseconds()) / float64(events*registers)
	b.Logf("200 Modbus devices, 50 registers each, every second for %d s\n  %d of %d events\n  jitter p99 %v\n  %.2f µs of processor a reading, %.0f %% of one core",
		cycles, events, endpoints*unitsEach*cycles, jitter.Round(10*time.Microsecond), perReading, 100*cpu.Seconds()/cycles)
	b.ReportMetric(float64(jitter)/1e6, "ms-jitter-p99")
	b.ReportMetric(perReading, "µs/reading")
}

// startDevices starts a device service with simulators behind it.
func startDevices(b *testing.B, bus stack.Bus) *stack.Process {
	b.Helper()
	dir := b.TempDir()
	meta := stack.ServeMetadata(b, bus.Client(b, "metadata"))
	var profile, devices strings.Builder
	profile.WriteString("name: Fifty\ndeviceResources:\n")
	command := "deviceCommands:\n  - name: All\n    readWrite: R\n    resourceOperations:\n"
	for i := range registers {
		fmt.Fprintf(&profile, "  - {name: R%d, attributes: {primaryTable: HOLDING_REGISTERS, startingAddress: %d}, properties: {valueType: Uint16, readWrite: R}}\n", i, i)
		command += fmt.Sprintf("      - {deviceResource: R%d}\n", i)
	}
	devices.WriteString("deviceList:\n")
	for range endpoints {
		port := servers.FreePort(b)
		server, err := modbus.NewServer(&modbus.ServerConfiguration{URL: fmt.Sprintf("tcp://127.0.0.1:%d", port), Timeout: time.Minute, MaxClients: 5}, slow{})
		if err == nil {
			err = server.Start()
		}
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { _ = server.Stop() })
		for unit := 1; unit <= unitsEach; unit++ {
			fmt.Fprintf(&devices, "  - {name: d%d-%d, profileName: Fifty, protocols: {modbus-tcp: {Address: 127.0.0.1, Port: %d, UnitID: %d}}, autoEvents: [{interval: 1s, sourceName: All}]}\n",
				port, unit, port, unit)
		}
	}
	common := stack.WriteFile(b, dir, "common.yaml", strings.Replace(stack.Common(bus, meta, servers.FreePort(b)), "MaxCmdOps: 128", "MaxCmdOps: 1000", 1))
	res := filepath.Join(dir, "res")
	stack.WriteFile(b, res, "configuration.yaml", fmt.Sprintf("Writable: {LogLevel: INFO}\nService: {Host: 127.0.0.1, Port: %d, StartupMsg: started}\n"+
		"MessageBus: {Optional: {ClientId: device-modbus}}\nDevice: {ProfilesDir: %[2]s/profiles, DevicesDir: %[2]s/devices}\n", servers.FreePort(b), res))
	stack.WriteFile(b, res, "profiles/fifty.yaml", profile.String()+command)
	stack.WriteFile(b, res, "devices/all.yaml", devices.String())
	return stack.Start(b, nil, filepath.Join(stack.Binaries(b), "device-modbus"), "-cc", common, "-cd", res)
}

// arrivals are the times of the events of each device.
type arrivals struct {
	mu    sync.Mutex
	times map[string][]time.Time
}

func watch(b *testing.B, bus stack.Bus) *arrivals {
	b.Helper()
	a := &arrivals{times: map[string][]time.Time{}}
	c := mqtt.NewClient(mqtt.NewClientOptions().AddBroker(fmt.Sprintf("tcp://127.0.0.1:%d", bus.Port)).SetClientID("watch"))
	await(b, c.Connect())
	b.Cleanup(func() { c.Disconnect(100) })
	await(b, c.Subscribe("edgex/events/device/#", 0, func(_ mqtt.Client, m mqtt.Message) {
		levels := strings.Split(m.Topic(), "/")
		device := levels[len(levels)-2]
		a.mu.Lock()
		defer a.mu.Unlock()
		a.times[device] = append(a.times[device], time.Now())
	}))
	return a
}

// complete is nil once every device has been heard of.
func (a *arrivals) complete(context.Context) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if n := len(a.times); n < endpoints*unitsEach {
		return fmt.Errorf("%d devices", n)
	}
	return nil
}

func (a *arrivals) forget() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.times = map[string][]time.Time{}
}

// jitter is how far the 99th percentile of events is from the grid of a second
// on which its device began.
func (a *arrivals) jitter() (p99 time.Duration, events int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	var off []time.Duration
	for _, times := range a.times {
		events += len(times)
		for i, at := range times {
			off = append(off, (at.Sub(times[0]) - time.Duration(i)*time.Second).Abs())
		}
	}
	if events == 0 {
		return 0, 0
	}
	slices.Sort(off)
	return off[len(off)*99/100], events
}
