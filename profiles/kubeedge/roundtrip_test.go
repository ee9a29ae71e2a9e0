package kubeedge

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/edgexfoundry/go-mod-core-contracts/v3/dtos"
	"github.com/google/go-cmp/cmp"
)

// Import, export and import again gives what was imported, in the version of
// the objects; in the other one it becomes the same at EdgeX.
func TestRoundTrip(t *testing.T) {
	for _, g := range goldens(t) {
		set, result, findings := g.convert()
		if findings.Errors() != nil || len(set.Devices) == 0 {
			continue
		}
		for _, format := range []string{V1Alpha2, V1Beta1} {
			t.Run(filepath.Base(g.path)+"/"+format, func(t *testing.T) {
				g := g
				if set.Devices[0].Version != format { // cycles are in the unit of the format then
					g.options.CycleUnit = map[string]CycleUnit{V1Alpha2: Nanoseconds, V1Beta1: Milliseconds}[format]
				}
				again, back, text := throughExport(t, g, result, format)
				if diff := cmp.Diff(essence(t, result), essence(t, back)); diff != "" {
					t.Errorf("what comes of it (-before +after):\n%s\n%s", diff, text)
				}
				if set.Devices[0].Version != format {
					return
				}
				if diff := cmp.Diff(setTree(t, set, g.options.Node), setTree(t, again, "")); diff != "" {
					t.Errorf("the objects (-before +after):\n%s\n%s", diff, text)
				}
			})
		}
	}
}

// throughExport exports what came of an import, reads and converts it.
func throughExport(t *testing.T, g golden, r Result, format string) (Set, Result, string) {
	t.Helper()
	objects, findings := Export(format, r.profiles(), r.devices())
	if findings.Errors() != nil {
		t.Fatal(findings.Errors())
	}
	text := string(Text(objects))
	set, findings := Read(File{"export.yaml", []byte(text)})
	back, more := Convert(set, g.options)
	if errs := append(findings, more...).Errors(); errs != nil {
		t.Fatalf("%v\n%s", errs, text)
	}
	return set, back, text
}

