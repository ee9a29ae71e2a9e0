package kubeedge

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// OpenYurt's objects come and go as they are.
func TestOpenYurtRoundTrip(t *testing.T) {
	g := goldenNamed(t, "openyurt.txtar")
	_, r, findings := g.convert()
	if len(findings) > 0 {
		t.Error(findings)
	}
	objects, more := Export(OpenYurt, r.profiles(), r.devices())
	if more != nil {
		t.Fatal(more)
	}
	text := Text(objects)
	if strings.Contains(string(text), annotation) {
		t.Errorf("nothing needs an annotation:\n%s", text)
	}
	in := documents(t, g.files[0].Data)
	if diff := cmp.Diff(in, documents(t, text)); diff != "" {
		t.Errorf("(-in +out):\n%s", diff)
	}
}

// EdgeX's objects of all kinds go to OpenYurt and come back.
func TestEdgeXThroughOpenYurt(t *testing.T) {
	for _, g := range goldens(t) {
		_, r, _ := g.convert()
		if len(r.Devices) == 0 {
			continue
		}
		objects, findings := Export(OpenYurt, r.profiles(), r.devices())
		if findings != nil {
			t.Fatal(g.path, findings)
		}
		set, findings := Read(File{"yurt.yaml", Text(objects)})
		if findings != nil {
			t.Fatal(g.path, findings)
		}
		back, findings := Convert(set, Options{})
		if findings != nil {
			t.Fatal(g.path, findings)
		}
		for _, c := range Diff(r, Existing{Profiles: back.profiles(), Devices: back.devices()}) {
			if (c.Kind == "profile" || c.Kind == "device") && c.Action != Unchanged {
				t.Errorf("%s: %s %s: %v", g.path, c.Kind, c.Name, c.Differences)
			}
		}
	}
}

// All values are texts, as the schema of OpenYurt wants.
func TestOpenYurtHasTexts(t *testing.T) {
	g := goldenNamed(t, "v1alpha2.txtar")
	_, r, _ := g.convert()
	objects, _ := Export(OpenYurt, r.profiles(), r.devices())
	for _, doc := range documents(t, Text(objects)) {
		spec, _ := doc["spec"].(map[string]any)
		resources, _ := spec["deviceResources"].([]any)
		parts := []any{spec["protocols"]}
		for _, one := range resources {
			m, _ := one.(map[string]any)
			parts = append(parts, m["properties"], m["attributes"])
		}
		for _, p := range parts {
			allText(t, p)
		}
	}
}

func allText(t *testing.T, v any) {
	t.Helper()
	switch v := v.(type) {
	case map[string]any:
		for _, in := range v {
			allText(t, in)
		}
	case string, nil:
	default:
		t.Errorf("%v is no text", v)
	}
}

// What EdgeX could not work with is refused, with its place.
func TestOpenYurtIsChecked(t *testing.T) {
	profile := "apiVersion: iot.openyurt.io/v1alpha1\nkind: DeviceProfile\nmetadata: {name: p}\nspec: {deviceResources: [{name: r, properties: {valueType: %t, readWrite: RW%m}}]}\n---\n"
	device := "apiVersion: iot.openyurt.io/v1alpha1\nkind: Device\nmetadata: {name: d}\nspec: {serviceName: s, profileName: p, adminState: %a, protocols: {x: {a: b}}}\n"
	for _, c := range []struct{ kind, more, admin, want string }{
		{"Uint16", ", scale: \"0.1\"", "UNLOCKED", "does not go with the integer type"},
		{"Integer", "", "UNLOCKED", "profile p"},
		{"Binary", "", "UNLOCKED", "write permission"},
		{"Bool", "", "open", "device d"},
		{"Bool", ", scale: much", "UNLOCKED", "is not a number"},
	} {
		text := strings.NewReplacer("%t", c.kind, "%m", c.more, "%a", c.admin).Replace(profile + device)
		set, findings := Read(File{"yurt.yaml", []byte(text)})
		r, more := Convert(set, Options{})
		errs := append(findings, more...).Errors()
		if errs == nil || !strings.Contains(errs[0].String(), c.want) || errs[0].Line == 0 {
			t.Errorf("%+v: %v", c, errs)
		}
		if more.Errors() != nil && len(r.Devices)+len(r.Profiles) > 0 {
			t.Error("there is a result")
		}
	}
}
