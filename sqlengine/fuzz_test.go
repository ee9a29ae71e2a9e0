package sqlengine_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sluice/sqlengine"
	"sluice/sqlengine/exec"
	"sluice/sqlengine/value"
)

// declared is a stream with a column of every kind.
var declared = &sqlengine.Stream{Name: "demo", Fields: []sqlengine.Field{
	{Name: "id", Kind: value.Int}, {Name: "temperature", Kind: value.Float}, {Name: "humidity", Kind: value.Float},
	{Name: "device", Kind: value.String}, {Name: "flag", Kind: value.Bool}, {Name: "at", Kind: value.Time},
	{Name: "tags", Kind: value.List, Elem: &sqlengine.Field{Kind: value.String}}, {Name: "o", Kind: value.Object},
}}

// FuzzCompile: no statement and no query panics, neither when it is compiled nor when it runs,
// on a declared stream and on one without a schema. Rows may fail.
func FuzzCompile(f *testing.F) {
	names, err := filepath.Glob("sqltest/testdata/*.txtar")
	if err != nil || len(names) == 0 {
		f.Fatalf("no seeds: %v", err)
	}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		for _, marker := range []string{"-- query --\n", "-- statement --\n"} {
			if _, text, ok := strings.Cut(string(data), marker); ok {
				text, _, _ = strings.Cut(text, "\n-- ")
				f.Add(text)
			}
		}
	}
	f.Fuzz(func(t *testing.T, sql string) {
		if st, err := sqlengine.ParseStatement(sql); err == nil && st.Stream != nil {
			st.Stream.Describe()
		}
		runAll(t, sql, streams{"demo": declared})
		runAll(t, sql, demo)
	})
}

func runAll(t *testing.T, sql string, cat streams) {
	q, err := sqlengine.Compile(sql, cat, sqlengine.Options{})
	if err != nil {
		return
	}
	if q.Explain() == "" {
		t.Error("no plan")
	}
	run := openWatched(t, q)
	for i := range 8 {
		pushSample(t, run, q.Columns("demo"), i)
	}
	if next, ok := run.Next(); ok && next < 1<<62 {
		if err := run.Advance(next); err != nil {
			t.Fatal(err)
		}
	}
}

var samples = []value.Value{
	value.OfInt(3), value.OfFloat(-2.5), value.OfString("a"), value.OfBool(true), value.Missing, {},
	value.OfList([]value.Value{value.OfInt(1), value.OfString("x")}), value.OfTime(5e9), value.OfBytes([]byte("raw")),
	value.OfObject(value.FieldsOf([]string{"x", "y"}, []value.Value{value.OfInt(1), value.OfList(nil)})),
}

// sample is the i-th value of a column: one of its kind, where that is known.
func sample(c value.Column, i int) value.Value {
	for n := range samples {
		v := samples[(i+n+len(c.Name))%len(samples)]
		if c.Kind == value.Null || v.IsNull() || v.Kind() == c.Kind {
			return v
		}
	}
	return value.Missing
}

// FuzzRestore: whatever bytes are restored, the run either refuses them or
// goes on without a panic.
func FuzzRestore(f *testing.F) {
	aggregates := "SELECT device, *, avg(id) AS a, sum(id) AS s, count(*) AS n, min(id) AS l, max(device) AS h, collect(id) AS c, " +
		"last_value(id, true) AS v, stddev(id) AS e, percentile_cont(id, 0.5) AS p, " +
		"merge_agg(o) AS m FROM demo GROUP BY device, id, TUMBLINGWINDOW(ss, 1)"
	queries := []string{aggregates, "SELECT *, device FROM demo GROUP BY TUMBLINGWINDOW(dd, 1) ORDER BY device",
		"SELECT id/0 AS x, sum(id) AS s FROM demo WHERE x > 1 GROUP BY x, TUMBLINGWINDOW(ms, 1)",
		"SELECT device, sum(id) AS s FROM demo GROUP BY device, HOPPINGWINDOW(ms, 5, 2)", "SELECT * FROM demo GROUP BY HOPPINGWINDOW(dd, 3, 2)",
		"SELECT count(*) AS n FROM demo GROUP BY SESSIONWINDOW(ms, 6, 3)",
		"SELECT collect(id) AS c FROM demo GROUP BY STATEWINDOW(id > 1, id < 3) OVER (PARTITION BY device)"}
	for i, sql := range queries {
		run, columns := restorable(f, sql)
		for n := range 8 {
			pushSample(f, run, columns, n)
		}
		f.Add(i, run.Snapshot())
	}
	f.Fuzz(func(t *testing.T, i int, state []byte) {
		run, columns := restorable(t, queries[uint(i)%uint(len(queries))])
		own := run.Snapshot()
		if len(state) >= 10 && len(own) >= 10 {
			state = append(own[:10:10], state[10:]...) // the fingerprint, a number of ten bytes at most
		}
		if run.Restore(state) != nil {
			return
		}
		pushSample(t, run, columns, 1)
		if next, ok := run.Next(); ok {
			if err := run.Advance(next); err != nil {
				t.Fatal(err)
			}
		}
		run.Snapshot()
	})
}

func restorable(t testing.TB, sql string) (*sqlengine.Run, []value.Column) {
	q, err := sqlengine.Compile(sql, demo, sqlengine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return openWatched(t, q), q.Columns("demo")
}

// openWatched opens a query and reports what panics in it.
func openWatched(t testing.TB, q *sqlengine.Query) *sqlengine.Run {
	run, err := q.Open(sqlengine.Env{Start: time.Unix(0, 0), Location: time.UTC, OnRowError: func(e *sqlengine.RowError) {
		if p := new(exec.PanicError); errors.As(e, &p) {
			t.Errorf("%v\n%s", p, p.Stack)
		}
	}}, &sink{func(*value.Batch) error { return nil }})
	if err != nil {
		t.Fatal(err)
	}
	return run
}

func pushSample(t testing.TB, run *sqlengine.Run, columns []value.Column, i int) {
	row := value.Row{Time: int64(i) * 1e6}
	for _, c := range columns {
		row.Cols = append(row.Cols, sample(c, i))
	}
	if err := run.Push("demo", &value.Batch{Rows: []value.Row{row}}); err != nil {
		t.Fatal(err)
	}
}
