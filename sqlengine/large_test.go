package sqlengine_test

import (
	"fmt"
	"strings"
	"testing"

	"sluice/sqlengine/value"
)

// TestLargeQueries: long texts compile and run; neither the stack nor the time
// that it takes grows beyond measure.
func TestLargeQueries(t *testing.T) {
	const n = 9000
	many := func(format, separator string) string {
		parts := make([]string, n)
		for i := range parts {
			parts[i] = fmt.Sprintf(format, i)
		}
		return strings.Join(parts, separator)
	}
	aliases := make([]string, n/2)
	for i := range aliases {
		aliases[i] = fmt.Sprintf("x%d + 1 AS x%d", i+1, i)
	}
	for name, sql := range map[string]string{
		"or":      "SELECT a FROM demo WHERE " + strings.Repeat("a > 7 OR ", n/2) + "a = 5",
		"in":      "SELECT a FROM demo WHERE a IN (" + many("%d", ", ") + ")",
		"items":   "SELECT " + many("a AS b%d", ", ") + " FROM demo",
		"aliases": "SELECT " + strings.Join(aliases, ", ") + fmt.Sprintf(", a AS x%d FROM demo", n/2),
		"having":  "SELECT a FROM demo GROUP BY a, TUMBLINGWINDOW(ss, 1) HAVING " + strings.Repeat("sum(a) > 7 OR ", n/2) + "sum(a) = 5",
		"case":    "SELECT CASE a " + many("WHEN %d THEN 1", " ") + " END AS c FROM demo",
	} {
		t.Run(name, func(t *testing.T) {
			rows := 0
			run := openRun(t, sql, func(b *value.Batch) error { rows += len(b.Rows); return nil })
			batch := &value.Batch{Rows: []value.Row{{Cols: []value.Value{value.OfInt(5)}}}}
			if err := run.Push("demo", batch); err != nil {
				t.Fatal(err)
			}
			if err := run.Advance(1e9); err != nil {
				t.Fatal(err)
			}
			if rows != 1 {
				t.Errorf("%d rows", rows)
			}
			run.Snapshot()
		})
	}
}
