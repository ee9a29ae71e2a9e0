package edgex

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/edgexfoundry/go-mod-core-contracts/v3/dtos"
	"github.com/edgexfoundry/go-mod-core-contracts/v3/models"

	"sluice/tests/edgecore"
	"sluice/tests/servers"
)

const twinProfile = `name: P
deviceResources:
  - {name: Temperature, properties: {valueType: Float64, readWrite: R, units: C}}
  - {name: Count, properties: {valueType: Int32, readWrite: RW, maximum: 1000}}
  - {name: Scaled, properties: {valueType: Float64, readWrite: RW, scale: 0.1}}
  - {name: Order, properties: {valueType: Int16, readWrite: W}}
  - {name: Threshold, attributes: {virtual: true, register: bad}, properties: {valueType: Float64, readWrite: RW, defaultValue: "80", maximum: 200}}
deviceCommands:
  - {name: Both, readWrite: R, resourceOperations: [{deviceResource: Temperature}, {deviceResource: Threshold}]}
`

const twinDevices = `deviceList:
  - name: K1
    profileName: P
    protocols: {fake: {Address: x}}
    tags: {kubeedge-namespace: hall, kubeedge-node: edge1, kubeedge-model: m, kubeedge-report: "Temperature,Count,Scaled,Order,Threshold"}
    autoEvents: [{interval: 50ms, sourceName: Both}]
  - {name: D2, profileName: P, protocols: {fake: {Address: y}}, autoEvents: [{interval: 50ms, sourceName: Count}]}
`

const hallK1 = "hall/K1"

// TestTwins runs a service whose devices have twins.
func TestTwins(t *testing.T) {
	r := newRig(t)
	r.write("res/profiles/p.yaml", twinProfile)
	r.write("res/devices/d.yaml", twinDevices)
	broker := servers.Mosquitto(t)
	core := edgecore.New(t, broker.Addr(), hallK1, "default/D2")
	text, err := os.ReadFile(r.dir + "/res/configuration.yaml")
	if err != nil {
		t.Fatal(err)
	}
	r.write("res/configuration.yaml", fmt.Sprintf("%s\nDriver: {DataDir: %s/data}\nKubeEdge: {MinInterval: 20ms, MQTT: {Server: 'tcp://%s'}}\n", text, r.dir, broker.Addr()))
	fake := newFakeDriver()
	for name, v := range map[string]any{"Temperature": 81.5, "Count": int32(7), "Scaled": 100.0} {
		fake.set(name, v)
	}
	r.start(fake)
	for _, step := range []struct {
		name string
		run  func(*testing.T, *rig, *edgecore.Edgecore)
	}{
		{"reports", testTwinReports},
		{"virtual", testVirtual},
		{"desired", testDesired},
		{"refused", testDesiredRefused},
		{"state", testTwinState},
		{"restart", testTwinRestart},
	} {
		if !t.Run(step.name, func(t *testing.T) { r.t = t; step.run(t, r, core) }) {
			break
		}
	}
	r.t = t
	r.stop()
}

func testTwinReports(t *testing.T, r *rig, core *edgecore.Edgecore) {
	r.until("twin", func() bool {
		has := core.Has(hallK1)
		return has["Temperature"] == "float 81.5" && has["Threshold"] == "float 80" && core.State(hallK1) == "online"
	})
	r.until("event of a virtual resource at the start", func() bool {
		e := r.last("D2", "Threshold")
		return len(e.Readings) == 1 && e.Readings[0].Value == "80"
	})
	r.fake.set("Temperature", 1e21)
	r.until("changed", func() bool { return core.Has(hallK1)["Temperature"] == "float 1000000000000000000000" })
	r.fake.set("Temperature", 82.0)
	if got := core.Has("default/D2"); len(got) > 0 {
		t.Errorf("a device that is not of KubeEdge has a twin: %v", got)
	}
}

