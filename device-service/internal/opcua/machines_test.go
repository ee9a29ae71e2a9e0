package opcua

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sluice/device-service/internal/driver"
	"sluice/tests/servers"
)

// patient are timings for servers that are not ours: they start slowly, and share
// the machine with others.
var patient = Options{Timeout: patience, RetryMin: 20 * time.Millisecond, RetryMax: 100 * time.Millisecond, KeepAlive: time.Minute}

func zooNode(name string, t driver.Type) driver.Resource {
	return driver.Resource{Name: name, Type: t, Readable: true, Writable: true, Attributes: map[string]any{nodeIDAttribute: "nsu=urn:example:zoo;s=Zoo." + name}}
}

func pressNode(name string, t driver.Type) driver.Resource {
	return driver.Resource{Name: name, Type: t, Readable: true, Writable: true, Attributes: map[string]any{nodeIDAttribute: "nsu=urn:example:plc;s=Press." + name}}
}

func pressMethod(name string, t driver.Type, inputs ...any) driver.Resource {
	return driver.Resource{Name: name, Type: t, Readable: true, Writable: true, Attributes: map[string]any{
		methodIDAttribute: "nsu=urn:example:plc;s=Press." + name, objectIDAttribute: "nsu=urn:example:plc;s=Press", inputMapAttribute: inputs}}
}

// recipe is what the press has at the beginning.
func recipe() map[string]any {
	return map[string]any{
		"name": "bracket", "mode": "Automatic", "origin": map[string]any{"x": 1.0, "y": 2.0},
		"path":   []any{map[string]any{"x": 0.0, "y": 0.0}, map[string]any{"x": 10.5, "y": 3.0}},
		"speeds": []any{float32(100), float32(250.5)}, "count": int64(1200), "when": "2026-03-04T12:00:00.25Z", "dwell": 250.0,
		"key": "09087E75-8E5E-499B-954F-F2A9603DB28A", "seal": []byte{1, 2, 255}, "title": "Winkel", "node": "i=85",
		"steps": []any{"Off", "Manual", "Automatic"},
	}
}

func everyType(t *testing.T, peer *servers.OPCUA) {
	d := newDriver(t, patient)
	add(t, d, deviceAt("dev", peer.Endpoint()))
	const noon, far, guid = "2026-03-04T12:00:00.25Z", "9999-12-31T00:00:00Z", "09087E75-8E5E-499B-954F-F2A9603DB28A"
	for _, c := range []struct {
		name string
		t    driver.Type
		want any
	}{
		{"LocalizedText", "String", "Kessel"}, {"LocalizedText", "Object", "Kessel"}, {"LocalizedTexts", "StringArray", []string{"a", "b"}},
		{"DateTime", "String", noon}, {"DateTime", "Int64", int64(1772625600250)}, {"DateTimes", "StringArray", []string{noon, far}},
		{"DateTimes", "Int64Array", []int64{1772625600250, 253402214400000}}, {"FarDateTime", "String", far}, {"FarDateTime", "Object", far},
		{"ByteString", "Binary", []byte{1, 2, 255}}, {"ByteString", "String", "AQL/"}, {"ByteString", "Object", []byte{1, 2, 255}},
		{"ByteStrings", "StringArray", []string{"AQ==", "AgM="}}, {"ByteStrings", "Object", []any{[]byte{1}, []byte{2, 3}}},
		{"Bytes", "Uint8Array", []uint8{7, 8}}, {"Bytes", "Binary", []byte{7, 8}}, {"Bytes", "Object", []any{uint8(7), uint8(8)}},
		{"QualifiedName", "String", "Q"}, {"QualifiedNames", "StringArray", []string{"Q", "R"}},
		{"Guid", "String", guid}, {"Guids", "StringArray", []string{guid, guid}},
		{"NodeId", "String", "ns=1;s=PLC"}, {"NodeIds", "StringArray", []string{"i=85", "ns=1;s=PLC"}}, {"NodeIds", "Object", []any{"i=85", "ns=1;s=PLC"}},
		{"XmlElement", "String", "<a/>"}, {"StatusCode", "String", "BadTimeout"}, {"StatusCode", "Uint32", uint32(0x800A0000)},
		{"Duration", "Float64", 250.0}, {"Number", "Int64", int64(5)},
		{"Matrix", "Object", []any{[]any{int32(1), int32(2), int32(3)}, []any{int32(4), int32(5), int32(6)}}},
	} {
		r := mustRead(t, d, "dev", zooNode(c.name, c.t))[0]
		if diff := cmp.Diff(c.want, r.Value); r.Err != nil || diff != "" {
			t.Errorf("%s as %s: %v %s", c.name, c.t, r.Err, diff)
		}
	}
	if r := mustRead(t, d, "dev", zooNode("Point", "String"))[0]; r.Err == nil || !strings.Contains(r.Err.Error(), "does not fit String") {
		t.Errorf("a structure as text: %+v", r)
	}
}

