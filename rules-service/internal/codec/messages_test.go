package codec

import (
	"errors"
	"strings"
	"testing"
)

func TestMessageFields(t *testing.T) {
	_, d := plant(t)
	got := map[string]string{}
	for _, f := range MessageFields(d) {
		got[f.Name] = f.Kind.String()
		switch {
		case f.Elem != nil:
			got[f.Name] += " " + f.Elem.Kind.String()
		case f.Fields != nil:
			got[f.Name] += " " + f.Fields[0].Name
		}
	}
	for name, want := range map[string]string{"device": "STRING", "temperature": "FLOAT", "u64": "BIGINT", "f": "FLOAT", "on": "BOOLEAN", "raw": "BYTEA",
		"state": "BIGINT", "values": "ARRAY FLOAT", "counts": "STRUCT", "children": "STRUCT", "pump": "STRUCT name", "pumps": "ARRAY STRUCT", "wrapped": "FLOAT",
		"at": "STRUCT seconds", "text": "STRING"} {
		if got[name] != want {
			t.Errorf("%s: %s, want %s", name, got[name], want)
		}
	}
}

func TestMessages(t *testing.T) {
	texts := map[string]string{"plant": plantProto, "parts": partsProto,
		"bad": "syntax = \"proto3\";\nmessage A {\n  strin a = 1;\n}\n", "worse": "message A {\n  int32 = 1;\n}", "uses": "syntax = \"proto3\";\nimport \"gone.proto\";\n",
		"empty": "syntax = \"proto3\";"}
	m := registryOf(texts)
	for id, want := range map[string]string{
		"plant.Reading": "", "plant.plant.v1.Reading": "", "plant.Reading.Inner": "", "parts.Pump.Detail": "",
		"plant":           `schemaId "plant" must name a schema of the registry and a message in it`,
		"plant.Readin":    `schema plant has no message "Readin"; did you mean "Reading"?`,
		"plant.Reading.Y": `schema plant has no message "Reading.Y"`,
		"empty.A":         `schema empty has no message "A"`,
		"none.A":          `schema "none" is not in the registry; create it with POST /schemas/protobuf`,
		"bad.A":           "schema bad: line 3, column 3: ",
		"worse.A":         "schema worse: line 2, column 9: syntax error",
		"uses.A":          "schema uses: line 2, column 8: ",
	} {
		_, err := m.Message(id)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v, want %q", id, err, want)
		}
	}
	first, _ := m.Message("plant.Reading")
	if again, _ := m.Message("plant.Reading"); again != first {
		t.Error("the schema is compiled again for each stream")
	}
	changed := m.With("parts", "syntax = \"proto3\"; message Pumpe {}")
	if _, err := changed.Message("parts.Pump"); err == nil || !strings.Contains(err.Error(), `has no message "Pump"; did you mean "Pumpe"?`) {
		t.Error(err)
	}
	if _, err := changed.Message("plant.Reading"); err == nil || !strings.Contains(err.Error(), "parts.Pump") {
		t.Error("a schema that uses what is gone:", err)
	}
	if _, err := m.Without("parts").Message("plant.Reading"); err == nil {
		t.Error("a schema that imports one that is gone is taken")
	}
	var at *SchemaError
	if err := m.With("new", texts["bad"]).Compile("new"); !errors.As(err, &at) || at.Line != 3 || at.Column != 3 || at.Schema != "new" {
		t.Error(err)
	}
	if err := m.With("new", partsProto).Compile("new"); err != nil {
		t.Error(err)
	}
	if err := m.Compile("new"); err == nil {
		t.Error("With has changed the registry")
	}
}

// Decoders and writers that are there go over to a changed schema, and stay
// with the old one when it has gone.
func TestProtobufSchemaChanges(t *testing.T) {
	texts := map[string]string{"s": `syntax = "proto3"; message M { int32 a = 1; }`}
	registry := registryOf(texts)
	form := Form{SchemaID: "s.M", Schemas: registry}
	s := fields("a", "b")
	d := decoder(t, "protobuf", s, DecoderOptions{Form: &form})
	w, err := NewWriter("protobuf", form)
	if err != nil {
		t.Fatal(err)
	}
	step := func(want string) {
		t.Helper()
		b, err := w.Append(nil, rowsOf(t, map[string]any{"a": 1.0, "b": "x"}), true)
		if err != nil {
			t.Fatal(err)
		}
		if got := decoded(t, d, s, string(b)); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	step("BIGINT 1, missing")
	texts["s"] = `syntax = "proto3"; message M { double a = 1; string b = 2; }`
	step("BIGINT 1, missing") // not told yet
	registry.Changed()
	step(`FLOAT 1, STRING "x"`)
	delete(texts, "s")
	registry.Changed()
	step(`FLOAT 1, STRING "x"`)
}

// Whatever a text is, it is a schema or has an error.
func FuzzCompile(f *testing.F) {
	f.Add(plantProto, "Reading")
	f.Add(partsProto, "Pump.Detail")
	f.Add(`edition = "2023"; message A { int32 a = 1 [features.field_presence = LEGACY_REQUIRED]; }`, "A")
	f.Add("message A {\n  int32 = 1;\n}", "A")
	f.Fuzz(func(t *testing.T, text, message string) {
		m := registryOf(map[string]string{"parts": partsProto}).With("s", text)
		if _, err := m.Message("s." + message); err != nil {
			return
		}
		if err := m.Compile("s"); err != nil {
			t.Error(err)
		}
		form := Form{SchemaID: "s." + message, Schemas: m}
		d := decoder(t, "protobuf", fields("a"), DecoderOptions{Form: &form})
		_, _ = d.Decode(nil, []byte("\x08\x01"), nil, 0)
	})
}

func BenchmarkCompile(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := registryOf(map[string]string{"plant": plantProto, "parts": partsProto}).Message("plant.Reading"); err != nil {
			b.Fatal(err)
		}
	}
}
