package sqlengine_test

import (
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
