package edgex

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/edgexfoundry/go-mod-core-contracts/v3/dtos"
	"github.com/edgexfoundry/go-mod-core-contracts/v3/models"
	"github.com/google/uuid"
)

const testProfile = `name: P
deviceResources:
  - {name: Third, properties: {valueType: Float64, readWrite: R, units: bar}, tags: {line: a}}
  - {name: Tenth, properties: {valueType: Float64, readWrite: R}}
  - {name: Single, properties: {valueType: Float32, readWrite: R}}
  - {name: Scaled, attributes: {register: 7}, properties: {valueType: Float64, readWrite: RW, scale: 0.1}}
  - {name: Flag, properties: {valueType: Bool, readWrite: R}}
  - {name: Count, properties: {valueType: Int32, readWrite: RW, maximum: 1000}}
  - {name: Hidden, properties: {valueType: Int32, readWrite: W}}
deviceCommands:
  - name: All
    readWrite: R
    tags: {of: command}
    resourceOperations: [{deviceResource: Third}, {deviceResource: Tenth}, {deviceResource: Single}, {deviceResource: Scaled}, {deviceResource: Flag, mappings: {"true": "ON"}}]
`

const testDevices = `deviceList:
  - name: D1
    profileName: P
    protocols: {fake: {Address: x}}
    tags: {site: lab}
    autoEvents: [{interval: 50ms, sourceName: All}, {interval: 100ms, sourceName: Count, onChange: true}, {interval: 100ms, sourceName: Tenth}]
  - {name: D2, profileName: P, protocols: {fake: {Address: y}}}
`

func filledDriver() *fakeDriver {
	fake := newFakeDriver()
	for name, v := range map[string]any{"Third": 1.0 / 3, "Tenth": 0.1, "Single": float32(0.1), "Scaled": 253.0, "Flag": true, "Count": int32(7)} {
		fake.set(name, v)
	}
	return fake
}

// TestService runs one device service through its life. The SDK keeps its
// state in globals, so the steps share a process and follow one another.
func TestService(t *testing.T) {
	r := newRig(t)
	r.write("res/profiles/p.yaml", testProfile)
	r.write("res/devices/d.yaml", testDevices)
	fake := filledDriver()
	r.start(fake)
	for _, step := range []struct {
		name string
		run  func(*testing.T, *rig)
	}{
		{"start", testStart},
		{"values", testValues},
		{"order", testOrder},
		{"commands", testCommands},
		{"partial failure", testPartialFailure},
		{"one schedule", testOneSchedule},
		{"assertion", testAssertion},
		{"service locked", testServiceLocked},
		{"validation", testValidation},
		{"import", testImport},
		{"copy", testCopy},
		{"devices", testDevicesShown},
		{"metadata without data", testMetadataWithoutData},
		{"bus away", testBusAway},
		{"restart", testRestart},
	} {
		if !t.Run(step.name, func(t *testing.T) { r.t = t; step.run(t, r) }) { // the next step needs this one
			break
		}
	}
	r.t = t
	r.stop()
	if !fake.closed {
		t.Error("the driver was not closed")
	}
}

// rows are what the service answers about a list of devices.
func (r *rig) rows(want int, path, body string) []row {
	r.t.Helper()
	code, text := r.call("POST", path, body)
	var out struct{ Devices []row }
	if err := json.Unmarshal([]byte(text), &out); code != want || err != nil {
		r.t.Fatalf("POST %s: %d %s", path, code, text)
	}
	return out.Devices
}

func shortly(rows []row) string {
	var out []string
	for _, r := range rows {
		out = append(out, strings.TrimSpace(fmt.Sprint(r.Line, " ", r.Name, " ", r.Action, " ", strings.Join(r.Diff, "; "), r.Error)))
	}
	return strings.Join(out, "\n")
}

