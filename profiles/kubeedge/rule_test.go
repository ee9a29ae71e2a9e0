package kubeedge

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"testing"
	"text/template"
	"time"

	"sluice/sqlengine"
	"sluice/sqlengine/value"
)

// catalogOf has the streams of a result.
func catalogOf(t *testing.T, r Result) sqlengine.Streams {
	t.Helper()
	catalog := sqlengine.Streams{}
	for _, s := range r.Streams {
		if err := catalog.Define(s.SQL); err != nil {
			t.Fatalf("%s: %v", s.SQL, err)
		}
	}
	return catalog
}

func TestRulesCompile(t *testing.T) {
	compiled := 0
	for _, g := range goldens(t) {
		_, result, _ := g.convert()
		catalog := catalogOf(t, result)
		ids := map[string]bool{}
		for _, r := range result.Rules {
			if _, err := sqlengine.Compile(r.SQL, catalog, sqlengine.Options{}); err != nil {
				t.Errorf("%s: rule %s: %v", g.path, r.ID, err)
			}
			if ids[r.ID] {
				t.Errorf("%s: rule %s is there twice", g.path, r.ID)
			}
			ids[r.ID] = true
			compiled++
		}
	}
	if compiled < 8 {
		t.Errorf("only %d rules", compiled)
	}
}

// message is a row for a stream, and the device that it is of.
type message struct {
	at     int64 // ms
	device string
	row    map[string]any
}

// results runs a rule over messages up to a time, and renders its template.
func results(t *testing.T, catalog sqlengine.Streams, r Rule, until int64, messages ...message) []string {
	t.Helper()
	query, err := sqlengine.Compile(r.SQL, catalog, sqlengine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	run, err := query.Open(sqlengine.Env{Start: time.Unix(0, 0), Location: time.UTC}, sqlengine.OutputFunc(func(b *value.Batch) error {
		for _, row := range b.Rows {
			out = append(out, rendered(t, r, value.OfObject(query.Output().Object(row)).String()))
		}
		return nil
	}))
	if err != nil {
		t.Fatal(err)
	}
	stream := query.Streams()[0]
	for _, m := range messages {
		advance(t, run, m.at)
		slots := value.Schema{Columns: query.Columns(stream)}
		row, err := value.Of(m.row)
		if err != nil {
			t.Fatal(err)
		}
		meta, err := value.Of(map[string]any{"deviceName": m.device})
		if err != nil {
			t.Fatal(err)
		}
		if err := run.Push(stream, &value.Batch{Rows: []value.Row{slots.Row(m.at*1e6, row.Object(), meta.Object())}}); err != nil {
			t.Fatal(err)
		}
	}
	advance(t, run, until)
	return out
}

// advance moves time on, window by window.
func advance(t *testing.T, run *sqlengine.Run, to int64) {
	t.Helper()
	for next, ok := run.Next(); ok && next <= to*1e6; next, ok = run.Next() {
		if err := run.Advance(next); err != nil {
			t.Fatal(err)
		}
	}
	if err := run.Advance(to * 1e6); err != nil {
		t.Fatal(err)
	}
}

// rendered is a result in the template of the rule's action.
func rendered(t *testing.T, r Rule, object string) string {
	t.Helper()
	name := slices.Sorted(maps.Keys(r.Actions[0]))[0]
	properties, _ := r.Actions[0][name].(map[string]any)
	text, ok := properties["dataTemplate"].(string)
	if !ok {
		return object
	}
	tmpl, err := template.New("").Funcs(template.FuncMap{"json": func(v any) (string, error) {
		b, err := json.Marshal(v)
		return string(b), err
	}}).Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	dec := json.NewDecoder(bytes.NewReader([]byte(object)))
	dec.UseNumber() // a BIGINT is whole in templates
	var row map[string]any
	if err := dec.Decode(&row); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := tmpl.Execute(&b, row); err != nil {
		t.Fatal(err)
	}
	if !json.Valid(b.Bytes()) {
		t.Errorf("not JSON: %s", b.String())
	}
	return b.String()
}

func ruleNamed(t *testing.T, r Result, id string) Rule {
	t.Helper()
	for _, one := range r.Rules {
		if one.ID == id {
			return one
		}
	}
	t.Fatalf("there is no rule %s", id)
	return Rule{}
}

// A longer reportCycle sends the last value of each; a time series has them
// all. Both look as KubeEdge's mappers write them, with other devices left
// out.
func TestRulesAtWork(t *testing.T) {
	g := goldenNamed(t, "v1alpha2.txtar")
	_, result, _ := g.convert()
	catalog := catalogOf(t, result)
	messages := []message{
		{1000, "boiler-1", map[string]any{"temperature": 80.5}},
		{2000, "boiler-2", map[string]any{"temperature": 10.5}},
		{3000, "boiler-1", map[string]any{"threshold": 80}},
		{4000, "boiler-1", map[string]any{"temperature": 81.5}},
	}
	report := results(t, catalog, ruleNamed(t, result, "boiler_1_temperature_report"), 130_000, messages...)
	want := []string{`{"event_id":"","timestamp":60000,"twin":{"temperature":{"actual":{"value":"81.5","metadata":{"timestamp":60000}},"metadata":{"type":"float"}}}}`}
	if !slices.Equal(report, want) {
		t.Errorf("reported:\n%q, want\n%q", report, want)
	}
	data := results(t, catalog, ruleNamed(t, result, "boiler_1_temperature_data"), 5000, messages...)
	want = []string{
		`{"event_id":"","timestamp":1000,"data":{"temperature":{"value":"80.5","metadata":{"timestamp":1000,"type":"float"}}}}`,
		`{"event_id":"","timestamp":4000,"data":{"temperature":{"value":"81.5","metadata":{"timestamp":4000,"type":"float"}}}}`,
	}
	if !slices.Equal(data, want) {
		t.Errorf("time series:\n%q, want\n%q", data, want)
	}
}

// What pushMethod sends names the device and the property.
func TestPushAtWork(t *testing.T) {
	g := goldenNamed(t, "push.txtar")
	_, result, _ := g.convert()
	got := results(t, catalogOf(t, result), ruleNamed(t, result, "meter_1_x_redis"), 5000, message{1000, "meter-1", map[string]any{"x": 2.25}})
	if want := []string{`{"device":"meter-1","property":"x","timestamp":1000,"value":2.25}`}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// A fraction of an integer is cut off where KubeEdge is told of it.
func TestIntegersOfTwins(t *testing.T) {
	g := goldenNamed(t, "configmap_1_4.txtar")
	_, result, _ := g.convert()
	got := results(t, catalogOf(t, result), ruleNamed(t, result, "dev1_cnt_data"), 5000,
		message{1000, "dev1", map[string]any{"cnt": 10000.0}}, message{2000, "dev1", map[string]any{"cnt": 25.7}})
	want := []string{
		`{"event_id":"","timestamp":1000,"data":{"cnt":{"value":"10000","metadata":{"timestamp":1000,"type":"int"}}}}`,
		`{"event_id":"","timestamp":2000,"data":{"cnt":{"value":"25","metadata":{"timestamp":2000,"type":"int"}}}}`,
	}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