func writesOfEveryType(t *testing.T, peer *servers.OPCUA) {
	d := newDriver(t, patient)
	add(t, d, deviceAt("dev", peer.Endpoint()))
	const guid = "11111111-8E5E-499B-954F-F2A9603DB28A"
	writes := []driver.Write{
		{Resource: zooNode("LocalizedText", "String"), Value: "Kocher"}, {Resource: zooNode("LocalizedTexts", "StringArray"), Value: []string{"c"}},
		{Resource: zooNode("DateTime", "String"), Value: "2027-01-01T00:00:00Z"}, {Resource: zooNode("ByteString", "Binary"), Value: []byte{9}},
		{Resource: zooNode("Bytes", "Uint8Array"), Value: []uint8{1, 2, 3}},
		{Resource: zooNode("QualifiedName", "String"), Value: "S"}, {Resource: zooNode("QualifiedNames", "StringArray"), Value: []string{"T"}},
		{Resource: zooNode("Guid", "String"), Value: guid}, {Resource: zooNode("Guids", "StringArray"), Value: []string{guid}},
		{Resource: zooNode("NodeId", "String"), Value: "ns=1;i=7"}, {Resource: zooNode("NodeIds", "StringArray"), Value: []string{"i=86"}},
		{Resource: zooNode("XmlElement", "String"), Value: "<b/>"}, {Resource: zooNode("StatusCode", "String"), Value: "BadSensorFailure"},
		{Resource: zooNode("Matrix", "Object"), Value: []any{[]any{int32(9), int32(8), int32(7)}, []any{int32(6), int32(5), int32(4)}}},
		{Resource: zooNode("Duration", "Float64"), Value: 7.5}, {Resource: zooNode("Number", "Int64"), Value: int64(6)},
	}
	var resources []driver.Resource
	for _, w := range writes {
		resources = append(resources, w.Resource)
		if err := d.Write(t.Context(), "dev", []driver.Write{w}); err != nil {
			t.Error(err)
		}
	}
	err := d.Write(t.Context(), "dev", []driver.Write{{Resource: zooNode("ByteStrings", "StringArray"), Value: []string{"BQ=="}}})
	if err == nil || !strings.Contains(err.Error(), "arrays of ByteString cannot be written") { // the library cannot
		t.Error(err)
	}
	err = d.Write(t.Context(), "dev", []driver.Write{{Resource: zooNode("Matrix", "Object"), Value: []any{[]any{1.0}, []any{1.0, 2.0}}}})
	if err == nil || !strings.Contains(err.Error(), "element 1: it is not as long as those before it") {
		t.Error(err)
	}
	for i, r := range mustRead(t, d, "dev", resources...) {
		if diff := cmp.Diff(writes[i].Value, r.Value); r.Err != nil || diff != "" {
			t.Errorf("%s: %v %s", r.Resource, r.Err, diff)
		}
	}
}

func structuresOfPeer(t *testing.T, peer *servers.OPCUA) {
	d := newDriver(t, patient)
	add(t, d, deviceAt("dev", peer.Endpoint()))
	want := map[string]any{
		"Recipe": recipe(),
		"Parts": []any{map[string]any{"serial": uint32(1), "weight": 2.5},
			map[string]any{"serial": uint32(2), "spot": map[string]any{"x": 3.0, "y": 4.0}, "marks": []any{"a", "b"}}},
		"Point": map[string]any{"x": 1.5, "y": -2.0}, "Outcome": map[string]any{"fault": "jam"}, "Outcomes": []any{map[string]any{"good": uint32(7)}, map[string]any{}},
		"Parcel":   map[string]any{"serial": uint32(9), "spot": map[string]any{"x": 0.0, "y": 0.0}, "target": "dock"},
		"Crate":    map[string]any{"outcome": map[string]any{"good": uint32(1)}, "parts": []any{map[string]any{"serial": uint32(2)}, map[string]any{"serial": uint32(3), "marks": []any{"x"}}}},
		"Any":      map[string]any{"serial": uint32(5)},
		"SomePart": map[string]any{"serial": uint32(6), "target": "gate"},
	}
	resources := []driver.Resource{pressNode("Recipe", "Object"), pressNode("Parts", "Object")}
	for _, name := range []string{"Point", "Outcome", "Outcomes", "Parcel", "Crate", "Any", "SomePart"} {
		resources = append(resources, zooNode(name, "Object"))
	}
	for _, r := range mustRead(t, d, "dev", resources...) {
		if diff := cmp.Diff(want[r.Resource], r.Value); r.Err != nil || diff != "" {
			t.Errorf("%s: %v %s", r.Resource, r.Err, diff)
		}
	}
}

