package exec

import (
	"fmt"
	"testing"
	"time"

	"sluice/sqlengine/plan"
	"sluice/sqlengine/value"
)

type oneStream struct{}

func (oneStream) Stream(string) (*plan.Stream, bool) {
	return &plan.Stream{Name: "demo", Schemaless: true}, true
}
func (oneStream) Names() []string { return nil }

// printer prints results.
type printer struct{ text string }

func (p *printer) Push(b *value.Batch) error {
	for _, r := range b.Rows {
		p.text += fmt.Sprintln(r.Time, r.Cols)
	}
	return nil
}
func (p *printer) Advance(int64) error { return nil }
func (p *printer) Close() error        { return nil }

func openQuery(t *testing.T, sql string, out Operator) *Run {
	t.Helper()
	p, err := plan.Build(sql, oneStream{}, plan.Settings{})
	if err != nil {
		t.Fatal(err)
	}
	r, err := Open(p, Env{Start: time.Unix(0, 0), Location: time.UTC}, out)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func pushOne(t *testing.T, r *Run, at int64, cols ...value.Value) {
	t.Helper()
	if err := r.Push("demo", &value.Batch{Rows: []value.Row{{Time: at, Cols: cols}}}); err != nil {
		t.Fatal(err)
	}
}

// fifosOf are the fifos of a sliding window.
func fifosOf(t *testing.T, r *Run) (list []*fifo) {
	for _, op := range r.ops {
		w, ok := op.(*sliding)
		if !ok {
			continue
		}
		for _, q := range []*fifo{w.now, w.later} {
			if q != nil {
				list = append(list, q)
			}
		}
	}
	if list == nil {
		t.Fatal("no sliding window")
	}
	return list
}

// TestQuietWindowForgets: groups whose rows have left take no room, though no
// result is asked for.
func TestQuietWindowForgets(t *testing.T) {
	for _, sql := range []string{
		"SELECT k, count(*) AS c FROM demo GROUP BY k, SLIDINGWINDOW(ms, 10) OVER (WHEN k < 0)",
		"SELECT k, count(*) AS c FROM demo GROUP BY k, SLIDINGWINDOW(ms, 10, 5) OVER (WHEN k < 0)",
	} {
		out := &printer{}
		r := openQuery(t, sql, out)
		for i := range 10000 {
			pushOne(t, r, int64(i)*1e6, value.OfInt(int64(i)))
		}
		q := fifosOf(t, r)[0]
		if q.rows.len() != 11 || len(q.groups) != 11 || len(q.list) > 200 || out.text != "" {
			t.Errorf("%s: %d rows, %d groups, %d in the list", sql, q.rows.len(), len(q.groups), len(q.list))
		}
	}
}

// TestFreeAccumulatorsAreBounded: after a rush, few accumulators wait.
func TestFreeAccumulatorsAreBounded(t *testing.T) {
	r := openQuery(t, "SELECT avg(v) AS a FROM demo GROUP BY SLIDINGWINDOW(ms, 10)", &printer{})
	pushOne(t, r, 0, value.OfInt(1))
	for range 5000 {
		pushOne(t, r, 5e6, value.OfInt(1))
	}
	pushOne(t, r, 11e6, value.OfInt(1)) // 5,000 rows are turned over to the front
	pushOne(t, r, 100e6, value.OfInt(1))
	for _, op := range r.ops {
		if w, ok := op.(*sliding); ok && len(w.slider.free[0]) > 1+fewFree {
			t.Errorf("%d accumulators wait", len(w.slider.free[0]))
		}
	}
}

// TestRestoredSumsAreEqual: sums of tenths depend on the order of adding; that
// of a restored run must be the same to the last digit.
func TestRestoredSumsAreEqual(t *testing.T) {
	for _, sql := range []string{
		"SELECT k, sum(v) AS a, var(v) AS b FROM demo GROUP BY k, SLIDINGWINDOW(ms, 13)",
		"SELECT k, sum(v) AS a, var(v) AS b FROM demo GROUP BY k, COUNTWINDOW(13, 2)",
	} {
		play := func(restored bool) string {
			out := &printer{}
			r := openQuery(t, sql, out)
			for i := range 200 {
				pushOne(t, r, int64(i)*1e6, value.OfInt(int64(i*i%3)), value.OfFloat(0.1*float64(i%17)+1e5*float64(i%5)))
				if restored {
					state := r.Snapshot()
					r = openQuery(t, sql, out)
					if err := r.Restore(state); err != nil {
						t.Fatal(err)
					}
				}
			}
			return out.text
		}
		if whole, cut := play(false), play(true); whole != cut || whole == "" {
			t.Errorf("%s: got\n%swant\n%s", sql, cut, whole)
		}
	}
}

// TestRestoreRefusesDamagedWindows: state that no window can have is refused.
func TestRestoreRefusesDamagedWindows(t *testing.T) {
	one := value.OfInt(1)
	group := func(e *value.Encoder, height uint64, stale bool) {
		e.String("k")
		e.Uint(height)
		e.Bool(stale)
	}
	row := func(e *value.Encoder, index uint64) {
		e.Int(1)
		e.Uint(index)
		e.Value(one)
	}
	sliding, count := "SELECT sum(v) AS a FROM demo GROUP BY SLIDINGWINDOW(ms, 10)", "SELECT v FROM demo GROUP BY COUNTWINDOW(3)"
	for _, tc := range []struct {
		name, sql string
		write     func(e *value.Encoder)
		ok        bool
	}{
		{"sound", sliding, func(e *value.Encoder) { e.Uint(1); group(e, 1, false); e.Uint(1); row(e, 0) }, true},
		{"a front of rows that are not there", sliding, func(e *value.Encoder) { e.Uint(1); group(e, 2, false); e.Uint(1); row(e, 0) }, false},
		{"a front, and a back that rows have left", sliding, func(e *value.Encoder) { e.Uint(1); group(e, 1, true); e.Uint(1); row(e, 0) }, false},
		{"no such group", sliding, func(e *value.Encoder) { e.Uint(1); group(e, 0, false); e.Uint(1); row(e, 1) }, false},
		{"a group without rows", sliding, func(e *value.Encoder) { e.Uint(1); group(e, 0, false); e.Uint(0) }, false},
		{"a group twice", sliding, func(e *value.Encoder) {
			e.Uint(2)
			group(e, 0, false)
			group(e, 0, false)
			e.Uint(2)
			row(e, 0)
			row(e, 1)
		}, false},
		{"two of three rows", count, func(e *value.Encoder) { e.Uint(1); e.String(""); e.Int(2); e.Int(2); e.Uint(0) }, true},
		{"a full window", count, func(e *value.Encoder) { e.Uint(1); e.String(""); e.Int(3); e.Int(3); e.Uint(0) }, false},
		{"a negative count", count, func(e *value.Encoder) { e.Uint(1); e.String(""); e.Int(-1); e.Int(0); e.Uint(0) }, false},
	} {
		var e value.Encoder
		tc.write(&e)
		d := value.NewDecoder(e.Bytes())
		openQuery(t, tc.sql, &printer{}).ops[0].(Stateful).Restore(d)
		if ok := d.Err() == nil; ok != tc.ok {
			t.Errorf("%s: %v", tc.name, d.Err())
		}
	}
}

// FuzzRestoreSliding: damaged state is an error, never a panic, and asks for
// no more memory than it has bytes.
func FuzzRestoreSliding(f *testing.F) {
	queries := []string{
		"SELECT k, v FROM demo GROUP BY SLIDINGWINDOW(ms, 10, 5)",
		"SELECT k, sum(v) AS a, collect(v) AS b FROM demo GROUP BY k, SLIDINGWINDOW(ms, 10)",
		"SELECT k, max(v) AS a FROM demo GROUP BY k, COUNTWINDOW(3, 2) OVER (PARTITION BY v)",
		"SELECT k, max(v) AS a FROM demo GROUP BY k, COUNTWINDOW(3)",
	}
	var runs []*plan.Plan
	start := func(p *plan.Plan) *Run {
		r, err := Open(p, Env{Start: time.Unix(0, 0), Location: time.UTC}, &printer{})
		if err != nil {
			f.Fatal(err)
		}
		return r
	}
	for i, sql := range queries {
		p, err := plan.Build(sql, oneStream{}, plan.Settings{})
		if err != nil {
			f.Fatal(err)
		}
		runs = append(runs, p)
		r := start(p)
		for j := range 10 {
			row := value.Row{Time: int64(j) * 1e6, Cols: []value.Value{value.OfInt(int64(j % 2)), value.OfFloat(float64(j))}}
			if err := r.Push("demo", &value.Batch{Rows: []value.Row{row}}); err != nil {
				f.Fatal(err)
			}
		}
		var e value.Encoder
		r.ops[0].(Stateful).Snapshot(&e)
		f.Add(i, e.Bytes())
	}
	f.Fuzz(func(t *testing.T, i int, state []byte) {
		r := start(runs[uint(i)%uint(len(runs))])
		d := value.NewDecoder(state)
		r.ops[0].(Stateful).Restore(d)
		if d.Err() != nil {
			return
		}
		pushOne(t, r, 20e6, value.OfInt(1), value.OfFloat(1))
		if err := r.Advance(1 << 61); err != nil {
			t.Fatal(err)
		}
	})
}
