package kubeedge

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// Any model and device that are imported without an error come back from an
// export in their version, and from the other version become the same again.
func TestAnyRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		version := rapid.SampledFrom([]string{V1Alpha2, V1Beta1}).Draw(t, "version")
		model, device := anyObjects(t, version)
		text, err := json.Marshal([]any{model, device})
		if err != nil {
			t.Fatal(err)
		}
		options := Options{Choices: Choices{
			CycleUnit: map[string]CycleUnit{V1Alpha2: Nanoseconds, V1Beta1: Milliseconds}[version],
			Semantics: rapid.SampledFrom([]Semantics{Sensible, Literal}).Draw(t, "semantics"),
		}}
		set, findings := Read(File{"any.json", text})
		if errs := findings.Errors(); errs != nil {
			t.Fatalf("%v\n%s", errs, text)
		}
		result, findings := Convert(set, options)
		if findings.Errors() != nil {
			t.Skip() // such as a limit that the type does not go with
		}
		for _, format := range []string{V1Alpha2, V1Beta1} {
			objects, findings := Export(format, result.profiles(), result.devices())
			if errs := findings.Errors(); errs != nil {
				t.Fatal(errs)
			}
			again, findings := Read(File{"export.yaml", Text(objects)})
			if findings.Errors() != nil {
				t.Fatalf("%v\n%s", findings, Text(objects))
			}
			options.CycleUnit = map[string]CycleUnit{V1Alpha2: Nanoseconds, V1Beta1: Milliseconds}[format]
			back, findings := Convert(again, options)
			if findings.Errors() != nil {
				t.Fatalf("%v\n%s", findings, Text(objects))
			}
			if diff := cmp.Diff(essenceOf(t, result), essenceOf(t, back)); diff != "" {
				t.Fatalf("%s: what comes of it:\n%s\n%s\n%s", format, diff, text, Text(objects))
			}
			if format != version {
				continue
			}
			if diff := cmp.Diff(objectsOf(t, set), objectsOf(t, again)); diff != "" {
				t.Fatalf("%s: the objects:\n%s\n%s\n%s", format, diff, text, Text(objects))
			}
		}
	})
}

