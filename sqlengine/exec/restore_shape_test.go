package exec_test

import (
	"errors"
	"testing"

	"sluice/sqlengine/exec"
	"sluice/sqlengine/value"
)

// The state of a query goes on in one that differs where state does not matter,
// and in no other.
func TestRestoreIntoAChangedQuery(t *testing.T) {
	const count = "SELECT count(*) AS n, a FROM demo "
	for _, c := range []struct {
		from, to string
		fits     bool
	}{
		{count + "WHERE a > 5 GROUP BY COUNTWINDOW(2)", count + "WHERE a > 6.5 GROUP BY COUNTWINDOW(2)", true},
		{count + "WHERE a > 5 GROUP BY TUMBLINGWINDOW(ss, 1)", count + "WHERE a > -6 GROUP BY TUMBLINGWINDOW(ss, 1)", true},
		{count + "WHERE a BETWEEN 1 AND 2 GROUP BY COUNTWINDOW(2)", count + "WHERE a BETWEEN 1.5 AND 7 GROUP BY COUNTWINDOW(2)", true},
		{count + "GROUP BY COUNTWINDOW(2) HAVING count(*) > 1", count + "GROUP BY COUNTWINDOW(2) HAVING count(*) > 2", true},
		{count + "GROUP BY COUNTWINDOW(2)", count + "GROUP BY COUNTWINDOW(2) LIMIT 1", true},
		{"SELECT lag(a) AS b FROM demo WHERE a > 5", "SELECT lag(a) AS b FROM demo WHERE a > 6", true},
		{count + "WHERE a > 5 GROUP BY COUNTWINDOW(2)", count + "WHERE a < 5 GROUP BY COUNTWINDOW(2)", false},
		{count + "WHERE a = 5 GROUP BY COUNTWINDOW(2)", count + "WHERE a = 6 GROUP BY COUNTWINDOW(2)", false},
		{count + `WHERE a > "x" GROUP BY COUNTWINDOW(2)`, count + `WHERE a > "y" GROUP BY COUNTWINDOW(2)`, false},
		{count + "WHERE a IN (1) GROUP BY COUNTWINDOW(2)", count + "WHERE a IN (2) GROUP BY COUNTWINDOW(2)", false},
		{count + "GROUP BY COUNTWINDOW(2)", count + "GROUP BY COUNTWINDOW(3)", false},
		{count + "GROUP BY COUNTWINDOW(2) FILTER (WHERE a > 1)", count + "GROUP BY COUNTWINDOW(2) FILTER (WHERE a > 2)", true},
		{count + "GROUP BY SLIDINGWINDOW(ss, 2) OVER (WHEN a > 1)", count + "GROUP BY SLIDINGWINDOW(ss, 2) OVER (WHEN a > 2)", false},
		{"SELECT sum(a) AS s FROM demo GROUP BY COUNTWINDOW(2)", "SELECT sum(b) AS s FROM demo GROUP BY COUNTWINDOW(2)", false},
		{"SELECT sum(a) AS s FROM demo GROUP BY TUMBLINGWINDOW(ss, 1)", "SELECT max(a) AS s FROM demo GROUP BY TUMBLINGWINDOW(ss, 1)", false},
		{"SELECT lag(a, 1) AS b FROM demo", "SELECT lag(a, 2) AS b FROM demo", false},
		{"SELECT sum(a) AS s FROM demo GROUP BY b, TUMBLINGWINDOW(ss, 1)", "SELECT sum(a) AS s FROM demo GROUP BY c, TUMBLINGWINDOW(ss, 1)", false},
	} {
		before, _ := open(t, c.from, &counter{}, nil)
		after, _ := open(t, c.to, &counter{}, nil)
		err := after.Restore(before.Snapshot())
		if fits := err == nil; fits != c.fits || err != nil && !errors.Is(err, exec.ErrOtherQuery) {
			t.Errorf("%s\n-> %s: %v", c.from, c.to, err)
		}
	}
}

// What a window has collected stays in it under a new threshold.
func TestContentOutlivesAThreshold(t *testing.T) {
	before, _ := open(t, "SELECT sum(a) AS s FROM demo GROUP BY COUNTWINDOW(3) FILTER (WHERE a > 1)", &counter{}, nil)
	if err := before.Push("demo", &value.Batch{Rows: floats(1, 2, 3)}); err != nil {
		t.Fatal(err)
	}
	out := &keeper{}
	after, _ := open(t, "SELECT sum(a) AS s FROM demo GROUP BY COUNTWINDOW(3) FILTER (WHERE a > 10)", out, nil)
	if err := after.Restore(before.Snapshot()); err != nil {
		t.Fatal(err)
	}
	if err := after.Push("demo", &value.Batch{Rows: floats(4, 11)}); err != nil {
		t.Fatal(err)
	}
	if len(out.rows) != 1 || out.rows[0].Cols[0].Float() != 2+3+11 {
		t.Errorf("results %v", out.rows)
	}
}
