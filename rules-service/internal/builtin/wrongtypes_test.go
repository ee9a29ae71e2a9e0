package builtin

import (
	"maps"
	"strings"
	"testing"

	"sluice/rules-service/internal/connector"
	"sluice/rules-service/internal/connector/edgex"
)

// wrong are values that a property of each type cannot have.
var wrong = map[string]any{
	"text": []any{"a", "b"}, "template": []any{"a", "b"}, "secret": map[string]any{"a": "TOPSECRET"}, "boolean": "perhaps", "integer": "TOPSECRET",
	"number": "TOPSECRET", "duration": "TOPSECRET", "list": []any{[]any{map[string]any{}}}, "object": 5.0,
}

// Each property of each connector refuses a value of a wrong type, and each
// connector an unknown property, with the name of it and without the value.
func TestWrongTypes(t *testing.T) {
	r := Registry(edgex.Bus{})
	check := func(what, text string, fields []connector.Field, decode func(props map[string]any) error) {
		t.Helper()
		base := example(t, text)
		refused := func(name, want string, v any) {
			props := maps.Clone(base)
			props[name] = v
			err := decode(props)
			if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "TOPSECRET") {
				t.Errorf("%s, %s: got %v, want %s", what, name, err, want)
			}
		}
		for _, f := range fields {
			v, ok := wrong[f.Type]
			if !ok {
				t.Fatalf("%s, %s: what is wrong for a %s?", what, f.Name, f.Type)
			}
			refused(f.Name, `property "`+f.Name+`"`, v)
		}
		refused("no such thing", `unknown property "no such thing"`, "TOPSECRET")
	}
	n := 0
	for _, name := range r.Sinks() {
		i, err := r.Sink(name)
		if err != nil {
			t.Fatal(err)
		}
		fields := append(i.Fields[:len(i.Fields):len(i.Fields)], connector.SinkFields()...)
		n += len(fields)
		check("sink "+name, i.Example, fields, func(props map[string]any) error { _, err := i.Decode(props, env()); return err })
	}
	for _, name := range r.Sources() {
		i, err := r.Source(name)
		if err != nil {
			t.Fatal(err)
		}
		n += len(i.AllFields)
		check("source "+name, i.Example, i.AllFields, func(props map[string]any) error { _, err := i.Decode(props, env()); return err })
	}
	for _, name := range r.Lookups() {
		i, err := r.Lookup(name)
		if err != nil {
			t.Fatal(err)
		}
		n += len(i.Fields)
		check("lookup "+name, i.Example, i.Fields, func(props map[string]any) error { _, err := i.Decode(props, env()); return err })
	}
	t.Logf("%d properties", n)
}
