package api_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"sluice/profiles/kubeedge"
	"sluice/rules-service/internal/apitest"
)

// plantBench is a service with a core-metadata.
type plantBench struct {
	*bench
	meta *apitest.CoreMetadata
}

func startPlant(t *testing.T) *plantBench {
	s := apitest.StartBuiltin(t, t.TempDir(), "")
	return &plantBench{&bench{s, t}, s.CoreMetadata()}
}

// line is a model and some devices of KubeEdge.
func line(devices, port int) string {
	var b strings.Builder
	b.WriteString("apiVersion: devices.kubeedge.io/v1beta1\nkind: DeviceModel\nmetadata: {name: line}\nspec:\n  properties:\n" +
		"  - {name: speed, type: INT, accessMode: ReadOnly, unit: rpm}\n")
	for i := range devices {
		fmt.Fprintf(&b, "---\napiVersion: devices.kubeedge.io/v1beta1\nkind: Device\nmetadata: {name: line-%d}\nspec:\n  deviceModelRef: {name: line}\n"+
			"  protocol: {protocolName: modbus, configData: {ip: 10.0.0.5, port: %d, slaveID: %d}}\n  properties:\n"+
			"  - {name: speed, collectCycle: 1000, reportCycle: 5000, reportToCloud: true, visitors: {protocolName: modbus, configData: {register: InputRegister, offset: 2, limit: 1}}}\n", i, port, i%200+1)
	}
	return b.String()
}

type report struct {
	Applied bool
	Message string
	Entries []kubeedge.Entry
	Notes   []map[string]any
}

// send imports a file.
func (b *plantBench) send(kind, name, data string, options map[string]any, want int) (r report) {
	b.t.Helper()
	body := map[string]any{"files": []map[string]string{{"name": name, "data": data}}}
	for k, v := range options {
		body[k] = v
	}
	text, err := json.Marshal(body)
	if err != nil {
		b.t.Fatal(err)
	}
	status, answer, _ := b.Call(b.t, "POST", "/import/"+kind, string(text))
	if err := json.Unmarshal([]byte(answer), &r); err != nil || status != want {
		b.t.Fatalf("%d %s, want %d", status, answer, want)
	}
	return r
}

func (b *plantBench) kubeEdge(data string, want int) report {
	b.t.Helper()
	return b.send("kubeedge", "line.yaml", data, map[string]any{"cycleUnit": "ms"}, want)
}

// actions are what becomes of the documents.
func (r *report) actions() (list []string) {
	for _, e := range r.Entries {
		list = append(list, fmt.Sprintf("%s:%d %s %s %s", e.File, e.Line, e.Kind, e.Name, e.Action))
	}
	return list
}

func (b *plantBench) has(profiles, devices, streams, rules int) {
	b.t.Helper()
	p, d := b.meta.Names()
	set, err := b.Rules.Definitions()
	if err != nil {
		b.t.Fatal(err)
	}
	if len(p) != profiles || len(d) != devices || len(set.Streams) != streams || len(set.Rules) != rules {
		b.t.Errorf("profiles %v, devices %v, streams %v, rules %v; want %d, %d, %d, %d", p, d, set.Streams, set.Rules, profiles, devices, streams, rules)
	}
}

func TestAnImportTellsOfEachDocument(t *testing.T) {
	b := startPlant(t)
	if r := b.send("kubeedge", "line.yaml", line(2, 502), map[string]any{"cycleUnit": "ms", "dryRun": true}, 200); r.Applied || r.Entries[1].Action != kubeedge.Create {
		t.Errorf("%+v", r)
	}
	b.has(0, 0, 0, 0)
	r := b.kubeEdge(line(2, 502), 200)
	want := []string{"line.yaml:1 DeviceModel line created", "line.yaml:8 Device line-0 created", "line.yaml:17 Device line-1 created"}
	if got := r.actions(); !r.Applied || !slices.Equal(got, want) {
		t.Errorf("%q\nwant %q", got, want)
	}
	b.has(1, 2, 2, 2)
	b.want("GET", "/streams", "", 200, `["line_0","line_1"]`+"\n")
}