// essence is a result without places and without what is kept: the version
// that was exported is another one.
func essence(t *testing.T, r Result) map[string]any {
	t.Helper()
	devices := r.devices()
	for i := range devices {
		devices[i].Properties = nil
	}
	tree, err := treeOf(map[string]any{"profiles": r.profiles(), "devices": devices, "streams": r.Streams})
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

// setTree are the objects of a set by their names, without models that no
// device has, and without passwords.
func setTree(t *testing.T, set Set, node string) map[string]any {
	t.Helper()
	all := map[string]any{}
	for _, d := range set.Devices {
		if node != "" && d.Node != node {
			continue
		}
		d.Protocol.Config = withoutPassword(d.Protocol.Config)
		tree, err := treeByName(d)
		if err != nil {
			t.Fatal(err)
		}
		delete(tree, "order") // is that of the kinds of fields
		all["device "+d.namespace()+"/"+d.Name] = tree
		for _, m := range set.Models {
			if m.Name == d.Model && m.namespace() == d.namespace() {
				if all["model "+m.namespace()+"/"+m.Name], err = treeByName(m); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	return all
}

// A change at EdgeX is in the export, and what has no field there is not lost.
func TestExportHasChanges(t *testing.T) {
	g := goldenNamed(t, "v1alpha2.txtar")
	_, r, findings := g.convert()
	if findings.Errors() != nil {
		t.Fatal(findings)
	}
	p, d := r.Profiles[0].DeviceProfile, r.Devices[0].Device
	d.AutoEvents[0].Interval = "7s"
	d.Protocols["modbus-tcp"]["Port"] = 1502
	p.DeviceResources[1].Attributes["startingAddress"] = 77
	p.DeviceResources = append(p.DeviceResources, p.DeviceResources[0])
	p.DeviceResources[2].Name = "pressure"
	r.Profiles[0].DeviceProfile, r.Devices[0].Device = p, d
	set, _, text := throughExport(t, g, r, V1Alpha2)
	device := set.Devices[0]
	if c := device.find("temperature").CollectCycle; c == nil || *c != 7e9 {
		t.Errorf("collectCycle is %v, want 7e9:\n%s", c, text)
	}
	if v := device.find("threshold").Visitor.Config["offset"]; v != int64(77) {
		t.Errorf("offset is %v", v)
	}
	if v := device.Protocol.Config["port"]; v != int64(1502) {
		t.Errorf("port is %v", v)
	}
	if set.Models[0].property("pressure") == nil || device.find("pressure") == nil {
		t.Error("the new resource is missing")
	}
	if device.find("threshold").Desired.Value != "80" || !strings.Contains(text, "RS485") {
		t.Errorf("something is lost:\n%s", text)
	}
}

// A resource that was deleted at EdgeX is not exported.
func TestExportWithoutDeleted(t *testing.T) {
	g := goldenNamed(t, "v1alpha2.txtar")
	_, r, _ := g.convert()
	r.Profiles[0].DeviceResources = r.Profiles[0].DeviceResources[1:]
	r.Devices[0].AutoEvents = r.Devices[0].AutoEvents[1:]
	set, _, text := throughExport(t, g, r, V1Alpha2)
	if set.Models[0].property("temperature") != nil || set.Devices[0].find("temperature") != nil || len(set.Models[0].Properties) != 1 {
		t.Errorf("temperature is there:\n%s", text)
	}
}

func goldenNamed(t testing.TB, name string) golden {
	t.Helper()
	for _, g := range goldens(t) {
		if filepath.Base(g.path) == name {
			return g
		}
	}
	t.Fatalf("there is no %s", name)
	return golden{}
}

// Changes at EdgeX win over what was kept, too: of visitors that stand in the
// model, of resources that are several for one property, of the connection.
func TestExportHasChangesOfKept(t *testing.T) {
	g := goldenNamed(t, "v1alpha1.txtar")
	_, r, _ := g.convert()
	r.Profiles[0].DeviceResources[0].Attributes[startingAddress] = 77
	r.Devices[0].Protocols[modbusTCP]["UnitID"] = 9
	_, back, text := throughExport(t, g, r, V1Beta1)
	if a := back.Profiles[0].DeviceResources[0].Attributes[startingAddress]; a != int64(77) {
		t.Errorf("address %v, want 77\n%s", a, text)
	}
	if u := back.Devices[0].Protocols[modbusTCP]["UnitID"]; u != int64(9) {
		t.Errorf("unit %v, want 9\n%s", u, text)
	}

	g = goldenNamed(t, "modbus_types.txtar")
	_, r, _ = g.convert()
	p := &r.Profiles[0].DeviceProfile
	p.DeviceResources = slices.DeleteFunc(p.DeviceResources, func(d dtos.DeviceResource) bool { return strings.HasPrefix(d.Name, "coils_") })
	p.DeviceCommands = nil
	d := &r.Devices[0].Device
	d.AutoEvents = slices.DeleteFunc(d.AutoEvents, func(e dtos.AutoEvent) bool { return e.SourceName == "coils" })
	d.AutoEvents[0].Interval = "3s" // of coil, which had none of its own
	set, back, text := throughExport(t, g, r, V1Alpha2)
	if set.Models[0].property("coils") != nil || set.Devices[0].find("coils") != nil {
		t.Errorf("coils are there\n%s", text)
	}
	if i := back.Devices[0].AutoEvents[0].Interval; i != "3s" {
		t.Errorf("interval %s, want 3s\n%s", i, text)
	}
	if set.Models[0].property("blob") == nil || set.Models[0].property("no-visitor") == nil {
		t.Errorf("what was left out is lost\n%s", text)
	}
}