// A list shows first what it would do, and with one bad line does nothing.
func testImport(t *testing.T, r *rig) {
	list := "name,profile,fake.Address,autoEvents\nI1,P,a,Count@1s\nI2,P,b,\n"
	want := "2 I1 create\n3 I2 create"
	if got := shortly(r.rows(200, "import?dryRun=true", list)); got != want {
		t.Errorf("dry run:\n%s", got)
	}
	if got := shortly(r.rows(422, "import", list+"I3,Q,c,\nI4,P,,\nI1,P,d,\n")); !strings.HasPrefix(got, want+"\n4 I3 error device \"I3\": profile \"Q\" is not known to core-metadata") ||
		!strings.Contains(got, "\n5 I4 error device \"I4\": protocol property \"Address\": is missing\n6 I1 error device \"I1\" stands in line 2 already") {
		t.Errorf("bad lines:\n%s", got)
	}
	if slices.Contains(r.fake.known(), "I1") {
		t.Error("a list with bad lines was imported")
	}
	if got := shortly(r.rows(200, "import", list)); got != want {
		t.Errorf("import:\n%s", got)
	}
	r.until("imported devices", func() bool { return slices.Contains(r.fake.known(), "I1") && slices.Contains(r.fake.known(), "I2") })
	r.until("events of an imported device", func() bool { return len(r.take("I1", "Count")) > 0 })
	if got := shortly(r.rows(200, "import", strings.Replace(list, "I2,P,b,", "I2,P,x,Tenth@1m", 1))); got != "2 I1 unchanged\n3 I2 update fake.Address: b -> x; autoEvents: (none) -> Tenth@1m" {
		t.Errorf("second import:\n%s", got)
	}
	// One that core-metadata refuses is told, and the others are done.
	r.meta.refused = "I4"
	if got := shortly(r.rows(502, "import", "name,profile,fake.Address\nI4,P,a\nI5,P,a\n")); got != "2 I4 error core-metadata: device I4 is of another service\n3 I5 create" {
		t.Errorf("refused by core-metadata:\n%s", got)
	}
	if !slices.Contains(r.fake.known(), "I5") {
		t.Error("a new device is not served when the answer comes")
	}
	r.meta.refused = "I5"
	if got := shortly(r.rows(502, "import", "name,profile,fake.Address\nI5,P,b\n")); !strings.Contains(got, "2 I5 error fake.Address: a -> bcore-metadata: no such device") {
		t.Errorf("change refused by core-metadata:\n%s", got)
	}
	r.meta.refused = ""
	if code, text := r.call("POST", "import", "name\n"); code != 400 || !strings.Contains(text, "the list needs the columns name and profile") {
		t.Errorf("%d %s", code, text)
	}
}

func testCopy(t *testing.T, r *rig) {
	got := shortly(r.rows(200, "copy", `{"device": "I1", "copies": [{"name": "C1", "properties": {"Address": "c"}}, {"name": "C2"}]}`))
	if got != "1 C1 create\n2 C2 create" {
		t.Errorf("copy:\n%s", got)
	}
	r.until("copies", func() bool { return slices.Contains(r.fake.known(), "C1") && len(r.take("C2", "Count")) > 0 })
	for body, want := range map[string]string{
		`{"device": "none", "copies": [{"name": "x"}]}`: `device \"none\" is not known to this service`,
		`{"device": "I1"}`: "no copy is wanted",
		`[]`:               "the body is not as it should be",
	} {
		if code, text := r.call("POST", "copy", body); code != 400 || !strings.Contains(text, want) {
			t.Errorf("%s: %d %s", body, code, text)
		}
	}
}

