package exec_test

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"sluice/sqlengine/exec"
	"sluice/sqlengine/function"
	"sluice/sqlengine/plan"
	"sluice/sqlengine/value"
)

// slidingByDefinition is SLIDINGWINDOW by its definition.
type slidingByDefinition struct {
	length, delay         int64 // milliseconds
	when, version2, twice bool
}

func (s slidingByDefinition) sql() string {
	text := fmt.Sprintf("SLIDINGWINDOW(ms, %d", s.length)
	if s.delay > 0 {
		text += fmt.Sprintf(", %d", s.delay)
	}
	text += ")"
	if s.when {
		text += " OVER (WHEN whn)"
	}
	return text
}

func (s slidingByDefinition) settings() plan.Settings {
	return plan.Settings{SlidingVersion2: s.version2, SendTwice: s.twice}
}

func (s slidingByDefinition) results(rows []sample) (list []emission, taken []bool) {
	for i := range rows {
		taken = append(taken, !s.when || rows[i].when.Kind() != value.Int)
	}
	type arrival struct {
		emission
		at int // twice the index of the row in front of which it comes, or that and one: right behind it
	}
	var all []arrival
	for i, r := range rows {
		if !taken[i] || s.when && !r.when.True() {
			continue
		}
		if s.delay == 0 || s.twice {
			w := function.Window{Start: r.time - s.length*1e6, End: r.time, Trigger: r.time}
			all = append(all, arrival{emission{w, s.content(rows[:i+1], taken, w, true)}, 2*i + 1})
		}
		if s.delay == 0 {
			continue
		}
		w := function.Window{Start: r.time - s.length*1e6, End: r.time + s.delay*1e6, Trigger: r.time}
		all = append(all, arrival{emission{w, s.content(rows, taken, w, s.version2)}, 2 * s.behind(rows, w.End)})
	}
	slices.SortStableFunc(all, func(a, b arrival) int { return cmp.Compare(a.at, b.at) })
	for _, a := range all {
		list = append(list, a.emission)
	}
	return list, taken
}

// behind is the first row that comes when a delayed result is complete.
func (s slidingByDefinition) behind(rows []sample, end int64) int {
	for i, r := range rows {
		if r.time > end || r.time == end && !s.version2 {
			return i
		}
	}
	return len(rows)
}

func (s slidingByDefinition) content(rows []sample, taken []bool, w function.Window, withEnd bool) (list []int) {
	for i, r := range rows {
		left := r.time > w.Start || r.time == w.Start && !s.version2
		right := r.time < w.End || r.time == w.End && withEnd
		if left && right && taken[i] {
			list = append(list, i)
		}
	}
	return list
}

// TestPanicInWindow: a row that panics has a result, or counts, like any other
// row that is no content; with a condition that panics it is no row at all.
func TestPanicInWindow(t *testing.T) {
	for sql, want := range map[string][]float64{
		"SELECT sum(brittle(a)) AS s FROM demo GROUP BY SLIDINGWINDOW(ss, 10)":                               {1, 1, 3, 6},
		"SELECT count(*) AS c FROM demo WHERE brittle(a) > 1 GROUP BY SLIDINGWINDOW(ss, 10)":                 {1, 2},
		"SELECT sum(a) AS s FROM demo GROUP BY SLIDINGWINDOW(ss, 10) OVER (WHEN brittle(a) > 1)":             {3, 6},
		"SELECT sum(brittle(a)) AS s FROM demo GROUP BY COUNTWINDOW(2)":                                      {1, 5},
		"SELECT sum(brittle(a)) AS s FROM demo GROUP BY COUNTWINDOW(2, 1)":                                   {1, 2, 5},
		"SELECT sum(a) AS s FROM demo GROUP BY COUNTWINDOW(3) OVER (PARTITION BY brittle(a) > 0)":            {6},
		"SELECT brittle(a) AS b, sum(b) AS s FROM demo WHERE b > 1 GROUP BY b > 0, SLIDINGWINDOW(ss, 10, 5)": {5, 5, 5, 5},
	} {
		p, err := plan.Build(sql, demo, plan.Settings{Functions: panicking(t)})
		if err != nil {
			t.Fatal(err)
		}
		out, failures := &keeper{}, 0
		run, err := exec.Open(p, exec.Env{Start: time.Unix(0, 0), OnRowError: func(*exec.RowError) { failures++ }}, out)
		if err != nil {
			t.Fatal(err)
		}
		if err := run.Push("demo", &value.Batch{Rows: floats(1, -1, 2, 3)}); err != nil {
			t.Fatal(err)
		}
		if err := run.Advance(int64(time.Minute)); err != nil {
			t.Fatal(err)
		}
		var got []float64
		for _, r := range out.rows {
			f, _ := r.Cols[len(r.Cols)-1].Number()
			got = append(got, f)
		}
		if !slices.Equal(got, want) || failures != 1 {
			t.Errorf("%s: %v and %d failures, want %v and 1", sql, got, failures, want)
		}
	}
}

// TestErrorOfReceiverEndsTheQuery: rows behind the result that could not be
// handed on are left alone.
func TestErrorOfReceiverEndsTheQuery(t *testing.T) {
	refused := errors.New("refused")
	for _, window := range []string{"SLIDINGWINDOW(ss, 10)", "SLIDINGWINDOW(ss, 10, 5)", "COUNTWINDOW(1)", "COUNTWINDOW(2, 1)"} {
		results := 0
		run, _ := open(t, "SELECT count(*) AS c FROM demo GROUP BY "+window, pushFunc(func(*value.Batch) error {
			results++
			return refused
		}), nil)
		err := run.Push("demo", &value.Batch{Rows: make([]value.Row, 4)})
		if err == nil {
			err = run.Advance(int64(time.Minute))
		}
		if !errors.Is(err, refused) || results != 1 {
			t.Errorf("%s: %v after %d results", window, err, results)
		}
	}
}

func anySliding(t *rapid.T) lookback {
	return slidingByDefinition{
		length: rapid.Int64Range(1, 12).Draw(t, "length"), delay: rapid.Int64Range(0, 6).Draw(t, "delay"),
		when: rapid.Bool().Draw(t, "when"), version2: rapid.Bool().Draw(t, "version2"), twice: rapid.Bool().Draw(t, "twice"),
	}
}

func TestSlidingAgainstModel(t *testing.T)            { checkLookback(t, anySliding) }
func TestSlidingInEventTimeAgainstModel(t *testing.T) { checkLookbackLate(t, anySliding) }