// Nothing is written when everything is as it should be, and only what is
// different otherwise. What somebody has set at EdgeX stays.
func TestAnImportAgainChangesOnlyTheDifferences(t *testing.T) {
	b := startPlant(t)
	b.kubeEdge(line(3, 502), 200)
	b.meta.Writes()
	r := b.kubeEdge(line(3, 502), 200)
	for _, e := range r.Entries {
		if e.Action != kubeedge.Unchanged {
			t.Errorf("%+v", e)
		}
	}
	if n := b.meta.Writes(); n != 0 {
		t.Errorf("%d writes", n)
	}
	b.meta.Locked("line-1")
	other := strings.Replace(line(3, 502), "port: 502, slaveID: 2", "port: 1502, slaveID: 2", 1)
	r = b.kubeEdge(other, 200)
	e := r.Entries[2]
	if e.Action != kubeedge.Update || len(e.Changes) == 0 || !slices.Contains(e.Changes[0].Differences, "protocols.modbus-tcp.Port: 502 -> 1502") {
		t.Errorf("%+v", e)
	}
	if n := b.meta.Writes(); n != 1 {
		t.Errorf("%d writes", n)
	}
	if d := b.meta.Device("line-1"); d.AdminState != "LOCKED" || d.Protocols["modbus-tcp"]["Port"] != 1502.0 {
		t.Errorf("%+v", d)
	}
}

// A rule keeps what an import says nothing about.
func TestAnImportKeepsTheRestOfARule(t *testing.T) {
	b := startPlant(t)
	b.kubeEdge(line(1, 502), 200)
	set, err := b.Rules.Definitions()
	if err != nil {
		t.Fatal(err)
	}
	for id, text := range set.Rules {
		var rule map[string]any
		if err := json.Unmarshal([]byte(text), &rule); err != nil {
			t.Fatal(err)
		}
		rule["tags"], rule["sql"] = []string{"mine"}, "SELECT * FROM line_0"
		body, err := json.Marshal(rule)
		if err != nil {
			t.Fatal(err)
		}
		b.want("PUT", "/rules/"+id, string(body), 200, "…")
	}
	b.kubeEdge(line(1, 502), 200)
	again, err := b.Rules.Definitions()
	if err != nil {
		t.Fatal(err)
	}
	for id, text := range again.Rules {
		if !strings.Contains(text, `"mine"`) || strings.Contains(text, `SELECT * FROM line_0"`) {
			t.Errorf("%s: %s", id, text)
		}
	}
}

func TestAnErrorLeavesNoHalfImport(t *testing.T) {
	broken := strings.Replace(line(3, 502), "metadata: {name: line-2}\nspec:\n  deviceModelRef: {name: line}", "metadata: {name: line-2}\nspec:\n  deviceModelRef: {name: lime}", 1)
	for name, test := range map[string]struct {
		data    string
		prepare func(b *plantBench)
		failed  string // the document with the error
		message string
	}{
		"in a file": {data: broken, failed: "line-2", message: `there is no model "lime"`},
		"a device is refused": {data: line(3, 502), failed: "line-1", message: "no such slave", prepare: func(b *plantBench) {
			b.meta.Refuse = func(name string) string {
				if name == "line-1" {
					return "no such slave"
				}
				return ""
			}
		}},
		"a profile is refused": {data: line(3, 502), failed: "line", message: "no such unit", prepare: func(b *plantBench) {
			b.meta.Refuse = func(name string) string {
				if name == "line" {
					return "no such unit"
				}
				return ""
			}
		}},
		"a table has the name of a stream": {data: line(3, 502), failed: "line-0", message: "line_0", prepare: func(b *plantBench) {
			b.want("POST", "/tables", `{"sql":"CREATE TABLE line_0 () WITH (TYPE=\"test\", DATASOURCE=\"d\", FORMAT=\"json\")"}`, 201, "…")
		}},
	} {
		t.Run(name, func(t *testing.T) {
			b := startPlant(t)
			if test.prepare != nil {
				test.prepare(b)
			}
			r := b.kubeEdge(test.data, 400)
			found := false
			for _, e := range r.Entries {
				switch {
				case e.Name == test.failed && e.Kind != "":
					found = e.Action == kubeedge.Failed && len(e.Findings) > 0 && strings.Contains(e.Findings[len(e.Findings)-1].Message, test.message) && e.Findings[len(e.Findings)-1].Line > 0
				case e.Action != kubeedge.Skipped:
					t.Errorf("%+v", e)
				}
			}
			if !found || r.Message != "nothing was imported; errors: 1" {
				t.Errorf("%s %+v", r.Message, r.Entries)
			}
			b.has(0, 0, 0, 0)
		})
	}
}

