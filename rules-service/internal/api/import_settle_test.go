package api_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"sluice/profiles/kubeedge"
)

// sensor is a device of the model of line, at a register.
func sensor(name, namespace, offset string) string {
	text := strings.NewReplacer("line-0", name, "offset: 2", "offset: "+offset, "metadata: {name: ", "metadata: {namespace: "+namespace+", name: ").Replace(line(1, 502))
	return text
}

// at wants a device to have a profile, with a register.
func (b *plantBench) at(device, profile string, offset float64) {
	b.t.Helper()
	d := b.meta.Device(device)
	p := b.meta.Profile(d.ProfileName)
	if len(p.DeviceResources) != 1 || d.ProfileName != profile || p.DeviceResources[0].Attributes["startingAddress"] != offset {
		b.t.Errorf("%s has profile %s with %+v; want %s with address %v", device, d.ProfileName, p.DeviceResources, profile, offset)
	}
}

func (b *plantBench) unchanged(data string) {
	b.t.Helper()
	b.meta.Writes()
	r := b.kubeEdge(data, 200)
	if slices.ContainsFunc(r.Entries, func(e kubeedge.Entry) bool { return e.Action != kubeedge.Unchanged }) || b.meta.Writes() != 0 {
		b.t.Errorf("it is changed: %+v", r.Entries)
	}
}

// Addresses stand in profiles. An import of one device of a model must not
// change those of another one that was imported before it.
func TestDevicesAreImportedOneByOne(t *testing.T) {
	b := startPlant(t)
	first, second := sensor("a", "default", "2"), sensor("b", "default", "4")
	both := first + second[strings.Index(second, "---"):]
	b.kubeEdge(first, 200)
	b.kubeEdge(second, 200)
	b.at("a", "line", 2)
	b.at("b", "line--b", 4)
	for _, data := range []string{first, second, both} {
		b.unchanged(data)
	}
	b.kubeEdge(sensor("b", "default", "6"), 200)
	b.at("b", "line--b", 6)
	copied := b.meta.Device("a")
	copied.Name = "copy-of-a"
	b.meta.SetDevice(copied)
	b.kubeEdge(sensor("a", "default", "8"), 200)
	b.at("a", "line--a", 8)
	b.at("copy-of-a", "line", 2)
	b.kubeEdge(sensor("a", "default", "2"), 200)
	b.at("a", "line--a", 2)
	b.kubeEdge(sensor("c", "default", "2"), 200)
	b.at("c", "line", 2)
}

// What KubeEdge says nothing about stays with a device.
func TestAnImportKeepsWhatIsEdgeXsAlone(t *testing.T) {
	b := startPlant(t)
	b.kubeEdge(line(1, 502), 200)
	d := b.meta.Device("line-0")
	d.Description, d.Location = "behind the door", "hall 1"
	d.Tags["hall"] = "1"
	d.Properties["asset"] = "A-1"
	b.meta.SetDevice(d)
	b.unchanged(line(1, 502))
	b.kubeEdge(line(1, 503), 200)
	d = b.meta.Device("line-0")
	if d.Description != "behind the door" || d.Location != "hall 1" || d.Tags["hall"] != "1" || d.Properties["asset"] != "A-1" || d.Protocols["modbus-tcp"]["Port"] != 503.0 {
		t.Errorf("%+v", d)
	}
	b.unchanged(line(1, 503))
}

// A device of another namespace does not take the place of one that there is.
func TestDevicesOfOtherNamespacesAreNotReplaced(t *testing.T) {
	b := startPlant(t)
	north, south := sensor("a", "north", "2"), sensor("a", "south", "4")
	b.kubeEdge(north, 200)
	for _, dryRun := range []bool{true, false} {
		r := b.send("kubeedge", "south.yaml", south, map[string]any{"cycleUnit": "ms", "dryRun": dryRun}, 400)
		if e := r.Entries[1]; e.Action != kubeedge.Failed || len(e.Findings) != 1 || !strings.Contains(e.Findings[0].Message, "there is one of namespace north already; delete it") {
			t.Errorf("%+v", r.Entries)
		}
	}
	b.has(1, 1, 1, 1)
	b.unchanged(north)
}

