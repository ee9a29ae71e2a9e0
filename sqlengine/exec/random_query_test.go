package exec_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"sluice/sqlengine/exec"
	"sluice/sqlengine/plan"
	"sluice/sqlengine/value"
)

// TestRandomQueries: whatever query the planner takes, no operator panics, and
// a run that is restored between all its rows yields what one yields that is
// not.
func TestRandomQueries(t *testing.T) {
	planned := 0
	rapid.Check(t, func(t *rapid.T) {
		sql := drawQuery(t)
		p, err := plan.Build(sql, demo, plan.Settings{})
		if err != nil {
			return
		}
		planned++
		seeds := rapid.SliceOfN(rapid.IntRange(0, 1<<16), 1, 20).Draw(t, "rows")
		whole, moved := &randomRun{t: t, plan: p}, &randomRun{t: t, plan: p, moves: true}
		for _, r := range []*randomRun{whole, moved} {
			r.open()
			for _, seed := range seeds {
				r.take(seed)
			}
			r.pass(r.now + 100e6)
		}
		if whole.out.String() != moved.out.String() {
			t.Fatalf("%s\n%s\nrestored between its rows:\n%s", sql, &whole.out, &moved.out)
		}
	})
	if planned == 0 {
		t.Error("no query was planned")
	}
}

func drawQuery(t *rapid.T) string {
	pick := func(list ...string) string { return rapid.SampledFrom(list).Draw(t, "part") }
	sql := "SELECT " + drawExpr(t, 3) + " AS p, " + drawExpr(t, 2) + " AS q" + pick("", " INVISIBLE") + ", " +
		pick("a", "*", `changed_cols("c_", true, a, b)`, `changed_cols("", false, *)`, "unnest(list)", "extract(o)", "unnest(collect(a)) AS u") + " FROM demo"
	if rapid.Bool().Draw(t, "where") {
		sql += " WHERE " + drawExpr(t, 2) + pick(" > 1", " = 2", " != NULL")
	}
	if rapid.IntRange(0, 2).Draw(t, "windowed") > 0 {
		sql += " GROUP BY " + pick("", "", "k, ", "p, ", "lag(a), ") + pick("TUMBLINGWINDOW(ms, 5)", "COUNTWINDOW(3)", "COUNTWINDOW(3, 1)",
			"SLIDINGWINDOW(ms, 4)", "SLIDINGWINDOW(ms, 4) OVER (WHEN a > 1 AND last_hit_count() < 3)", "HOPPINGWINDOW(ms, 6, 2)",
			"SESSIONWINDOW(ms, 20, 3)", "STATEWINDOW(a > lag(a))", "TUMBLINGWINDOW(ms, 5) FILTER (WHERE lag(a) > 1)")
		sql += pick("", "", " HAVING sum(a) > 1", " HAVING "+drawExpr(t, 2)+" > 1")
		sql += pick("", "", " ORDER BY p", " ORDER BY "+drawExpr(t, 1)+" DESC")
	}
	return sql + pick("", "", " LIMIT 2")
}

// drawExpr leans to what remembers rows or is computed late.
func drawExpr(t *rapid.T, depth int) string {
	pick := func(list ...string) string { return rapid.SampledFrom(list).Draw(t, "part") }
	if depth == 0 {
		return pick("a", "b", "k", "1", "p", "q")
	}
	x := drawExpr(t, depth-1)
	switch rapid.IntRange(0, 9).Draw(t, "node") {
	case 0:
		return "lag(" + x + ")" + pick("", " OVER (PARTITION BY k)", " OVER (WHEN a > 1)", " OVER (PARTITION BY p WHEN last_hit_count() < 3)")
	case 1:
		return pick("had_changed(true, ", "latest(", "acc_count(") + x + ")"
	case 2:
		return pick("sum(", "count(", "collect(", "max(", "count(DISTINCT ") + x + ")" + pick("", " FILTER (WHERE a > 1)", " FILTER (WHERE p > 1)")
	case 3:
		return pick("last_hit_count()", "last_hit_time()", "last_agg_hit_count()", "event_time()", "window_start()")
	case 4:
		return pick("row_number()", "row_number() OVER (PARTITION BY k ORDER BY a DESC)", "dedup_trigger(a, 50, b, 100)")
	case 5:
		return "delay(" + pick("10", "a", "b") + ", " + x + ")"
	case 6, 7:
		return "(" + x + pick(" + ", " > ", " = ") + drawExpr(t, depth-1) + ")"
	case 8:
		return "CASE WHEN " + x + " > 1 THEN " + drawExpr(t, depth-1) + " ELSE a END"
	}
	return x
}

// randomRun drives a query as a host does, and writes down what comes.
type randomRun struct {
	t     *rapid.T
	plan  *plan.Plan
	run   *exec.Run
	moves bool // the run is restored after each batch
	now   int64
	out   strings.Builder
}

func (r *randomRun) open() {
	run, err := exec.Open(r.plan, exec.Env{Start: time.Unix(0, 0), Location: time.UTC, Now: func() time.Time { return time.Unix(0, r.now) }, OnRowError: r.note}, r)
	if err == nil && r.run != nil {
		err = run.Restore(r.run.Snapshot())
	}
	if err != nil {
		r.t.Fatal(err)
	}
	r.run = run
}

func (r *randomRun) note(e *exec.RowError) {
	var p *exec.PanicError
	if errors.As(e, &p) {
		r.t.Fatalf("%v\n%s\n%s", p, p.Stack, r.plan.Explain())
	}
	fmt.Fprintln(&r.out, e)
}

// take lets some time pass and pushes rows that a seed tells.
func (r *randomRun) take(seed int) {
	r.pass(r.now + int64(seed%4)*1e6)
	batch := &value.Batch{}
	for i := range 1 + seed/4%3 {
		a, b, k := value.OfInt(int64(seed>>(4+i)%4)), value.OfInt(int64(seed>>i%100)), value.OfString(fmt.Sprint(seed>>(8+i)%2))
		o := value.OfObject(&value.Fields{Names: []string{"a", "z"}, Values: []value.Value{b, k}})
		all := &value.Fields{Names: []string{"a", "b", "k", "list", "o"}, Values: []value.Value{a, b, k, value.OfList([]value.Value{a, o}), o}}
		row := value.Row{Time: r.now}
		for _, c := range r.plan.Inputs("demo") {
			if c.Role == value.Whole {
				row.Cols = append(row.Cols, value.OfObject(all))
				continue
			}
			row.Cols = append(row.Cols, all.Get(c.Name))
		}
		batch.Rows = append(batch.Rows, row)
	}
	if err := r.run.Push("demo", batch); err != nil {
		r.t.Fatal(err)
	}
	if r.moves {
		r.open()
	}
}

func (r *randomRun) pass(to int64) {
	for next, ok := r.run.Next(); ok && next <= to; next, ok = r.run.Next() {
		r.now = next
		if err := r.run.Advance(next); err != nil {
			r.t.Fatal(err)
		}
	}
	r.now = to
}

func (r *randomRun) Push(b *value.Batch) error {
	for _, row := range b.Rows {
		fmt.Fprintf(&r.out, "%d %v;", row.Time, row.Cols)
	}
	r.out.WriteByte('\n')
	return nil
}

func (r *randomRun) Advance(int64) error { return nil }
func (r *randomRun) Close() error        { return nil }
