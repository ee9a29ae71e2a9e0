package sqlengine_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"sluice/sqlengine"
	"sluice/sqlengine/value"
)

func TestParameterChangesWhileTheRuleRuns(t *testing.T) {
	q, err := sqlengine.Compile("SELECT temperature - $limit AS above FROM demo WHERE temperature > $limit AND device = $device", demo,
		sqlengine.Options{Params: map[string]value.Value{"limit": value.OfInt(20), "device": value.OfString("d1"), "unused": {}}})
	if err != nil {
		t.Fatal(err)
	}
	if got := q.Explain(); !strings.Contains(got, "temperature > $limit") {
		t.Error(got)
	}
	var got []string
	run, err := q.Open(sqlengine.Env{Params: map[string]value.Value{"limit": value.OfInt(21), "other": value.OfInt(1)}},
		&sink{func(b *value.Batch) error {
			for _, r := range b.Rows {
				got = append(got, r.Cols[0].String())
			}
			return nil
		}})
	if err != nil {
		t.Fatal(err)
	}
	push := func(temperature float64) {
		t.Helper()
		row := make([]value.Value, len(q.Columns("demo")))
		for i, c := range q.Columns("demo") {
			row[i] = value.OfFloat(temperature)
			if c.Name == "device" {
				row[i] = value.OfString("d1")
			}
		}
		if err := run.Push("demo", &value.Batch{Rows: []value.Row{{Cols: row}}}); err != nil {
			t.Fatal(err)
		}
	}
	set := func(name string, v value.Value) {
		t.Helper()
		if err := run.SetParam(name, v); err != nil {
			t.Fatal(err)
		}
	}
	push(21)
	push(22)
	set("limit", value.OfFloat(20.5))
	push(21)
	set("limit", value.Value{})
	push(100)
	set("limit", value.OfInt(20))
	set("device", value.OfString("d2"))
	push(100)
	set("device", value.OfString("d1"))
	push(30)
	if want := "1 0.5 10"; strings.Join(got, " ") != want {
		t.Errorf("got %v, want %s", got, want)
	}
	if err := run.SetParam("limit", value.OfString("20")); err == nil || err.Error() != "parameter $limit: it is a BIGINT, not a STRING" {
		t.Errorf("error %v", err)
	}
	if _, err := q.Open(sqlengine.Env{Params: map[string]value.Value{"device": value.OfInt(1)}}, &sink{}); err == nil {
		t.Error("a run was opened with a parameter of the wrong kind")
	}
}

func TestUnknownParameter(t *testing.T) {
	_, err := sqlengine.Compile("SELECT temperature FROM demo WHERE temperature > $limt", demo,
		sqlengine.Options{Params: map[string]value.Value{"limit": value.OfInt(20)}})
	if err == nil || err.Error() != "unknown parameter $limt" {
		t.Errorf("error %v", err)
	}
}

// The index of a Ruleset never looks at a parameter: rules that a former value
// has ruled out get their rows when it changes.
func TestIndexDoesNotKeepParameters(t *testing.T) {
	const rules = 2000
	set := sqlengine.NewRuleset(func(id string, err error) { t.Error(id, err) })
	yielded := make([]int, rules)
	runs := make([]*sqlengine.Run, rules)
	for i := range rules {
		where := []string{"temperature > $limit", "$limit < temperature AND device = 'd1'", "device = 'd1' AND temperature > $limit", "temperature BETWEEN $limit AND 1000"}[i%4]
		q, err := sqlengine.Compile("SELECT temperature FROM demo WHERE "+where, demo, sqlengine.Options{Params: map[string]value.Value{"limit": value.OfInt(500)}})
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range q.Conjuncts() {
			if c.Column.Name != "device" {
				t.Fatalf("%s: the index knows %s", where, c)
			}
		}
		env := sqlengine.Env{Schemas: map[string]*value.Schema{"demo": {Columns: []value.Column{{Name: "device"}, {Name: "temperature"}}}}}
		runs[i], err = q.Open(env, sqlengine.OutputFunc(func(b *value.Batch) error { yielded[i] += len(b.Rows); return nil }))
		if err != nil {
			t.Fatal(err)
		}
		set.Add(fmt.Sprint(i), runs[i])
	}
	row := value.Row{Cols: []value.Value{value.OfString("d1"), value.OfInt(100)}}
	limits := make([]int, rules)
	for i := range limits {
		limits[i] = 500
	}
	want := make([]int, rules)
	for step := range 200 {
		for i := step; i < rules; i += 7 {
			limits[i] = (i + step*37) % 200
			if err := runs[i].SetParam("limit", value.OfInt(int64(limits[i]))); err != nil {
				t.Fatal(err)
			}
		}
		set.Push("demo", &value.Batch{Rows: []value.Row{row}})
		for i, limit := range limits {
			if limit < 100 || limit == 100 && i%4 == 3 {
				want[i]++
			}
		}
		if !slices.Equal(yielded, want) {
			t.Fatalf("step %d: rows differ", step)
		}
	}
}
