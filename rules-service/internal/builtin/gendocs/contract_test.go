package main

import (
	"slices"
	"strings"
	"testing"

	"sluice/rules-service/internal/builtin"
	"sluice/rules-service/internal/connector"
	"sluice/rules-service/internal/connector/edgex"
)

// Whatever differs from eKuiper says so: a default, or that a property has no
// effect. No property of its sinks is refused: rules that have it must run.
func TestPromises(t *testing.T) {
	fields := connector.SinkFields()
	for _, p := range promises {
		f := fieldNamed(fields, p.name)
		if f.Unsupported || f.Ignored && f.Reason == "" {
			t.Errorf("%s is not taken, or nothing says why it has no effect", p.name)
		}
		if f.Default != p.def && p.ours == "" {
			t.Errorf("%s: the default is %s, and %s there; nothing says why", p.name, f.Default, p.def)
		}
	}
	for _, f := range connector.SourceFields() {
		if f.Unsupported && f.Reason == "" {
			t.Errorf("%s of sources is not taken, and nothing says why", f.Name)
		}
	}
	for _, f := range fields {
		if f.Ignored && !slices.ContainsFunc(promises, func(p promise) bool { return p.name == f.Name }) {
			t.Errorf("%s has no effect, and is not known to eKuiper", f.Name)
		}
	}
}

// Every property of the table is taken, with a warning where it has no effect.
func TestPromisesAreKept(t *testing.T) {
	info, err := builtin.Registry(edgex.Bus{}).Sink("nop")
	if err != nil {
		t.Fatal(err)
	}
	values := map[string]any{
		"sendSingle": true, "omitIfEmpty": true, "fields": []any{"a"}, "excludeFields": []any{"a"}, "dataField": "a", "dataTemplate": "{{.a}}",
		"format": "delimited", "schemaId": "s.M", "delimiter": ";", "hasHeader": true, "batchSize": 2, "lingerInterval": 10, "concurrency": 2,
		"bufferLength": 10, "compression": "gzip", "compressionProps": map[string]any{"level": 3}, "encryption": "aes",
		"encProps": map[string]any{"mode": "gcm", "aad": "AA==", "tagsize": 32}, "enableCache": true, "memoryCacheThreshold": 1, "maxDiskCache": 1,
		"bufferPageSize": 1, "resendInterval": "1s", "cleanCacheAtStop": true, "resendAlterQueue": true, "resendPriority": 1,
		"resendIndicatorField": "x", "resendDestination": "x",
	}
	for _, p := range promises {
		v, given := values[p.name]
		if !given {
			if p.name != "resourceId" && p.name != "connectionSelector" { // of named sets, which have tests of their own
				t.Errorf("%s is not tried", p.name)
			}
			continue
		}
		c, err := info.Decode(map[string]any{p.name: v}, connector.Env{})
		if err != nil {
			t.Errorf("%s: %v", p.name, err)
			continue
		}
		if f := fieldNamed(connector.SinkFields(), p.name); f.Ignored != strings.Contains(strings.Join(c.Warnings, "\n"), f.Name) {
			t.Errorf("%s: warnings %q", p.name, c.Warnings)
		}
	}
	for _, name := range connector.RetiredSinkProperties() {
		c, err := info.Decode(map[string]any{name: 1}, connector.Env{})
		if err != nil || len(c.Warnings) != 1 || !strings.Contains(c.Warnings[0], name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A property of a wrong type is refused by its name, and what it held is not
// repeated.
func TestWrongTypes(t *testing.T) {
	wrong := map[string]any{"text": map[string]any{"hush": 1}, "template": []any{1}, "boolean": "hush", "integer": "hush", "duration": "hush",
		"list": []any{map[string]any{"hush": 1}}, "object": "hush"}
	reg := builtin.Registry(edgex.Bus{})
	sink, err := reg.Sink("nop")
	if err != nil {
		t.Fatal(err)
	}
	source, err := reg.Source("simulator")
	if err != nil {
		t.Fatal(err)
	}
	check := func(f connector.Field, err error) {
		if err == nil || !strings.Contains(err.Error(), `property "`+f.Name+`"`) || strings.Contains(err.Error(), "hush") {
			t.Errorf("%s of type %s: %v", f.Name, f.Type, err)
		}
	}
	for _, f := range connector.SinkFields() {
		_, err := sink.Decode(map[string]any{f.Name: wrong[f.Type]}, connector.Env{})
		if f.Name != "resourceId" && f.Name != "connectionSelector" {
			check(f, err)
		}
	}
	for _, f := range connector.SourceFields() {
		_, err := source.Decode(map[string]any{f.Name: wrong[f.Type]}, connector.Env{})
		check(f, err)
	}
}