// A rule of a device that does not want it any more is deleted; no other one is.
func TestRulesThatAreNotWantedAnyMoreAreDeleted(t *testing.T) {
	b := startPlant(t)
	b.kubeEdge(line(2, 502), 200)
	b.want("POST", "/rules", `{"id":"line_0_speed_mqtt","sql":"SELECT speed FROM line_0","actions":[{"nop":{}}]}`, 201, "…")
	once := strings.Replace(line(1, 502), "reportCycle: 5000, ", "", 1)
	r := b.send("kubeedge", "line.yaml", once, map[string]any{"cycleUnit": "ms", "dryRun": true}, 200)
	last := r.Entries[1].Changes[len(r.Entries[1].Changes)-1]
	if last.Kind != "rule" || last.Name != "line_0_speed_report" || last.Action != kubeedge.Delete || r.Entries[1].Action != kubeedge.Update {
		t.Errorf("%+v", r.Entries)
	}
	b.want("GET", "/rules/line_0_speed_report", "", 200, "…")
	b.kubeEdge(once, 200)
	b.want("GET", "/rules/line_0_speed_report", "", 404, "…")
	for _, id := range []string{"line_1_speed_report", "line_0_speed_mqtt"} {
		b.want("GET", "/rules/"+id, "", 200, "…")
	}
	b.unchanged(once)
}

// What a cluster writes into its objects all the time is no change of a device.
func TestAnImportOfWhatAClusterHas(t *testing.T) {
	b := startPlant(t)
	seen := func(n int, desired string) string {
		text := strings.NewReplacer("metadata: {name: ", fmt.Sprintf("metadata: {resourceVersion: %q, generation: %d, managedFields: [{manager: m%d}], name: ", fmt.Sprint(n), n, n),
			"{name: speed, collectCycle", "{name: speed, desired: {value: '"+desired+"'}, collectCycle").Replace(line(1, 502))
		return text + fmt.Sprintf("status:\n  state: %q\n  lastOnlineTime: '%d'\n  twins: [{propertyName: speed, reported: {value: '%d', metadata: {timestamp: '%d'}}}]\n", []string{"online", "offline"}[n%2], n, n, n)
	}
	b.kubeEdge(seen(1, "5"), 200)
	b.unchanged(seen(2, "5"))
	r := b.kubeEdge(seen(3, "6"), 200)
	if e := r.Entries[1]; e.Action != kubeedge.Update || b.meta.Writes() != 1 {
		t.Errorf("%+v", e)
	}
	b.unchanged(seen(4, "6"))
}

// A rule that is not wanted any more goes with the column that it reads. One of
// somebody else that reads it keeps both there.
func TestRulesGoWithTheirProperty(t *testing.T) {
	b := startPlant(t)
	load := "  - {name: load, collectCycle: 1000, reportCycle: 5000, reportToCloud: true, visitors: {protocolName: modbus, configData: {register: InputRegister, offset: 3, limit: 1}}}\n"
	b.kubeEdge(strings.Replace(line(1, 502), "unit: rpm}\n", "unit: rpm}\n  - {name: load, type: INT, accessMode: ReadOnly}\n", 1)+load, 200)
	b.want("POST", "/rules", `{"id":"mine","sql":"SELECT load FROM line_0","actions":[{"nop":{}}]}`, 201, "…")
	b.kubeEdge(line(1, 502), 400)
	b.want("GET", "/rules/line_0_load_report", "", 200, "…")
	b.want("DELETE", "/rules/mine", "", 200, "…")
	b.kubeEdge(line(1, 502), 200)
	b.want("GET", "/rules/line_0_load_report", "", 404, "…")
	b.unchanged(line(1, 502))
}

// A copy of a rule that an import has made is somebody's own.
func TestCopiesOfRulesAreNotDeleted(t *testing.T) {
	b := startPlant(t)
	b.kubeEdge(line(1, 502), 200)
	set, err := b.Rules.Definitions()
	if err != nil {
		t.Fatal(err)
	}
	made := set.Rules["line_0_speed_report"]
	b.want("POST", "/rules", strings.Replace(made, "line_0_speed_report", "line_0_copy_report", 1), 201, "…")
	b.want("POST", "/rules", strings.NewReplacer("line_0_speed_report", "line_0_speed_data", "isnull(speed) = false", "isnull(speed) = false AND speed > 5").Replace(made), 201, "…")
	b.kubeEdge(strings.Replace(line(1, 502), "reportCycle: 5000, ", "", 1), 200)
	b.has(1, 1, 1, 2)
	b.want("GET", "/rules/line_0_speed_report", "", 404, "…")
}