// An update is taken back too, and so is what got lost on its way.
func TestChangesAreTakenBack(t *testing.T) {
	b := startPlant(t)
	b.kubeEdge(line(2, 502), 200)
	before := b.meta.Device("line-0")
	b.meta.Lost = func(names []string) bool { return slices.Contains(names, "line-0") && len(names) > 1 }
	status, text, _ := b.Call(t, "POST", "/import/kubeedge", importBody(t, line(3, 1502)))
	if status != 503 || !strings.Contains(text, "core-metadata: the connection was cut") {
		t.Errorf("%d %s", status, text)
	}
	if d := b.meta.Device("line-0"); fmt.Sprint(d.Protocols) != fmt.Sprint(before.Protocols) {
		t.Errorf("%+v", d)
	}
	b.has(1, 2, 2, 2)
	b.meta.Lost = func([]string) bool { return false }
	b.kubeEdge(line(3, 1502), 200)
	b.has(1, 3, 3, 3)
}

// A core-metadata that dies with half of an import is waited for, and what it
// had taken is taken back.
func TestAnImportIsTakenBackWhenCoreMetadataIsBack(t *testing.T) {
	b := startPlant(t)
	requests := 0
	b.meta.Away = func() bool { // from the third request on, for a while
		requests++
		return requests >= 3 && requests < 6
	}
	status, text, _ := b.Call(t, "POST", "/import/kubeedge", importBody(t, line(30, 502))) // a profile, and two batches of devices
	if status != 503 || !strings.Contains(text, "core-metadata: connection refused") || strings.Contains(text, "taken back") {
		t.Errorf("%d %s", status, text)
	}
	b.has(0, 0, 0, 0)
	b.kubeEdge(line(30, 502), 200)
	b.has(1, 30, 30, 30)
}

