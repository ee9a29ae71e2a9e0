package exec_test

import (
	"errors"
	"runtime"
	"slices"
	"testing"
	"time"

	"sluice/sqlengine/exec"
	"sluice/sqlengine/function"
	"sluice/sqlengine/plan"
	"sluice/sqlengine/value"
)

// nervous is a sum that panics: when it is added to, merged, or read, while it
// holds a negative number.
type nervous struct {
	function.Accumulator
	when string
	bad  *bool // shared: whoever touches a bad one panics
}

func (n *nervous) Add(args []value.Value) error {
	if f, _ := args[0].Number(); f < 0 {
		*n.bad = true
	}
	n.flinch("add")
	return n.Accumulator.Add(args)
}

func (n *nervous) Merge(other function.Accumulator) {
	*n.bad = *n.bad || *other.(*nervous).bad
	n.flinch("merge")
	n.Accumulator.Merge(other.(*nervous).Accumulator)
}

func (n *nervous) Result() (value.Value, error) {
	n.flinch("result")
	return n.Accumulator.Result()
}

func (n *nervous) flinch(at string) {
	if *n.bad && n.when == at {
		panic("nervous at " + at)
	}
}

// withNervous adds the aggregates nervous_add, nervous_merge and nervous_result.
func withNervous(t *testing.T, s *function.Set) *function.Set {
	sum, _ := s.Aggregate("sum")
	for _, when := range []string{"add", "merge", "result"} {
		f := *sum
		f.Name, f.Aliases = "nervous_"+when, nil
		f.New = func() function.Accumulator { return &nervous{sum.New(), when, new(bool)} }
		if err := s.AddAggregate(&f); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// TestPanicsEverywhere: wherever a function of the host panics, rows or groups
// fail, and the run goes on.
func TestPanicsEverywhere(t *testing.T) {
	functions := withNervous(t, panicking(t))
	for _, sql := range []string{
		"SELECT brittle(a) AS x FROM demo", "SELECT a FROM demo WHERE brittle(a) > 0", "SELECT brittle(a) AS x FROM demo WHERE x > 0 AND a > -9",
		"SELECT a, nervous_add(a) AS s FROM demo", "SELECT a, nervous_result(a) AS s FROM demo",
		"SELECT a FROM demo WHERE a > -9 GROUP BY TUMBLINGWINDOW(ms, 2) FILTER (WHERE brittle(a) > 0)",
		"SELECT nervous_add(a) AS s FROM demo GROUP BY TUMBLINGWINDOW(ms, 2)", "SELECT a, nervous_result(a) AS s FROM demo GROUP BY a, TUMBLINGWINDOW(ms, 4)",
		"SELECT nervous_add(DISTINCT a) AS s FROM demo GROUP BY TUMBLINGWINDOW(ms, 2)", "SELECT nervous_result(a) FILTER (WHERE a < 9) AS s FROM demo GROUP BY TUMBLINGWINDOW(ms, 2)",
		"SELECT nervous_add(a) AS s FROM demo GROUP BY HOPPINGWINDOW(ms, 4, 2)", "SELECT nervous_merge(a) AS s FROM demo GROUP BY HOPPINGWINDOW(ms, 4, 2)",
		"SELECT nervous_result(a) AS s FROM demo GROUP BY brittle(a), HOPPINGWINDOW(ms, 4, 2)",
		"SELECT nervous_add(a) AS s FROM demo GROUP BY SLIDINGWINDOW(ms, 2)", "SELECT nervous_merge(a) AS s FROM demo GROUP BY SLIDINGWINDOW(ms, 2)",
		"SELECT nervous_result(a) AS s FROM demo GROUP BY SLIDINGWINDOW(ms, 2, 1)", "SELECT a FROM demo GROUP BY SLIDINGWINDOW(ms, 2) OVER (WHEN brittle(a) > 0)",
		"SELECT nervous_add(a) AS s FROM demo GROUP BY SESSIONWINDOW(ms, 9, 2)", "SELECT nervous_result(a) AS s FROM demo GROUP BY brittle(a), SESSIONWINDOW(ms, 9, 2)",
		"SELECT nervous_add(a) AS s FROM demo GROUP BY COUNTWINDOW(2)", "SELECT nervous_merge(a) AS s FROM demo GROUP BY COUNTWINDOW(3, 1)",
		"SELECT nervous_result(a) AS s FROM demo GROUP BY COUNTWINDOW(2) OVER (PARTITION BY brittle(a) > 0)",
		"SELECT a FROM demo GROUP BY STATEWINDOW(brittle(a) > 0)", "SELECT nervous_result(a) AS s FROM demo GROUP BY STATEWINDOW(a > -9, brittle(a) > 1)",
		"SELECT a FROM demo GROUP BY STATEWINDOW(a > -9) OVER (PARTITION BY brittle(a) > 0)",
		"SELECT a FROM demo GROUP BY COUNTWINDOW(2) HAVING brittle(min(a)) > 0", "SELECT a FROM demo GROUP BY COUNTWINDOW(2) ORDER BY brittle(a)",
		"SELECT a, row_number() OVER (PARTITION BY brittle(a) ORDER BY a) AS n FROM demo GROUP BY COUNTWINDOW(2)",
		"SELECT lag(brittle(a)) AS x FROM demo", "SELECT lag(a) OVER (PARTITION BY brittle(a)) AS x FROM demo", "SELECT lag(a) OVER (WHEN brittle(a) > 0) AS x FROM demo",
		"SELECT delay(brittle(a), a) AS x FROM demo", "SELECT unnest(array_create(brittle(a), 2)) AS x FROM demo",
	} {
		p, err := plan.Build(sql, demo, plan.Settings{Functions: functions})
		if err != nil {
			t.Errorf("%s: %v", sql, err)
			continue
		}
		panics, out := 0, &counter{}
		run, err := exec.Open(p, exec.Env{Start: time.Unix(0, 0), Location: time.UTC, OnRowError: func(e *exec.RowError) {
			if errors.As(e, new(*exec.PanicError)) {
				panics++
			}
		}}, out)
		if err != nil {
			t.Fatal(err)
		}
		push := func(at int, list ...float64) {
			for i, f := range list {
				now := int64(at+i) * 1e6
				if next, ok := run.Next(); ok && next <= now {
					must(t, run.Advance(now))
				}
				must(t, run.Push("demo", &value.Batch{Rows: []value.Row{{Time: now, Cols: []value.Value{value.OfFloat(f)}}}}))
			}
		}
		push(1, 1, -1, 2, -2, -3, 3, 4)
		must(t, run.Advance(50e6))
		before := out.rows
		push(100, 1, 2, 3, 4)
		must(t, run.Advance(150e6))
		if panics == 0 || out.rows == before {
			t.Errorf("%s: %d panics; then %d rows", sql, panics, out.rows-before)
		}
	}
}

// TestPanicInAnAggregateFailsItsGroup: what one aggregate has taken in and the
// other has not is no result.
func TestPanicInAnAggregateFailsItsGroup(t *testing.T) {
	p, err := plan.Build("SELECT count(*) AS n, nervous_add(a) AS s FROM demo GROUP BY TUMBLINGWINDOW(ms, 2)", demo, plan.Settings{Functions: withNervous(t, function.Builtin())})
	if err != nil {
		t.Fatal(err)
	}
	var failed []string
	out := &keeper{}
	run, err := exec.Open(p, exec.Env{Start: time.Unix(0, 0), OnRowError: func(e *exec.RowError) { failed = append(failed, e.Error()) }}, out)
	if err != nil {
		t.Fatal(err)
	}
	for i, f := range []float64{1, -1, 3, 4} {
		now := int64(i) * 1e6
		must(t, run.Advance(now))
		must(t, run.Push("demo", &value.Batch{Rows: []value.Row{{Time: now, Cols: []value.Value{value.OfFloat(f)}}}}))
	}
	must(t, run.Advance(4e6))
	if len(out.rows) != 1 || out.rows[0].Cols[1].Float() != 7 {
		t.Errorf("%v", out.rows)
	}
	if want := []string{"window: panic: nervous at add", "window: the group has lost a row that panicked"}; !slices.Equal(failed, want) {
		t.Errorf("%q", failed)
	}
}

func must(t *testing.T, err error) {
	if t.Helper(); err != nil {
		t.Fatal(err)
	}
}

// TestPanicLeavesTheOtherRows: a row whose aggregate panics is out of the sums,
// and the windows behind it are right again.
func TestPanicLeavesTheOtherRows(t *testing.T) {
	for _, window := range []string{"SLIDINGWINDOW(ms, 2)", "COUNTWINDOW(3, 1)"} {
		sql := "SELECT nervous_add(a) AS s FROM demo GROUP BY " + window
		p, err := plan.Build(sql, demo, plan.Settings{Functions: withNervous(t, function.Builtin())})
		if err != nil {
			t.Fatal(err)
		}
		out := &keeper{}
		run, err := exec.Open(p, exec.Env{Start: time.Unix(0, 0), OnRowError: func(e *exec.RowError) {
			if p := new(exec.PanicError); errors.As(e, &p) {
				if bug, is := p.Reason.(runtime.Error); is {
					t.Errorf("%s: %v", window, bug)
				}
			}
		}}, out)
		if err != nil {
			t.Fatal(err)
		}
		for i, f := range []float64{1, 2, -1, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13} {
			now := int64(i) * 1e6
			must(t, run.Advance(now))
			must(t, run.Push("demo", &value.Batch{Rows: []value.Row{{Time: now, Cols: []value.Value{value.OfFloat(f)}}}}))
		}
		for i, want := range []float64{30, 33, 36} {
			if got := out.rows[len(out.rows)-3+i].Cols[0].Float(); got != want {
				t.Errorf("%s: sum %v, want %v", window, got, want)
			}
		}
	}
}