// The routes of devices show how they are, and what is wrong.
func testDevicesShown(t *testing.T, r *rig) {
	view := func(path string, into any) {
		t.Helper()
		if code, text := r.call("GET", path, ""); code != 200 || json.Unmarshal([]byte(text), into) != nil {
			t.Fatalf("%s: %d %s", path, code, text)
		}
	}
	var list struct{ Devices []deviceView }
	view("devices", &list)
	if len(list.Devices) < 5 || list.Devices[0].Name != "C1" || list.Devices[0].Sources != nil {
		t.Errorf("%+v", list)
	}
	r.fake.breakDown("Third", errors.New("no answer"))
	var d1 deviceView
	r.until("the fault is shown", func() bool { view("devices/D1", &d1); return d1.State == "degraded" })
	if d1.Faults["Third"] != "no answer" || d1.Error != "" || d1.LastConnected == nil || d1.AutoEvents != "All@50ms Count@100ms! Tenth@100ms" ||
		d1.Protocols["fake"]["Address"] != "x" || d1.AdminState != "UNLOCKED" || d1.OperatingState != "UP" || d1.Profile != "P" {
		t.Errorf("%+v", d1)
	}
	if s := d1.Sources; len(s) != 8 || s[0].Name != "All" || s[0].Kind != "command" || len(s[0].Resources) != 5 || s[1].Units != "bar" && s[1].Units != "mm" {
		t.Errorf("sources %+v", s)
	}
	r.fake.breakDown("Third", nil)
	r.fake.breakDown("D1", errors.New("no line"))
	r.until("it is down", func() bool { view("devices/D1", &d1); return d1.State == "down" && d1.Error == "no line" })
	r.fake.breakDown("D1", nil)
	r.until("it is up", func() bool { view("devices/D1", &d1); return d1.State == "up" })
	if code, text := r.call("GET", "devices/none", ""); code != 404 || !strings.Contains(text, `device \"none\" is not known to this service`) {
		t.Errorf("%d %s", code, text)
	}
}

// A core-metadata that has lost its data is told again of all, auto-events
// included, and the device goes on with one schedule.
func testMetadataWithoutData(t *testing.T, r *rig) {
	watcher := dtos.ProvisionWatcher{Name: "W", ServiceName: "device-test", AdminState: models.Unlocked, Identifiers: map[string]string{"Address": "x"},
		DiscoveredDevice: dtos.DiscoveredDevice{ProfileName: "P", AdminState: models.Unlocked}}
	r.meta.trace()
	r.must(r.meta.tell("provisionwatcher", "add", "device-test", "P", watcher))
	r.until("the watcher's profile is asked for", func() bool { return slices.Contains(r.meta.trace(), "GET deviceprofile/name/P") })
	r.meta.mu.Lock()
	before := len(r.meta.devices)
	r.meta.services, r.meta.profiles, r.meta.devices = map[string]dtos.DeviceService{}, map[string]dtos.DeviceProfile{}, map[string]dtos.Device{}
	r.meta.mu.Unlock()
	r.until("all is there again", func() bool {
		r.meta.mu.Lock()
		defer r.meta.mu.Unlock()
		return len(r.meta.services) == 1 && len(r.meta.profiles) > 0 && len(r.meta.devices) == before && len(r.meta.devices["D1"].AutoEvents) > 0 &&
			r.meta.watchers["W"].Identifiers["Address"] == "x"
	})
	r.clear()
	r.until("events", func() bool { return len(r.take("D1", "All")) >= 40 })
	all := r.take("D1", "All")[:40]
	took := time.Duration(all[39].event.Origin - all[0].event.Origin)
	if interval := 50 * time.Millisecond; took < 39*interval*9/10 {
		t.Errorf("40 events within %v: more than one schedule", took)
	}
	if err := r.meta.change("D1", func(d *dtos.Device) { d.Labels = []string{"again"} }); err != nil {
		t.Fatal(err)
	}
	r.clear()
	r.until("events after a change", func() bool { return len(r.take("D1", "All")) > 5 })
}