func importBody(t testing.TB, data string) string {
	t.Helper()
	text, err := json.Marshal(map[string]any{"files": []map[string]string{{"name": "line.yaml", "data": data}}, "cycleUnit": "ms"})
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestBodiesOfImports(t *testing.T) {
	b := startPlant(t)
	for _, kind := range []string{"kubeedge", "geneva"} {
		b.refused("POST", "/import/"+kind, `{`, 400, 1000, "the body must be JSON such as")
		b.refused("POST", "/import/"+kind, `{"files":[],"nod":"edge1"}`, 400, 1000, `unknown field "nod"`)
		b.refused("POST", "/import/"+kind, `{"files":[{"name":"a","data":""}]}{}`, 400, 1000, "more in the body")
		b.refused("POST", "/import/"+kind, `{}`, 400, 1000, "there are no files")
	}
	b.refused("POST", "/import/kubeedge", `{"files":[{"name":"a","data":"kind: [}"}]}`, 400, 1000, "nothing was imported; errors: 1")
	b.refused("POST", "/import/kubeedge", `{"files":[{"name":"a","data":"a: 1"}],"cycleUnit":"s"}`, 400, 1000, "nothing was imported; errors: ")
}

// What was imported is exported again, and that is imported without a change.
func TestDevicesAreExported(t *testing.T) {
	b := startPlant(t)
	b.kubeEdge(line(3, 502), 200)
	b.meta.Writes()
	for _, format := range []string{"", "v1beta1", "v1alpha2", "openyurt"} {
		status, text, header := b.Call(t, "GET", "/export/kubeedge?format="+format, "")
		if status != 200 || header.Get("Content-Type") != "application/yaml" || strings.Count(text, "\nkind: Device\n") != 3 {
			t.Errorf("%s: %d %s", format, status, text)
		}
		if format == "v1beta1" {
			b.kubeEdge(text, 200)
		}
	}
	if n := b.meta.Writes(); n != 0 {
		t.Errorf("%d writes", n)
	}
	if _, text, _ := b.Call(t, "GET", "/export/kubeedge?device=line-1", ""); strings.Count(text, "\nkind: Device\n") != 1 || !strings.Contains(text, "line-1") {
		t.Error(text)
	}
	b.refused("GET", "/export/kubeedge?device=lime", "", 404, 1002, `device "lime" is not known`)
	b.refused("GET", "/export/kubeedge?format=v2", "", 400, 1000, "unknown format")
}

func TestGenevaIsImported(t *testing.T) {
	b := startPlant(t)
	profile := "name: Fan\ndeviceResources:\n- name: Speed\n  attributes: {primaryTable: HOLDING_REGISTERS, startingAddress: \"1\"}\n" +
		"  properties:\n    value: {type: UINT16, readWrite: R, scale: \"0.1\"}\n"
	r := b.send("geneva", "fan.yaml", profile, nil, 200)
	if got := r.actions(); len(got) != 1 || got[0] != ":0 profile Fan created" {
		t.Errorf("%q", got)
	}
	b.has(1, 0, 0, 0)
	r = b.send("geneva", "fan.yaml", profile, nil, 200)
	if r.Entries[0].Action != kubeedge.Unchanged {
		t.Errorf("%+v", r)
	}
	r = b.send("geneva", "fan.yaml", "name: Fan\ndeviceResources: 1\n", nil, 400)
	if len(r.Notes) == 0 || r.Notes[0]["error"] != true || r.Notes[0]["file"] != "fan.yaml" {
		t.Errorf("%+v", r)
	}
}

// Passwords that somebody has put into a rule are not in the report.
func TestReportsHideSecrets(t *testing.T) {
	b := startPlant(t)
	b.kubeEdge(line(1, 502), 200)
	d := b.meta.Device("line-0")
	d.Protocols["modbus-tcp"]["Password"] = "hush"
	b.meta.SetDevice(d)
	set, err := b.Rules.Definitions()
	if err != nil {
		t.Fatal(err)
	}
	for id := range set.Rules {
		b.want("PUT", "/rules/"+id, `{"id":"`+id+`","sql":"SELECT * FROM line_0","actions":[{"mqtt":{"server":"tcp://u:hush@127.0.0.1:1","topic":"x"}}]}`, 200, "…")
	}
	_, text, _ := b.Call(t, "POST", "/import/kubeedge", importBody(t, line(1, 502)))
	if strings.Contains(text, "hush") || !strings.Contains(text, "actions is another one") {
		t.Error(text)
	}
}

func FuzzImportDevices(f *testing.F) {
	f.Add("kubeedge", importBody(f, line(1, 502)))
	f.Add("geneva", `{"files":[{"name":"a.toml","data":"[[DeviceList]]\nName = 'a'\n"}]}`)
	s := apitest.StartBuiltin(f, f.TempDir(), "")
	f.Fuzz(func(t *testing.T, kind, body string) {
		if kind != "kubeedge" && kind != "geneva" {
			return
		}
		if status, text, _ := s.Call(t, "POST", "/import/"+kind, body); status != 200 && status != 400 {
			t.Fatalf("%d %s", status, text)
		}
	})
}

// devices are the calls about devices, whose answers must be as described.
func (c *contract) devices() {
	meta := c.CoreMetadata()
	c.call("POST", "/import/kubeedge", importBody(c.t, line(2, 502)), 200)
	c.call("POST", "/import/kubeedge", importBody(c.t, line(2, 503)), 200)
	c.call("POST", "/import/kubeedge", importBody(c.t, strings.Replace(line(1, 502), "{name: line}\n  protocol", "{name: lime}\n  protocol", 1)), 400)
	geneva := `{"files":[{"name":"fan.yaml","data":"name: Fan\ndeviceResources: []\n"},{"name":"c.toml","data":"[[DeviceList]]\n  Name = \"f\"\n  Profile = \"Fan\"\n  [DeviceList.Protocols.other]\n    a = \"1\"\n"}]}`
	c.call("POST", "/import/geneva", geneva, 200)
	c.call("POST", "/import/geneva", strings.Replace(geneva, "deviceResources: []", "deviceResources: 1", 1), 400)
	c.call("GET", "/export/kubeedge?device=line-1", "", 200)
	c.call("GET", "/export/kubeedge?device=lime", "", 404)
	if _, devices := meta.Names(); len(devices) != 3 {
		c.t.Errorf("%q", devices)
	}
	for _, name := range []string{"line_0", "line_1"} {
		c.call("DELETE", "/rules/{id="+name+"_speed_report}", "", 200)
		c.call("DELETE", "/streams/{name="+name+"}", "", 200)
	}
}
