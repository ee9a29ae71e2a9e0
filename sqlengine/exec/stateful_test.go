package exec_test

import (
	"bytes"
	"testing"

	"sluice/sqlengine/value"
)

// A run without a state has the same snapshot whatever it was given; one with a
// state has another.
func TestHasState(t *testing.T) {
	for sql, want := range map[string]bool{
		"SELECT a FROM demo WHERE a > 1":                              false,
		"SELECT a*2 AS b, upper('x') AS c FROM demo ORDER BY a":       false,
		"SELECT a FROM demo LIMIT 1":                                  false,
		"SELECT sum(a) AS s FROM demo GROUP BY COUNTWINDOW(9)":        true,
		"SELECT sum(a) AS s FROM demo GROUP BY TUMBLINGWINDOW(ss, 9)": true,
		"SELECT lag(a) AS l FROM demo":                                true,
		"SELECT a FROM demo WHERE last_hit_count() < 5":               true,
	} {
		run, _ := open(t, sql, &keeper{}, nil)
		before := run.Snapshot()
		if err := run.Push("demo", &value.Batch{Rows: floats(1, 2, 3)}); err != nil {
			t.Fatal(err)
		}
		if has, changed := run.HasState(), !bytes.Equal(before, run.Snapshot()); has != want || changed && !has {
			t.Errorf("%s: has a state %v, changed %v", sql, has, changed)
		}
	}
}
