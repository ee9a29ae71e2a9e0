package sqlengine_test

import (
	"strings"
	"testing"

	"sluice/sqlengine"
	"sluice/sqlengine/value"
)

func TestConjuncts(t *testing.T) {
	for _, tc := range []struct{ where, want string }{
		{`device = "x" AND temperature > 20.5`, `device = "x", temperature > 20.5`},
		{`"x" = device AND 20 >= temperature`, `device = "x", temperature <= 20`},
		{`a < 1 AND (b <= 2 AND c >= 3)`, `a < 1, b <= 2, c >= 3`},
		{`a IN (1, 2.5, NULL) AND b BETWEEN 1 AND 2 + 3`, `a IN (1, 2.5), b >= 1, b <= 5`},
		{`a IN ("x")`, `a = "x"`},
		{`flag = TRUE AND meta(topic) = "t"`, `flag = TRUE, meta(topic) = "t"`},
		{`a = 1 AND abs(b) > 2 AND c = 3`, `a = 1`}, // abs may fail on a row that c rules out
		{`a = 1 AND b != 2 AND c = 3`, `a = 1`},
		{`a = 1 OR b = 2`, ``},
		{`NOT a = 1`, ``},
		{`a = b`, ``},
		{`1 = 1 AND a = 2`, `a = 2`},
		{`a NOT IN (1, 2)`, ``},
		{`a NOT BETWEEN 1 AND 2`, ``},
		{`a BETWEEN 1 AND "x"`, ``}, // "x" fails also where 1 has decided
		{`a BETWEEN b AND 2`, ``},
		{`a BETWEEN 1 AND b`, ``},
		{`a IN (1, "x")`, ``},
		{`a IN (1, b)`, ``},
		{`a IN (b)`, ``},
		{`a = NULL`, ``},
		{`a->b = 1`, ``},
		{`a IS NULL AND b = 1`, ``},
		{`x > 1`, ``}, // x is computed before WHERE
	} {
		q := compile(t, "SELECT abs(a) AS x, x + 1 AS y FROM demo WHERE "+tc.where)
		var parts []string
		for _, c := range q.Conjuncts() {
			parts = append(parts, c.String())
		}
		if got := strings.Join(parts, ", "); got != tc.want {
			t.Errorf("%s: %q, want %q", tc.where, got, tc.want)
		}
		if line := "index on " + tc.want + "\n"; strings.Contains(q.Explain(), line) != (tc.want != "") {
			t.Errorf("%s:\n%s", tc.where, q.Explain())
		}
	}
}

// TestNoConjuncts: where something may look at a row before the condition does,
// no condition rules the row out.
func TestNoConjuncts(t *testing.T) {
	for _, sql := range []string{
		"SELECT a FROM demo",
		"SELECT lag(a) AS l FROM demo WHERE a = 1",
		"SELECT count(*) AS n FROM demo WHERE a = 1 GROUP BY COUNTWINDOW(5)",
		"SELECT demo.a FROM demo INNER JOIN other ON demo.a = other.a WHERE demo.a = 1 GROUP BY TUMBLINGWINDOW(ss, 1)",
	} {
		q, err := sqlengine.Compile(sql, streams{"demo": demo["demo"], "other": {Name: "other", Schemaless: true}}, sqlengine.Options{})
		if err != nil {
			t.Errorf("%s: %v", sql, err)
			continue
		}
		if c := q.Conjuncts(); c != nil {
			t.Errorf("%s: %v", sql, c)
		}
	}
	limit := sqlengine.Options{Params: map[string]value.Value{"limit": value.OfInt(5)}}
	q, err := sqlengine.Compile("SELECT a FROM demo WHERE a > $limit", demo, limit)
	if err != nil {
		t.Fatal(err)
	}
	if c := q.Conjuncts(); c != nil {
		t.Errorf("a parameter may change: %v", c)
	}
	timed := streams{"demo": {Name: "demo", Schemaless: true, Options: sqlengine.StreamOptions{Timestamp: "ts"}}}
	q, err = sqlengine.Compile("SELECT a FROM demo WHERE a = 1", timed, sqlengine.Options{EventTime: true})
	if err != nil {
		t.Fatal(err)
	}
	if c := q.Conjuncts(); c != nil {
		t.Errorf("in event time every row tells the time: %v", c)
	}
}
