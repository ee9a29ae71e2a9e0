package opcua

import (
	"testing"
	"time"

	"sluice/device-service/internal/driver"
	"sluice/device-service/internal/drivertest"
)

// brisk are timings for tests. The time-out is one that a loaded machine keeps.
var brisk = Options{
	Timeout:   3 * time.Second,
	RetryMin:  20 * time.Millisecond,
	RetryMax:  100 * time.Millisecond,
	KeepAlive: time.Minute,
}

func newDriver(t *testing.T, o Options) *Driver {
	t.Helper()
	d := New(o)
	t.Cleanup(func() { _ = d.Close() })
	return d
}

func deviceAt(name, endpoint string) driver.Device {
	return driver.Device{Name: name, Protocols: map[string]map[string]any{Protocol: {endpointProperty: endpoint}}}
}

func TestSuite(t *testing.T) {
	drivertest.Suite(t, drivertest.Harness{
		New:     newBench,
		Foreign: []string{"gopcua/opcua/server.", "(*plant)", "(*relay)"},
	})
}

func newBench(t *testing.T) *drivertest.Bench {
	p := newPlant(t, 0, answerOf{
		"Pressure": 4.25, "Valve": int32(40), "Flame": true, "Name": "North", "Curve": []float64{1, 2.5, 4},
	})
	readOnly := p.resource("ReadOnly", "Int32")
	readOnly.Writable = false
	wrongDevice := deviceAt("wrong", "http://127.0.0.1:4840")
	wrongDevice.Protocols[Protocol]["Policy"] = "Basic256Sha512"
	wrongDevice.Protocols[Protocol]["Mode"] = "Signed"
	wrongDevice.Protocols[Protocol]["Timeout"] = "5"
	wrongDevice.Protocols[Protocol]["Endpiont"] = "opc.tcp://127.0.0.1:4840"
	wrong := func(name string, attributes map[string]any) driver.Resource {
		return driver.Resource{Name: name, Type: "Int32", Attributes: attributes, Readable: true}
	}
	return &drivertest.Bench{
		Driver:  newDriver(t, brisk),
		Devices: []driver.Device{deviceAt("one", p.endpoint()), deviceAt("two", p.endpoint())},
		Known: []drivertest.Known{
			{Resource: p.resource("Pressure", "Float64"), Value: 4.25},
			{Resource: p.resource("Valve", "Int64"), Value: int64(40)},
			{Resource: p.resource("Flame", "Bool"), Value: true},
			{Resource: p.resource("Name", "String"), Value: "North"},
			{Resource: p.resource("Curve", "Float32Array"), Value: []float32{1, 2.5, 4}},
		},
		Refused: p.resource("Nothing", "Int32"),
		Invalid: []drivertest.Invalid{
			{Resource: wrong("none", nil), Attributes: []string{"nodeId"}},
			{Resource: wrong("number", map[string]any{"nodeId": 85}), Attributes: []string{"nodeId"}},
			{Resource: wrong("form", map[string]any{"nodeId": "Boiler.Pressure"}), Attributes: []string{"nodeId"}},
			{Resource: wrong("misspelt", map[string]any{"nodeID": "i=85"}), Attributes: []string{"nodeID"}},
			{Resource: wrong("more", map[string]any{"nodeId": "i=85", "colour": "red"}), Attributes: []string{"colour"}},
			{Resource: wrong("method", map[string]any{"methodId": "Start", "inputMap": "x"}), Attributes: []string{"methodId", "objectId", "inputMap"}},
		},
		InvalidDevice:     wrongDevice,
		InvalidProperties: []string{"Endpoint", "Policy", "Mode", "Timeout", "Endpiont"},
		Writes: []driver.Write{
			{Resource: p.resource("Valve", "Int64"), Value: int64(55)},
			{Resource: p.resource("Name", "String"), Value: "South"},
			{Resource: p.resource("Flame", "Bool"), Value: false},
			{Resource: p.resource("Curve", "Float32Array"), Value: []float32{8, 9}},
		},
		ReadOnly: driver.Write{Resource: readOnly, Value: int32(8)},
		Stop:     p.Stop,
		Start:    p.Start,
		Silence:  p.Silence,
	}
}