func writesOfStructures(t *testing.T, peer *servers.OPCUA) {
	d := newDriver(t, patient)
	add(t, d, deviceAt("dev", peer.Endpoint()))
	changed := recipe()
	changed["name"], changed["mode"], changed["path"], changed["count"] = "plate", "Manual", []any{}, int64(-1)
	part := map[string]any{"serial": uint32(8), "marks": []any{"z"}}
	for _, c := range []struct {
		to    driver.Resource
		value any
		want  any
	}{
		{pressNode("Recipe", "Object"), changed, changed},
		{pressNode("Parts", "Object"), []any{part}, []any{part}},
		{pressNode("Parts", "Object"), `[{"serial": 8, "weight": 0.5}]`, []any{map[string]any{"serial": uint32(8), "weight": 0.5}}},
		{zooNode("Outcome", "Object"), map[string]any{"spot": map[string]any{"x": 1.0, "y": 2.0}}, map[string]any{"spot": map[string]any{"x": 1.0, "y": 2.0}}},
		{zooNode("Parcel", "Object"), map[string]any{"serial": 1.0, "target": "gate"}, map[string]any{"serial": uint32(1), "target": "gate"}},
	} {
		if err := d.Write(t.Context(), "dev", []driver.Write{{Resource: c.to, Value: c.value}}); err != nil {
			t.Error(err)
			continue
		}
		r := mustRead(t, d, "dev", c.to)[0]
		if diff := cmp.Diff(c.want, r.Value); r.Err != nil || diff != "" {
			t.Errorf("%s: %v %s", r.Resource, r.Err, diff)
		}
	}
	err := d.Write(t.Context(), "dev", []driver.Write{{Resource: zooNode("Point", "Object"), Value: map[string]any{"x": 1.0, "yy": 2.0}}})
	if err == nil || !strings.Contains(err.Error(), `structure Point: there is no field "yy"; did you mean "y"?`) {
		t.Error(err)
	}
	if err := d.Write(t.Context(), "dev", []driver.Write{{Resource: pressNode("Recipe", "Object"), Value: recipe()}}); err != nil {
		t.Error(err)
	}
}

func methodsWithStructures(t *testing.T, peer *servers.OPCUA) {
	d := newDriver(t, patient)
	add(t, d, deviceAt("dev", peer.Endpoint()))
	load := pressMethod("Load", "Object")
	if err := d.Write(t.Context(), "dev", []driver.Write{{Resource: load, Value: map[string]any{"recipe": recipe(), "count": 3.0}}}); err != nil {
		t.Error(err)
	}
	err := d.Write(t.Context(), "dev", []driver.Write{{Resource: load, Value: map[string]any{"recipe": map[string]any{}, "count": 3.0}}})
	if err == nil || !strings.Contains(err.Error(), `argument "recipe": structure Recipe: field "name" is missing`) {
		t.Error(err)
	}
	r := mustRead(t, d, "dev", pressMethod("LastPart", "Object", "42"))[0]
	if diff := cmp.Diff(map[string]any{"serial": uint32(42), "weight": 1.25}, r.Value); r.Err != nil || diff != "" {
		t.Errorf("%v %s", r.Err, diff)
	}
	starts := func() driver.Reading { return mustRead(t, d, "dev", pressMethod("Starts", "Uint32"))[0] }
	before, _ := starts().Value.(uint32)
	if err := d.Write(t.Context(), "dev", []driver.Write{{Resource: pressMethod("Start", "Bool"), Value: true}}); err != nil {
		t.Error(err)
	}
	if r := starts(); r.Err != nil || r.Value != before+1 {
		t.Errorf("after %d starts: %+v", before, r)
	}
}

func changesOfStructures(t *testing.T, peer *servers.OPCUA) {
	d := newDriver(t, patient)
	b := subscribeTo(t, d, fast("dev", peer.Endpoint()), []driver.Resource{pressNode("Recipe", "Object"), pressNode("Parts", "Object")})
	await(t, "the structures", func() bool { return len(b.of("Recipe")) > 0 && len(b.of("Parts")) > 0 })
	changed := recipe()
	changed["name"] = "cover"
	if err := d.Write(t.Context(), "dev", []driver.Write{{Resource: pressNode("Recipe", "Object"), Value: changed}}); err != nil {
		t.Fatal(err)
	}
	await(t, "the change", func() bool { return cmp.Equal(b.last("Recipe").Value, any(changed)) })
	for i, r := range append(b.of("Recipe"), b.of("Parts")...) {
		if r.Err != nil || r.Value == nil {
			t.Errorf("change %d: %+v", i, r)
		}
	}
}

// Two servers have the same encoding id for different structures.
func collidingServer(t *testing.T, peer *servers.OPCUA) {
	other := servers.NodeOPCUAMachines(t, true)
	d := newDriver(t, patient)
	add(t, d, deviceAt("this", peer.Endpoint()))
	add(t, d, deviceAt("that", other.Endpoint()))
	for range 2 {
		for device, want := range map[string]map[string]any{"this": {"x": 1.5, "y": -2.0}, "that": {"label": "here", "z": int32(7)}} {
			r := mustRead(t, d, device, zooNode("Point", "Object"))[0]
			if diff := cmp.Diff(any(want), r.Value); r.Err != nil || diff != "" {
				t.Errorf("%s: %v %s", device, r.Err, diff)
			}
		}
	}
	that := map[string]any{"label": "there", "z": int32(8)}
	if err := d.Write(t.Context(), "that", []driver.Write{{Resource: zooNode("Point", "Object"), Value: that}}); err != nil {
		t.Error(err)
	}
	if r := mustRead(t, d, "that", zooNode("Point", "Object"))[0]; !cmp.Equal(any(that), r.Value) {
		t.Errorf("%+v", r)
	}
}