func testStart(t *testing.T, r *rig) {
	r.until("first event", func() bool { return len(r.take("D1", "All")) > 0 })
	r.until("both devices", func() bool { return slices.Equal(r.fake.known(), []string{"D1", "D2"}) })
	want := []string{
		"GET device/service/name/device-test",
		"GET provisionwatcher/service/name/device-test",
		"GET deviceservice/name/device-test",
		"POST deviceservice",
		"GET deviceprofile/name/P",
		"POST deviceprofile",
		"POST device",
		"GET deviceprofile/name/P", // validation of D1
		"GET deviceprofile/name/P", // D1 added: from here on it is in the cache
	}
	got := r.meta.trace()
	if len(got) < len(want) || !slices.Equal(got[:len(want)], want) {
		t.Errorf("calls at start:\n%s", strings.Join(got, "\n"))
	}
	if code, text := r.call("GET", "version", ""); code != 200 || !strings.Contains(text, `"version":"1.2.3"`) {
		t.Errorf("version: %d %s", code, text)
	}
}

func testValues(t *testing.T, r *rig) {
	got := r.take("D1", "All")[0]
	if want := "edgex/events/device/device-test/P/D1/All"; got.topic != want {
		t.Errorf("topic %s", got.topic)
	}
	if _, err := uuid.Parse(got.correlation); err != nil {
		t.Errorf("correlation id %q", got.correlation)
	}
	if got.event.Tags["site"] != "lab" || got.event.Tags["of"] != "command" {
		t.Errorf("event tags %v", got.event.Tags)
	}
	type reading struct{ name, kind, value, units string }
	var readings []reading
	for _, x := range got.event.Readings {
		readings = append(readings, reading{x.ResourceName, x.ValueType, x.Value, x.Units})
	}
	want := []reading{
		{"Third", "Float64", "0.3333333333333333", "bar"},
		{"Tenth", "Float64", "0.1", ""},
		{"Single", "Float32", "0.1", ""},
		{"Scaled", "Float64", "25.3", ""},
		{"Flag", "String", "ON", ""},
	}
	if !slices.Equal(readings, want) {
		t.Errorf("readings %v", readings)
	}
	if f, err := strconv.ParseFloat(got.event.Readings[0].Value, 64); err != nil || f != 1.0/3 {
		t.Errorf("a third came as %v, %v", f, err)
	}
	if got.event.Readings[0].Tags["line"] != "a" {
		t.Errorf("reading tags %v", got.event.Readings[0].Tags)
	}
	for _, x := range []float64{math.Pi, 1e-300, math.MaxFloat64, math.Nextafter(0.1, 1)} {
		r.fake.set("Tenth", x)
		want := strconv.FormatFloat(x, 'g', -1, 64)
		r.until("the value "+want, func() bool {
			e := r.last("D1", "Tenth")
			return len(e.Readings) == 1 && e.Readings[0].Value == want
		})
	}
	if n := len(r.take("D1", "Count")); n != 1 {
		t.Errorf("%d events of a value that did not change", n)
	}
	r.fake.set("Count", int32(8))
	r.until("the change", func() bool { return len(r.take("D1", "Count")) == 2 })
}

func testOrder(t *testing.T, r *rig) {
	r.clear()
	r.until("40 events", func() bool { return len(r.take("D1", "All")) >= 40 })
	r.mu.Lock()
	defer r.mu.Unlock()
	ids := make(map[string]bool)
	for i, e := range r.events {
		if i > 0 && e.event.Origin <= r.events[i-1].event.Origin {
			t.Errorf("event %d: origin %d after %d", i, e.event.Origin, r.events[i-1].event.Origin)
		}
		if ids[e.event.Id] {
			t.Errorf("event %s came twice", e.event.Id)
		}
		ids[e.event.Id] = true
	}
}

