package exec_test

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"sluice/sqlengine/exec"
	"sluice/sqlengine/plan"
	"sluice/sqlengine/value"
)

// timedQueries are all that counts with times, with the longest windows, too.
var timedQueries = []string{
	"SELECT count(*) AS n FROM demo GROUP BY TUMBLINGWINDOW(ss, 1)", "SELECT * FROM demo GROUP BY TUMBLINGWINDOW(dd, 1)",
	"SELECT ts, count(*) AS n FROM demo GROUP BY ts, TUMBLINGWINDOW(ms, 1)", "SELECT count(*) AS n FROM demo GROUP BY TUMBLINGWINDOW(ms, 2305843009213)",
	"SELECT count(*) AS n FROM demo GROUP BY HOPPINGWINDOW(ss, 5, 2)", "SELECT * FROM demo GROUP BY HOPPINGWINDOW(dd, 2, 5)",
	"SELECT count(*) AS n FROM demo GROUP BY HOPPINGWINDOW(ms, 2305843009213, 2305843009212)",
	"SELECT count(*) AS n FROM demo GROUP BY SLIDINGWINDOW(ss, 3)", "SELECT * FROM demo GROUP BY SLIDINGWINDOW(ss, 3, 2)",
	"SELECT count(*) AS n FROM demo GROUP BY SLIDINGWINDOW(ms, 2305843009213, 2305843009213)",
	"SELECT count(*) AS n FROM demo GROUP BY SESSIONWINDOW(ss, 9, 3)", "SELECT * FROM demo GROUP BY SESSIONWINDOW(dd, 26000, 26000)",
	"SELECT delay(2305843009213, ts) AS d FROM demo",
}

// TestExtremeTimes: times near the ends of int64 fail their rows and no more.
// The host may advance to the end of time.
func TestExtremeTimes(t *testing.T) {
	stamped := catalog{"demo": {Name: "demo", Schemaless: true, Options: plan.Options{Timestamp: "ts"}}}
	forever := plan.Settings{EventTime: true, LateTolerance: math.MaxInt64, IdleTimeout: math.MaxInt64}
	for _, sql := range timedQueries {
		for _, settings := range []plan.Settings{{}, {EventTime: true}, {EventTime: true, IdleTimeout: time.Second}, forever} {
			p, err := plan.Build(sql, stamped, settings)
			if err != nil && settings.EventTime && strings.Contains(sql, "delay") {
				continue
			} else if err != nil {
				t.Fatal(err)
			}
			for _, times := range [][]int64{{0, 1e9, math.MaxInt64}, {math.MinInt64, math.MinInt64 + 1, -1, 0}, {math.MaxInt64 - 1, math.MaxInt64}, {-1 << 61, 1 << 62, 1<<62 + 1}} {
				playExtremes(t, p, times)
			}
		}
	}
}

func playExtremes(t *testing.T, p *plan.Plan, times []int64) {
	t.Helper()
	var now int64
	env := exec.Env{Start: time.Unix(0, 0), Location: time.UTC, Now: func() time.Time { return time.Unix(0, now) }, OnRowError: func(e *exec.RowError) {
		if p := new(exec.PanicError); errors.As(e, &p) {
			t.Errorf("%v\n%s", p, p.Stack)
		}
	}}
	run, err := exec.Open(p, env, &counter{})
	if err != nil {
		t.Fatal(err)
	}
	must := func(err error) {
		if t.Helper(); err != nil {
			t.Fatalf("%v\n%s", err, p.Explain())
		}
	}
	for _, now = range times {
		must(run.Advance(now))
		cols := make([]value.Value, len(p.Inputs("demo")))
		for i := range cols {
			cols[i] = value.OfInt(now / 1e6)
		}
		must(run.Push("demo", &value.Batch{Rows: []value.Row{{Time: now, Cols: cols}}}))
	}
	state := run.Snapshot()
	must(run.Advance(math.MaxInt64))
	if next, ok := run.Next(); ok && next > 1<<62 {
		t.Errorf("it waits for %d\n%s", next, p.Explain())
	}
	run, err = exec.Open(p, env, &counter{})
	must(err)
	must(run.Restore(state))
}

func TestRowsOutOfTimeFail(t *testing.T) {
	for _, sql := range []string{timedQueries[0], timedQueries[7], timedQueries[10], timedQueries[12]} {
		var failed []string
		run, p := open(t, sql, &counter{}, func(e *exec.RowError) { failed = append(failed, e.Error()) })
		var rows []value.Row
		for _, at := range []int64{0, math.MinInt64, 1, math.MaxInt64, 2} {
			rows = append(rows, value.Row{Time: at, Cols: make([]value.Value, len(p.Inputs("demo")))})
		}
		if err := run.Push("demo", &value.Batch{Rows: rows}); err != nil {
			t.Fatal(err)
		}
		if len(failed) != 2 || !strings.Contains(failed[1], "a row of the time 2262-04-11T23:47:16Z: times lie between 1896-12-06T00:03:10Z and 2116-02-20T23:53:38Z") {
			t.Errorf("%s: %q", sql, failed)
		}
	}
}

func TestStartOutOfTimeIsRefused(t *testing.T) {
	_, p := open(t, timedQueries[0], &counter{}, nil)
	for _, year := range []int{1, 1896, 2117, 290000} {
		start := time.Date(year, 1, 1, 1, 0, 0, 0, time.UTC)
		if _, err := exec.Open(p, exec.Env{Start: start}, &counter{}); err == nil || !strings.Contains(err.Error(), "start of the rule") {
			t.Errorf("%d: %v", year, err)
		}
	}
}