func essenceOf(t *rapid.T, r Result) map[string]any {
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

func objectsOf(t *rapid.T, set Set) map[string]any {
	tree, err := treeOf(map[string]any{"models": set.Models, "devices": set.Devices})
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

// anyObjects are a model and a device of up to six properties.
func anyObjects(t *rapid.T, version string) (model, device map[string]any) {
	var properties, settings, twins, data []any
	for i := range rapid.IntRange(1, 6).Draw(t, "properties") {
		name := fmt.Sprintf("p%d", i)
		typ := rapid.SampledFrom([]string{"int", "float", "double", "string", "boolean", "bytes"}).Draw(t, "type")
		properties = append(properties, anyProperty(t, version, name, typ))
		if maybe(t) || i == 0 {
			settings = append(settings, anySetting(t, version, name, typ))
		}
		if maybe(t) {
			twins = append(twins, map[string]any{"propertyName": name, "reported": map[string]any{"value": "1", "metadata": map[string]any{"type": typ}}})
		}
		if maybe(t) {
			data = append(data, map[string]any{"propertyName": name})
		}
	}
	meta := func(name string) map[string]any {
		m := map[string]any{"name": name, "annotations": map[string]any{"a": anyText(t)}}
		if maybe(t) {
			m["labels"] = map[string]any{"k": "v", "model": "B1"}
		}
		return m
	}
	spec := map[string]any{"deviceModelRef": map[string]any{"name": "m"}, "unknown": anyValue(t)}
	if version == V1Beta1 {
		spec["properties"], spec["nodeName"] = settings, "edge1"
		spec["protocol"] = map[string]any{"protocolName": "modbus", "configData": map[string]any{"ip": "10.0.0.1", "port": rapid.SampledFrom([]any{502, "1502"}).Draw(t, "port"), "slaveID": 1, "more": anyValue(t)}}
	} else {
		spec["propertyVisitors"], spec["data"] = settings, map[string]any{"dataProperties": data}
		spec["protocol"] = map[string]any{"modbus": map[string]any{"slaveID": 1}, "common": map[string]any{
			"tcp": map[string]any{"ip": "10.0.0.1", "port": 502}, "collectTimeout": rapid.IntRange(0, 5000).Draw(t, "timeout"), "customizedValues": map[string]any{"v": anyValue(t)}}}
	}
	model = map[string]any{"apiVersion": group + "/" + version, "kind": kindModel, "metadata": meta("m"), "spec": map[string]any{"properties": properties}}
	device = map[string]any{"apiVersion": group + "/" + version, "kind": kindDevice, "metadata": meta("d"), "spec": spec, "status": map[string]any{"twins": twins}}
	return model, device
}

func anyProperty(t *rapid.T, version, name, typ string) map[string]any {
	access := rapid.SampledFrom([]string{readOnly, readWrite}).Draw(t, "access")
	kind := map[string]any{"accessMode": access}
	if (typ == "int" || typ == "float" || typ == "double") && maybe(t) {
		kind["minimum"], kind["unit"] = rapid.IntRange(-5, 5).Draw(t, "minimum"), "C"
	}
	if version == V1Alpha2 {
		if typ == "int" && maybe(t) {
			kind["defaultValue"] = rapid.IntRange(-3, 3).Draw(t, "default")
		}
		return map[string]any{"name": name, "description": anyText(t), "type": map[string]any{typ: kind}, "extra": anyValue(t)}
	}
	for key, v := range kind {
		kind[key] = text(v)
	}
	kind["name"], kind["type"], kind["extra"] = name, map[string]string{"int": "INT", "float": "FLOAT", "double": "DOUBLE", "string": "STRING", "boolean": "BOOLEAN", "bytes": "BYTES"}[typ], anyValue(t)
	return kind
}

func anySetting(t *rapid.T, version, name, typ string) map[string]any {
	limit := map[string][]int{"int": {1, 2, 4}, "float": {1, 2, 4}, "double": {1, 2, 4}, "string": {1, 8}, "boolean": {1, 3}, "bytes": {2}}[typ]
	registers := map[string]any{
		"register": rapid.SampledFrom([]string{"CoilRegister", "DiscreteInputRegister", "InputRegister", "HoldingRegister"}).Draw(t, "register"),
		"offset":   rapid.IntRange(0, 70000).Draw(t, "offset") % 66000, "limit": rapid.SampledFrom(limit).Draw(t, "limit"),
	}
	for _, swap := range []string{"isSwap", "isRegisterSwap"} {
		if maybe(t) {
			registers[swap] = maybe(t)
		}
	}
	if maybe(t) {
		registers["scale"] = rapid.SampledFrom([]float64{0, 1, 0.1, 10, -2.5}).Draw(t, "scale")
	}
	s := map[string]any{"more": anyValue(t)}
	if maybe(t) {
		unit := map[string]int64{V1Alpha2: 1e6, V1Beta1: 1}[version]
		s["collectCycle"], s["reportCycle"] = unit*rapid.Int64Range(10, 100_000).Draw(t, "collect"), unit*rapid.Int64Range(0, 100_000).Draw(t, "report")
	}
	if version == V1Alpha2 {
		s["propertyName"], s["modbus"], s["customizedValues"] = name, registers, map[string]any{"c": anyValue(t)}
		return s
	}
	s["name"], s["visitors"] = name, map[string]any{"protocolName": "modbus", "configData": registers}
	if maybe(t) {
		s["desired"], s["reportToCloud"] = map[string]any{"value": anyText(t)}, maybe(t)
	}
	if maybe(t) {
		s["pushMethod"] = map[string]any{"mqtt": map[string]any{"address": "tcp://10.0.0.1:1883", "topic": "t"}}
	}
	return s
}

func maybe(t *rapid.T) bool { return rapid.Bool().Draw(t, "maybe") }

func anyText(t *rapid.T) string {
	return rapid.SampledFrom([]string{"x", "Ünï: #code", "1e3", "true", "~", "- a", "line\nbreak", `"quoted" {{.x}}`, "0x1F", "2026-01-01"}).Draw(t, "text")
}

// anyValue is what may stand under a key that nobody knows.
func anyValue(t *rapid.T) any {
	return rapid.SampledFrom([]any{1, 2.5, "x", "7", true, []any{1, "a", map[string]any{"b": 2}}, map[string]any{"n": map[string]any{"m": -1}}, int64(9007199254740993)}).Draw(t, "value")
}