func testCommands(t *testing.T, r *rig) {
	for _, c := range []struct {
		want               int
		method, path, body string
	}{
		{200, "GET", "D2/All", ""},
		{200, "GET", "D2/Count?ds-pushevent=true&other=1", ""},
		{200, "PUT", "D2/Count", `{"Count":"42"}`},
		{400, "PUT", "D2/Count", `{"Count":"1001"}`},
		{400, "PUT", "D2/Count", `{`},
		{500, "PUT", "D2/Count", `{"Count":"x"}`},
		{500, "PUT", "D2/Count", `{}`},
		{405, "PUT", "D2/Third", `{"Third":"1"}`},
		{405, "GET", "D2/Hidden", ""},
		{404, "GET", "D2/Nope", ""},
		{404, "GET", "Nope/All", ""},
	} {
		if got, text := r.call(c.method, "device/name/"+c.path, c.body); got != c.want {
			t.Errorf("%s %s %s: status %d, want %d: %s", c.method, c.path, c.body, got, c.want, text)
		}
	}
	for path, want := range map[string]struct {
		code  int
		parts []string // of the answer; empty: no body
	}{
		"D2/Count?ds-returnevent=false":   {200, nil},
		"D2/T.*?ds-pushevent=false":       {200, []string{`"sourceName":"T.*"`, `"resourceName":"Third"`, `"resourceName":"Tenth"`}},
		"D2/T.*?ds-regexcmd=false":        {404, []string{"T.*"}},
		"D2/%28?ds-regexcmd=true":         {400, []string{"CompilePOSIX"}},
		"D2/Hid.*":                        {405, []string{"no readable resources"}},
		"D2/All?ds-regexcmd=true&other=1": {200, []string{`"sourceName":"All"`, `"value":"ON"`, `"value":"2.530000e+01"`}}, // 7 digits: the SDK makes this event
	} {
		code, text := r.call("GET", "device/name/"+path, "")
		if code != want.code || want.parts == nil && text != "" {
			t.Errorf("GET %s: %d %s", path, code, text)
		}
		for _, part := range want.parts {
			if !strings.Contains(text, part) {
				t.Errorf("GET %s: %s has no %s", path, text, part)
			}
		}
	}
	if got := r.fake.get("Count"); got != int32(42) {
		t.Errorf("Count is %v after a set", got)
	}
	r.until("pushed event", func() bool { return len(r.take("D2", "Count")) > 0 })
	r.clear()
	if code, text := r.call("PUT", "device/name/D2/Scaled", `{"Scaled":"1234567.89"}`); code != 200 {
		t.Errorf("%d %s", code, text)
	}
	r.until("event of a set command", func() bool { return len(r.take("D2", "Scaled")) > 0 })
	if got := r.last("D2", "Scaled").Readings[0]; got.Value != "1.23456789e+06" || got.ValueType != "Float64" {
		t.Errorf("the event of a scaled register that was set to 1234567.89 has %s %q", got.ValueType, got.Value)
	}
	r.fake.set("Scaled", 253.0)
	r.clear()
	if code, text := r.call("GET", "device/name/D2/Tenth?ds-pushevent=true&ds-returnevent=false", ""); code != 200 || text != "" {
		t.Errorf("pushed and not returned: %d %s", code, text)
	}
	r.until("event that is pushed alone", func() bool { return len(r.take("D2", "Tenth")) == 1 })
	// The query of a command stays in the SDK's cache; it must not reach the driver.
	r.call("GET", "device/name/D2/Scaled?a=b", "")
	r.call("GET", "device/name/D2/Scaled", "")
	r.fake.mu.Lock()
	defer r.fake.mu.Unlock()
	for _, res := range r.fake.devices["D2"] {
		if _, found := res.Attributes[rawQuery]; found {
			t.Errorf("resource %s carries a query", res.Name)
		}
	}
}

func testPartialFailure(t *testing.T, r *rig) {
	r.fake.breakDown("Third", errors.New("no answer"))
	code, text := r.call("GET", "device/name/D2/All", "")
	if code != 200 || strings.Contains(text, "Third") || !strings.Contains(text, "Tenth") {
		t.Errorf("with one bad resource: %d %s", code, text)
	}
	r.until("an event without the bad reading", func() bool { return len(r.last("D1", "All").Readings) == 4 })
	if code, text := r.call("GET", "device/name/D2/Third", ""); code != 500 || !strings.Contains(text, "no answer") {
		t.Errorf("with all resources bad: %d %s", code, text)
	}
	r.fake.breakDown("Third", nil)
	r.until("all readings again", func() bool { return len(r.last("D1", "All").Readings) == 5 })
}