// A virtual resource is read and written as any other.
func testVirtual(t *testing.T, r *rig, core *edgecore.Edgecore) {
	for _, resource := range r.fake.devices["K1"] {
		if resource.Name == "Threshold" {
			t.Error("the driver has a virtual resource")
		}
	}
	if code, text := r.call("GET", "device/name/K1/Threshold", ""); code != 200 || !strings.Contains(text, `"value":"8.000000e+01"`) {
		t.Errorf("%d %s", code, text)
	}
	r.clear()
	if code, text := r.call("PUT", "device/name/K1/Threshold", `{"Threshold": "90.5"}`); code != 200 {
		t.Errorf("%d %s", code, text)
	}
	r.until("event of the write", func() bool { return len(r.take("K1", "Threshold")) > 0 })
	if e := r.take("K1", "Threshold")[0].event; len(e.Readings) != 1 || e.Readings[0].ValueType != "Float64" || e.Tags["kubeedge-model"] != "m" {
		t.Errorf("%+v", e)
	}
	r.until("auto-event", func() bool {
		e := r.last("K1", "Both")
		return len(e.Readings) == 2 && e.Readings[0].Value == "82" && e.Readings[1].Value == "90.5"
	})
	r.until("twin", func() bool { return core.Has(hallK1)["Threshold"] == "float 90.5" })
	r.clear()
	if code, text := r.call("PUT", "device/name/K1/Threshold", `{"Threshold": "90.123456789012"}`); code != 200 {
		t.Errorf("%d %s", code, text)
	}
	r.until("both events of the write, ours and the SDK's", func() bool { return len(r.take("K1", "Threshold")) == 2 })
	for _, e := range r.take("K1", "Threshold") {
		if got := e.event.Readings[0]; got.Value != "90.123456789012" || got.ValueType != "Float64" {
			t.Errorf("an event of the write has %s %q", got.ValueType, got.Value)
		}
	}
	if code, _ := r.call("PUT", "device/name/K1/Threshold", `{"Threshold": "201"}`); code != 400 {
		t.Errorf("above the maximum: %d", code)
	}
	if code, text := r.call("GET", "device/name/D2/Threshold", ""); code != 200 || !strings.Contains(text, `"value":"8.000000e+01"`) {
		t.Errorf("of another device: %d %s", code, text)
	}
	r.fake.breakDown("D2", errors.New("no answer"))
	if code, _ := r.call("PUT", "device/name/D2/Threshold", `{"Threshold": "1"}`); code != 200 {
		t.Errorf("of a device that does not answer: %d", code)
	}
	r.fake.breakDown("D2", nil)
}

// What the cloud wants is written, and comes back as the twin's value and as
// an event.
func testDesired(t *testing.T, r *rig, core *edgecore.Edgecore) {
	r.clear()
	for _, c := range []struct{ property, kind, value, event string }{
		{"Count", "int", "42", "42"}, {"Scaled", "float", "25.3", "25.3"}, {"Threshold", "float", "95.0", "95"}, {"Order", "int", "3", ""},
	} {
		core.Expect(hallK1, c.property, c.kind, c.value)
		r.until(c.property, func() bool { return core.Has(hallK1)[c.property] == c.kind+" "+c.value })
		if c.event == "" {
			continue
		}
		r.until("event of "+c.property, func() bool {
			e := r.last("K1", c.property)
			return len(e.Readings) == 1 && e.Readings[0].Value == c.event
		})
		if n := len(r.take("K1", c.property)); n != 1 {
			t.Errorf("%s: %d events", c.property, n)
		}
	}
	if r.fake.get("Count") != int32(42) || r.fake.get("Scaled") != 253.0 || r.fake.get("Order") != int16(3) || r.fake.get("Threshold") != nil {
		t.Errorf("%v %v %v %v", r.fake.get("Count"), r.fake.get("Scaled"), r.fake.get("Order"), r.fake.get("Threshold"))
	}
}

