package exec_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"sluice/sqlengine/exec"
	"sluice/sqlengine/plan"
	"sluice/sqlengine/value"
)

// plant has streams, scan tables and a lookup table.
var plant = catalog{
	"l":    {Name: "l", Schemaless: true},
	"r":    {Name: "r", Schemaless: true},
	"t":    {Name: "t", Schemaless: true, Table: true, Options: plan.Options{Type: "file", Kind: "scan"}},
	"last": {Name: "last", Schemaless: true, Table: true, Options: plan.Options{Type: "memory", Kind: "scan", RetainSize: 2}},
	"k":    {Name: "k", Schemaless: true, Table: true, Options: plan.Options{Type: "memory", Kind: "lookup"}},
}

// found is a lookup that counts how often it is asked.
type found struct {
	asked []string
	find  func(v value.Value) ([]value.Row, error)
}

func (f *found) Find(columns []string, values []value.Value) ([]value.Row, error) {
	f.asked = append(f.asked, fmt.Sprint(columns, values))
	return f.find(values[0])
}

func openJoin(t testing.TB, sql string, env exec.Env, out exec.Operator) *exec.Run {
	t.Helper()
	p, err := plan.Build(sql, plant, plan.Settings{Functions: panicking(t)})
	if err != nil {
		t.Fatal(err)
	}
	env.Start, env.Location = time.Unix(0, 0), time.UTC
	r, err := exec.Open(p, env, out)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// ints are rows of one column each.
func ints(list ...int64) []value.Row {
	rows := make([]value.Row, len(list))
	for i, n := range list {
		rows[i] = value.Row{Time: int64(i), Cols: []value.Value{value.OfInt(n)}}
	}
	return rows
}

func push(t testing.TB, r *exec.Run, stream string, rows ...value.Row) {
	t.Helper()
	if err := r.Push(stream, &value.Batch{Rows: rows}); err != nil {
		t.Fatal(err)
	}
}

func TestLookupAsksOncePerBatch(t *testing.T) {
	k := &found{find: func(v value.Value) ([]value.Row, error) { return []value.Row{{Cols: []value.Value{v}}}, nil }}
	out := &keeper{}
	run := openJoin(t, "SELECT k.id AS found FROM l LEFT JOIN k ON k.id = l.id", exec.Env{Lookups: map[string]exec.Lookup{"k": k}}, out)
	push(t, run, "l", ints(1, 2, 1, 2, 1)...)
	push(t, run, "l", ints(1)...)
	if want := []string{"[id] [1]", "[id] [2]", "[id] [1]"}; !slices.Equal(k.asked, want) {
		t.Errorf("asked %q, want %q", k.asked, want)
	}
	if len(out.rows) != 6 || out.batches != 6 {
		t.Errorf("%d rows in %d results, want 6 in 6", len(out.rows), out.batches)
	}
}

// TestLookupFailsRows: an error, or a panic, fails the rows that asked, also
// those of a left join, and asks no more in that batch after an error.
func TestLookupFailsRows(t *testing.T) {
	k := &found{find: func(v value.Value) ([]value.Row, error) {
		switch v.Int() {
		case 1:
			return nil, errors.New("no route to host")
		case 2:
			panic("broken")
		}
		return nil, nil
	}}
	out := &keeper{}
	var failed []string
	env := exec.Env{Lookups: map[string]exec.Lookup{"k": k}, OnRowError: func(e *exec.RowError) { failed = append(failed, e.Error()) }}
	run := openJoin(t, "SELECT l.id FROM l LEFT JOIN k ON k.id = l.id", env, out)
	push(t, run, "l", ints(1, 2, 3, 1)...)
	if len(out.rows) != 1 || out.rows[0].Cols[0].Int() != 3 {
		t.Errorf("results %v, want one of 3", out.rows)
	}
	if len(failed) != 3 || failed[0] != "join: no route to host" || !strings.Contains(failed[1], "broken") {
		t.Errorf("failed: %q", failed)
	}
	if len(k.asked) != 3 {
		t.Errorf("asked %q", k.asked)
	}
}

func TestLookupWantsHost(t *testing.T) {
	p, err := plan.Build("SELECT l.id FROM l LEFT JOIN k ON k.id = l.id", plant, plan.Settings{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := exec.Open(p, exec.Env{}, &counter{}); err == nil || !strings.Contains(err.Error(), `lookup table "k"`) {
		t.Errorf("without a lookup: %v", err)
	}
}

// TestJoinedRowsMayBeKept: what a join has made does not change when it makes
// more.
func TestJoinedRowsMayBeKept(t *testing.T) {
	kept := map[int][]value.Row{}
	batches := 0
	run := openJoin(t, "SELECT * FROM l INNER JOIN t GROUP BY COUNTWINDOW(1)", exec.Env{}, pushFunc(func(b *value.Batch) error {
		kept[batches] = slices.Clone(b.Rows)
		batches++
		return nil
	}))
	object := func(name string, n int64) value.Row {
		o := value.OfObject(value.FieldsOf([]string{name}, []value.Value{value.OfInt(n)}))
		return value.Row{Cols: []value.Value{o}}
	}
	push(t, run, "t", object("b", 10), object("b", 20))
	push(t, run, "l", object("a", 1), object("a", 2))
	push(t, run, "l", object("a", 3))
	var got []string
	for i := range batches {
		for _, r := range kept[i] {
			got = append(got, r.Cols[0].String())
		}
	}
	want := []string{`{"a":1,"b":10}`, `{"a":1,"b":20}`, `{"a":2,"b":10}`, `{"a":2,"b":20}`, `{"a":3,"b":10}`, `{"a":3,"b":20}`}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestPanicInJoinFailsItsRow: the other rows to its left are joined.
func TestPanicInJoinFailsItsRow(t *testing.T) {
	for sql, rows := range map[string]int{
		"SELECT l.a FROM l INNER JOIN t ON brittle(l.a) > 0 AND t.b > 0": 4,
		"SELECT l.a FROM l LEFT JOIN t ON t.b = brittle(l.a)":            2,
	} {
		out := &keeper{}
		failed := 0
		run := openJoin(t, sql, exec.Env{OnRowError: func(e *exec.RowError) {
			if p := (*exec.PanicError)(nil); errors.As(e, &p) {
				failed++
			}
		}}, out)
		push(t, run, "t", floats(1, 2)...)
		push(t, run, "l", floats(1, -1, 2)...)
		if len(out.rows) != rows || failed != 1 {
			t.Errorf("%s: %d rows, %d failed; want %d and 1", sql, len(out.rows), failed, rows)
		}
	}
}

func TestAckTravelsThroughTables(t *testing.T) {
	ack := value.NewAck(func(error) {})
	var seen *value.Ack
	run := openJoin(t, "SELECT l.a FROM l CROSS JOIN t", exec.Env{}, pushFunc(func(b *value.Batch) error { seen = b.Ack; return nil }))
	push(t, run, "t", value.Row{Cols: []value.Value{{}}})
	if err := run.Push("l", &value.Batch{Rows: floats(1), Ack: ack}); err != nil {
		t.Fatal(err)
	}
	if seen != ack {
		t.Error("the result has another ack")
	}
}

func TestScanTables(t *testing.T) {
	run := openJoin(t, "SELECT l.a, t.x, z.y FROM l CROSS JOIN t CROSS JOIN last AS z", exec.Env{}, &counter{})
	push(t, run, "t", ints(1, 2, 3)...)
	push(t, run, "last", ints(4, 5, 6)...)
	push(t, run, "last", ints(7)...)
	var got []string
	for _, table := range run.ScanTables() {
		for _, r := range table.Rows {
			got = append(got, fmt.Sprint(table.Name, " ", table.Schema.Columns[0].Name, " ", r.Cols[0]))
		}
	}
	if want := []string{"t x 1", "t x 2", "t x 3", "z y 6", "z y 7"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	other, _ := open(t, "SELECT a FROM demo", &counter{}, nil)
	if list := other.ScanTables(); list != nil {
		t.Errorf("a query without tables keeps %v", list)
	}
}

// TestJoinRefusesDamagedState: no prefix of the state is taken, and none panics.
func TestJoinRefusesDamagedState(t *testing.T) {
	sql := "SELECT l.a, t.x, z.y FROM l INNER JOIN t ON l.a = t.x CROSS JOIN last AS z"
	run := openJoin(t, sql, exec.Env{}, &counter{})
	push(t, run, "t", ints(1, 2, 3)...)
	push(t, run, "last", ints(4, 5, 6)...)
	state := run.Snapshot()
	for n := range len(state) {
		if err := openJoin(t, sql, exec.Env{}, &counter{}).Restore(state[:n]); err == nil {
			t.Errorf("%d of %d bytes of state are accepted", n, len(state))
		}
	}
	for i := range len(state) {
		damaged := slices.Clone(state)
		damaged[i] ^= 0xff
		again := openJoin(t, sql, exec.Env{}, &counter{})
		if err := again.Restore(damaged); err == nil {
			push(t, again, "l", ints(1)...)
		}
	}
	out := &keeper{}
	again := openJoin(t, sql, exec.Env{}, out)
	if err := again.Restore(state); err != nil {
		t.Fatal(err)
	}
	push(t, again, "l", ints(2)...)
	if len(out.rows) != 2 {
		t.Errorf("restored tables give %d rows, want 2", len(out.rows))
	}
}

func TestJoinStats(t *testing.T) {
	run := openJoin(t, "SELECT l.a, r.b FROM l INNER JOIN r ON l.a = r.b GROUP BY TUMBLINGWINDOW(ss, 1)", exec.Env{}, &counter{})
	push(t, run, "l", ints(1, 2, 3)...)
	push(t, run, "r", ints(2, 3, 3)...)
	if err := run.Advance(int64(time.Second)); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, s := range run.Stats() {
		got = append(got, fmt.Sprintf("%s %d %d", s.Name, s.In, s.Out))
	}
	if want := []string{"1_merge 6 6", "2_window 6 6", "3_join 6 3", "4_project 3 3"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestManyKeys: the index finds every row among many, with keys that differ in
// one byte, and in their order.
func TestManyKeys(t *testing.T) {
	var rows []value.Row
	for i := range 5000 {
		rows = append(rows, value.Row{Cols: []value.Value{value.OfString(fmt.Sprintf("device-%d", i%2500)), value.OfInt(int64(i))}})
	}
	schema := &value.Schema{Columns: []value.Column{{Name: "id"}, {Name: "n"}}}
	out := &keeper{}
	env := exec.Env{Schemas: map[string]*value.Schema{"l": schema, "t": schema}}
	run := openJoin(t, "SELECT l.n AS l, t.n AS t FROM l INNER JOIN t ON l.id = t.id", env, out)
	push(t, run, "t", rows...)
	push(t, run, "l", rows[:2500]...)
	for i, r := range out.rows {
		if l, want := r.Cols[0].Int(), int64(i/2); l != want || r.Cols[1].Int() != want+int64(i%2)*2500 {
			t.Fatalf("row %d is %v", i, r.Cols)
		}
	}
	if len(out.rows) != 5000 {
		t.Errorf("%d pairs, want 5000", len(out.rows))
	}
}