func testValidation(t *testing.T, r *rig) {
	scale := 0.1
	r.must(r.meta.changeProfile("elsewhere", "Bad", func(p *dtos.DeviceProfile) {
		p.Name = "Bad"
		p.DeviceResources = []dtos.DeviceResource{
			{Name: "A", Attributes: map[string]any{"register": "bad"}, Properties: dtos.ResourceProperties{ValueType: "Uint16", ReadWrite: "R"}},
			{Name: "B", Properties: dtos.ResourceProperties{ValueType: "Int16", ReadWrite: "R", Scale: &scale}},
		}
	}))
	err := r.meta.add(dtos.Device{
		Name: "D4", ServiceName: "device-test", ProfileName: "Bad", AdminState: models.Unlocked, OperatingState: models.Up,
		Protocols:  map[string]dtos.ProtocolProperties{"fake": {"Port": 1}},
		AutoEvents: []dtos.AutoEvent{{Interval: "100us", SourceName: "A"}, {Interval: "1s", SourceName: "C"}},
	})
	want := `device D4 validation failed: device "D4": ` +
		`resource "B": scale 0.1 does not go with the integer type Int16: set valueType to Float64 and give the type of the register in the attribute rawType; ` +
		`protocol property "Address": is missing; ` +
		`resource "A", attribute "register": "bad" is not a number; ` +
		`auto-event "A": interval "100us" is too short; 1ms is the least; ` +
		`auto-event "C": source "C" is neither a device command nor a device resource of profile "Bad"`
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	err = r.meta.add(dtos.Device{Name: "D5", ServiceName: "device-test", ProfileName: "Unheard", AdminState: models.Unlocked, OperatingState: models.Up,
		Protocols: map[string]dtos.ProtocolProperties{"fake": {"Address": "x"}}})
	if err == nil || !strings.Contains(err.Error(), `profile "Unheard"`) {
		t.Errorf("unknown profile: %v", err)
	}
	for name, refused := range map[string]string{"a+b": "'+'", "a#": "'#'", "a/b": "'/'", "a b.c": ""} {
		err := r.meta.validate(dtos.Device{Name: name, ServiceName: "device-test", ProfileName: "P", AdminState: models.Unlocked, OperatingState: models.Up,
			Protocols: map[string]dtos.ProtocolProperties{"fake": {"Address": "x"}}})
		if refused == "" && err != nil || refused != "" && (err == nil || !strings.Contains(err.Error(), "the name has the character "+refused)) {
			t.Errorf("name %q: %v", name, err)
		}
	}
}

// testBusAway takes the broker away for a while: reads go on, and the events
// of that time arrive in order when it is back.
func testBusAway(t *testing.T, r *rig) {
	reads := func() int {
		r.fake.mu.Lock()
		defer r.fake.mu.Unlock()
		return r.fake.reads["D1"]
	}
	r.broker.Shutdown()
	r.broker.WaitForShutdown()
	at := reads()
	r.until("20 more reads without a bus", func() bool { return reads() > at+20 })
	away := time.Now()
	r.clear()
	r.startBroker()
	r.until("events again", func() bool {
		r.mu.Lock()
		defer r.mu.Unlock()
		return len(r.events) > 0
	})
	r.until("events of a time after", func() bool {
		return r.last("D1", "All").Origin > away.Add(time.Second).UnixNano()
	})
	r.mu.Lock()
	for i := 1; i < len(r.events); i++ {
		if r.events[i].event.Origin <= r.events[i-1].event.Origin {
			t.Errorf("event %d: origin %d after %d", i, r.events[i].event.Origin, r.events[i-1].event.Origin)
		}
	}
	r.mu.Unlock()
	// The SDK's own client is back, too.
	r.until("a system event arrives", func() bool {
		r.must(r.meta.change("D2", func(d *dtos.Device) { d.AdminState = models.Locked }))
		code, _ := r.call("GET", "device/name/D2/All", "")
		return code == 423
	})
}
