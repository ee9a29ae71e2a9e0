package kubeedge

import (
	"io/fs"
	"slices"
	"strings"
	"testing"

	"github.com/edgexfoundry/go-mod-core-contracts/v3/dtos"
	"go.yaml.in/yaml/v3"

	"sluice/profiles"
)

// shipped are the profiles and devices of the boiler house, and the profiles
// of usual devices.
func shipped(t *testing.T) (list []dtos.DeviceProfile, devices []dtos.Device) {
	t.Helper()
	read := func(folder fs.FS, pattern string, take func([]byte)) {
		names, err := fs.Glob(folder, pattern)
		if err != nil || len(names) == 0 {
			t.Fatal(pattern, err)
		}
		for _, n := range names {
			b, err := fs.ReadFile(folder, n)
			if err != nil {
				t.Fatal(err)
			}
			take(b)
		}
	}
	profile := func(b []byte) {
		var p dtos.DeviceProfile
		if err := yaml.Unmarshal(b, &p); err != nil {
			t.Fatal(err)
		}
		list = append(list, p)
	}
	read(profiles.Boilerhouse(), "*/profiles/*.yaml", profile)
	read(profiles.Modbus(), "*.yaml", profile)
	read(profiles.OPCUA(), "*.yaml", profile)
	read(profiles.Boilerhouse(), "*/devices/*.yaml", func(b []byte) {
		var file struct {
			DeviceList []dtos.Device `yaml:"deviceList"`
		}
		if err := yaml.Unmarshal(b, &file); err != nil {
			t.Fatal(err)
		}
		devices = append(devices, file.DeviceList...)
	})
	return list, devices
}

// Profiles and devices that never were KubeEdge's go there. Of what it cannot
// say, somebody is told; the rest comes back as it was.
func TestExportOfEdgeX(t *testing.T) {
	all := schemas(t)
	list, devices := shipped(t)
	for _, format := range []string{V1Alpha2, V1Beta1} {
		objects, findings := Export(format, list, devices)
		if errs := findings.Errors(); errs != nil {
			t.Fatal(errs)
		}
		told := shownFindings(findings)
		for _, doc := range documents(t, Text(objects)) {
			first := "v1.6.0"
			if format == V1Beta1 {
				first = "v1.22.0" // models have visitors
			}
			if n, err := validate(all, doc, first); err != nil || n == 0 {
				t.Errorf("%s: %v: %d schemas: %v", format, doc["metadata"], n, err)
			}
		}
		set, findings := Read(File{"export.yaml", Text(objects)})
		if findings.Errors() != nil {
			t.Fatal(findings)
		}
		back, findings := Convert(set, Options{})
		if findings.Errors() != nil {
			t.Fatal(findings)
		}
		if len(back.Devices) != len(devices) {
			t.Fatalf("%d devices of %d", len(back.Devices), len(devices))
		}
		compared := 0
		for _, d := range back.devices() {
			i := slices.IndexFunc(devices, func(was dtos.Device) bool { return was.Name == d.Name })
			p := list[slices.IndexFunc(list, func(p dtos.DeviceProfile) bool { return p.Name == devices[i].ProfileName })]
			again := back.profiles()[slices.IndexFunc(back.Profiles, func(p Profile) bool { return p.Name == d.ProfileName })]
			for _, r := range p.DeviceResources {
				if strings.Contains(told, `resource "`+r.Name+`"`) {
					continue
				}
				if !slices.ContainsFunc(again.DeviceResources, func(other dtos.DeviceResource) bool { return sameTree(other, r) }) {
					t.Errorf("%s: resource %s of %s does not come back", format, r.Name, p.Name)
				}
				compared++
			}
		}
		if compared == 0 {
			t.Errorf("%s: nothing comes back:\n%s", format, told)
		}
	}
}

// A device without its profile, and two devices that disagree about a model.
func TestExportTroubles(t *testing.T) {
	if _, findings := Export(V1Beta1, nil, []dtos.Device{{Name: "d", ProfileName: "p"}}); findings.Errors() == nil {
		t.Error("a device without its profile is exported")
	}
	g := goldenNamed(t, "names.txtar")
	_, r, _ := g.convert()
	r.Profiles[1].DeviceResources[0].Properties.Units = "C" // of m--d-other
	set, _, text := throughExport(t, g, r, V1Beta1)
	names := []string{}
	for _, m := range set.Models {
		names = append(names, m.namespace()+"/"+m.Name)
	}
	if want := []string{"default/m", "default/m-d-other", "north/m"}; !slices.Equal(names, want) {
		t.Errorf("models %v, want %v\n%s", names, want, text)
	}
	for _, wrong := range []any{7, map[string]any{"device": map[string]any{"properties": 7}}, map[string]any{"options": map[string]any{"signed": "x"}}, map[string]any{"model": map[string]any{"labels": 3}}} {
		_, r, _ := g.convert()
		r.Devices[0].Properties[propertyKept] = wrong
		if _, findings := Export(V1Beta1, r.profiles(), r.devices()); findings.Errors() == nil {
			t.Errorf("%v is taken", wrong)
		}
	}
}

// An annotation that somebody has spoilt is an error with its place.
func TestSpoiltAnnotation(t *testing.T) {
	for _, doc := range []string{
		"apiVersion: devices.kubeedge.io/v1beta1\nkind: DeviceModel\nmetadata: {name: m, annotations: {sluice/kept: '{'}}",
		"apiVersion: devices.kubeedge.io/v1beta1\nkind: Device\nmetadata: {name: m, annotations: {sluice/kept: '{\"methods\": 7}'}}\nspec: {deviceModelRef: {name: m}}",
		"apiVersion: iot.openyurt.io/v1alpha1\nkind: Device\nmetadata: {name: m, annotations: {sluice/kept: '{\"labels\": {\"a\": 1}}'}}",
		"apiVersion: iot.openyurt.io/v1alpha1\nkind: DeviceProfile\nmetadata: {name: m, annotations: {sluice/kept: '['}}",
	} {
		if _, findings := Read(File{"f", []byte(doc)}); findings.Errors() == nil || !strings.Contains(findings.Errors()[0].Path, annotation) {
			t.Errorf("%s\n%v", doc, findings)
		}
	}
}
