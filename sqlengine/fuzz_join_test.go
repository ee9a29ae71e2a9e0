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

// plant has two streams, a scan table and a lookup table, with columns of
// every kind or without a schema.
func plant(schemaless bool) streams {
	cat := streams{}
	for _, name := range []string{"l", "r", "t", "k"} {
		s := *declared
		s.Name, s.Table = name, name == "t" || name == "k"
		s.Options.Type = "file"
		if name == "k" {
			s.Options.Kind = "lookup"
		}
		if schemaless {
			s.Schemaless, s.Fields = true, nil
		}
		cat[name] = &s
	}
	return cat
}

// anything is a lookup table that has a row for every question.
type anything []value.Column

func (a anything) Find([]string, []value.Value) ([]value.Row, error) {
	return []value.Row{sampleRow(a, 1), sampleRow(a, 2)}, nil
}

func sampleRow(columns []value.Column, i int) value.Row {
	row := value.Row{Time: int64(i) * 1e6}
	for _, c := range columns {
		row.Cols = append(row.Cols, sample(c, i))
	}
	return row
}

// FuzzJoin: no query over streams and tables panics, neither when it is
// compiled nor when it runs, nor when its state moves to another run.
func FuzzJoin(f *testing.F) {
	for _, pattern := range []string{"join_*", "table_*", "lookup_*", "error_join_*"} {
		names, err := filepath.Glob("sqltest/testdata/" + pattern + ".txtar")
		if err != nil || len(names) == 0 {
			f.Fatalf("no seeds: %v", err)
		}
		for _, name := range names {
			data, err := os.ReadFile(name)
			if err != nil {
				f.Fatal(err)
			}
			_, text, _ := strings.Cut(string(data), "-- query --\n")
			text, _, _ = strings.Cut(text, "\n-- ")
			f.Add(text, false)
			f.Add(text, true)
		}
	}
	f.Fuzz(func(t *testing.T, sql string, schemaless bool) {
		q, err := sqlengine.Compile(sql, plant(schemaless), sqlengine.Options{})
		if err != nil {
			return
		}
		run := openPlant(t, q)
		for i := range 8 {
			if i == 4 {
				state := run.Snapshot()
				if run = openPlant(t, q); run.Restore(state) != nil {
					t.Fatal("its own state is refused")
				}
			}
			for _, name := range q.Streams() {
				if run.Reads(name) {
					pushRow(t, run, name, sampleRow(q.Columns(name), i))
				}
			}
		}
		if next, ok := run.Next(); ok && next < 1<<62 {
			if err := run.Advance(next); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func pushRow(t *testing.T, run *sqlengine.Run, stream string, row value.Row) {
	if err := run.Push(stream, &value.Batch{Rows: []value.Row{row}}); err != nil {
		t.Fatal(err)
	}
}

// openPlant opens a query and reports what panics in it.
func openPlant(t *testing.T, q *sqlengine.Query) *sqlengine.Run {
	lookups := map[string]sqlengine.Lookup{}
	for _, name := range q.Lookups() {
		lookups[name] = anything(q.Columns(name))
	}
	run, err := q.Open(sqlengine.Env{Start: time.Unix(0, 0), Location: time.UTC, Lookups: lookups, OnRowError: func(e *sqlengine.RowError) {
		if p := new(exec.PanicError); errors.As(e, &p) {
			t.Errorf("%v\n%s", p, p.Stack)
		}
	}}, &sink{func(*value.Batch) error { return nil }})
	if err != nil {
		t.Fatal(err)
	}
	return run
}