func testDesiredRefused(t *testing.T, r *rig, core *edgecore.Edgecore) {
	for _, c := range []struct{ property, value, why string }{
		{"Count", "1001", `resource \"Count\": 1001 is above the maximum of 1000`},
		{"Temperature", "5", `resource \"Temperature\" is read only`},
		{"Nonsense", "5", `resource \"Nonsense\" is not in profile \"P\"`},
	} {
		core.Expect(hallK1, c.property, "int", c.value)
		r.until(c.property, func() bool {
			code, text := r.call("GET", "twins", "")
			return code == 200 && strings.Contains(text, `"`+c.property+`":"`+c.why+`"`)
		})
		core.Expect(hallK1, c.property, "int", "")
	}
	notSet := func(property, why string) {
		t.Helper()
		r.until(why, func() bool {
			_, text := r.call("GET", "twins", "")
			return strings.Contains(text, `"`+property+`":"`+why+`"`)
		})
	}
	lock := func(state string) func(*dtos.Device) { return func(d *dtos.Device) { d.AdminState = state } }
	admin := func(state models.AdminState) {
		t.Helper()
		r.until("state "+string(state), func() bool { return r.state("K1") == string(state) })
	}
	r.must(r.meta.change("K1", lock(models.Locked)))
	admin(models.Locked)
	core.Expect(hallK1, "Count", "int", "50")
	notSet("Count", `device \"K1\" is locked`)
	r.must(r.meta.change("K1", lock(models.Unlocked)))
	admin(models.Unlocked)
	r.must(r.meta.lockService("device-test", models.Locked))
	r.until("silence of a locked service", func() bool { // its events end when it knows
		r.clear()
		time.Sleep(200 * time.Millisecond)
		return len(r.take("K1", "Both")) == 0
	})
	core.Expect(hallK1, "Count", "int", "51")
	notSet("Count", "the service is locked")
	r.must(r.meta.lockService("device-test", models.Unlocked))
	r.until("events of an unlocked service", func() bool { return len(r.take("K1", "Both")) > 0 })
	core.Expect(hallK1, "Count", "int", "42")
	if got := core.Has(hallK1)["Count"]; got != "int 42" || r.fake.get("Count") != int32(42) {
		t.Error(got)
	}
}

// state is the admin state of a device as the service has it.
func (r *rig) state(device string) string {
	var view deviceView
	_, text := r.call("GET", "devices/"+device, "")
	if err := json.Unmarshal([]byte(text), &view); err != nil {
		return err.Error()
	}
	return string(view.AdminState)
}

func testTwinState(t *testing.T, r *rig, core *edgecore.Edgecore) {
	r.fake.breakDown("Temperature", errors.New("sensor is broken"))
	r.until("unhealthy", func() bool { return core.State(hallK1) == "unhealthy" })
	r.fake.breakDown("K1", errors.New("no answer"))
	r.until("offline", func() bool { return core.State(hallK1) == "offline" })
	r.fake.breakDown("K1", nil)
	r.fake.breakDown("Temperature", nil)
	r.until("online", func() bool { return core.State(hallK1) == "online" })
}

// The value of a virtual resource is kept over a restart, and an edgecore that
// has forgotten everything hears it.
func testTwinRestart(t *testing.T, r *rig, core *edgecore.Edgecore) {
	r.stop()
	if _, err := os.Stat(r.dir + "/data/device-test/virtual.json"); err != nil {
		t.Errorf("services that share a folder have not each their values: %v", err)
	}
	core.Forget(hallK1)
	core.Expect(hallK1, "Count", "int", "43")
	r.clear()
	r.start(r.fake)
	r.until("twin", func() bool {
		has := core.Has(hallK1)
		return has["Threshold"] == "float 95" && has["Temperature"] == "float 82" && has["Count"] == "int 43" && core.State(hallK1) == "online"
	})
	r.until("event", func() bool {
		e := r.last("K1", "Both")
		return len(e.Readings) == 2 && e.Readings[1].Value == "95"
	})
}

// A mistake in the section ends the service with what to do.
func TestTwinConfiguration(t *testing.T) {
	for section, want := range map[string]string{
		"MinInterval: soon, MQTT: {Server: 'tcp://127.0.0.1:1'}":         `configuration of device-test: KubeEdge.MinInterval: "soon" is no duration from 10ms on; write it with its unit, such as "1s"`,
		"MQTT: {Server: 'tcp://127.0.0.1:1', SecretName: kubeedge-mqtt}": `KubeEdge.MQTT: SecretName: secret "kubeedge-mqtt"`,
	} {
		r := newRig(t)
		text, err := os.ReadFile(r.dir + "/res/configuration.yaml")
		if err != nil {
			t.Fatal(err)
		}
		r.write("res/configuration.yaml", string(text)+"KubeEdge: {"+section+"}\n")
		r.write("res/profiles/p.yaml", twinProfile)
		r.write("res/devices/d.yaml", "deviceList: []\n")
		if output, err := asService(t, "-cd", r.dir+"/res", "-cc", r.dir+"/common.yaml").CombinedOutput(); err == nil || !strings.Contains(strings.ReplaceAll(string(output), `\"`, `"`), want) {
			t.Errorf("%s: %v\n%s", section, err, output)
		}
	}
}
