package sqlengine_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"sluice/sqlengine"
	"sluice/sqlengine/diag"
	"sluice/sqlengine/value"
)

// TestAliasesThatDouble: aliases that name each other twice must not make the
// planner, or the rows, work 2^40 times; it would not end.
func TestAliasesThatDouble(t *testing.T) {
	cat := sqlengine.Streams{"s": {Name: "s", Schemaless: true}, "r": {Name: "r", Schemaless: true}}
	const long = 40
	forward := ""
	for i := 1; i < long; i++ {
		forward += fmt.Sprintf(", a%d+a%d AS a%d", i+1, i+1, i)
	}
	backward := ""
	for i := range long {
		backward += fmt.Sprintf(", a%d+a%d AS a%d", i, i, i+1)
	}
	for name, tc := range map[string]struct{ sql, want string }{
		"analytic":   {fmt.Sprintf("SELECT lag(a1) AS a0%s, x AS a%d FROM s", forward, long), ""},
		"join":       {fmt.Sprintf("SELECT s.x AS a0%s FROM s INNER JOIN r ON s.x = r.x AND a%d > 1 GROUP BY TUMBLINGWINDOW(ss, 1)", backward, long), "too many aliases"},
		"hits":       {fmt.Sprintf("SELECT last_hit_count() AS a0%s FROM s", backward), "has become too long"},
		"row_number": {fmt.Sprintf("SELECT row_number() AS a0%s FROM s GROUP BY TUMBLINGWINDOW(ss, 1)", backward), "has become too long"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := sqlengine.Compile(tc.sql, cat, sqlengine.Options{})
			if tc.want == "" && err != nil || tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)) {
				t.Fatalf("error %v, want %q", err, tc.want)
			}
			if list := diag.List(nil); err != nil && (!errors.As(err, &list) || list[0].Hint == "") {
				t.Errorf("no hint: %v", err)
			}
		})
	}
}

func TestTimesBeyondTheRange(t *testing.T) {
	if v, err := value.Of(time.Time{}); err == nil {
		t.Errorf("the year 1 became %v", v)
	}
}
