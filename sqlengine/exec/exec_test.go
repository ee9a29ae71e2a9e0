package exec_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"sluice/sqlengine/exec"
	"sluice/sqlengine/function"
	"sluice/sqlengine/plan"
	"sluice/sqlengine/value"
)

// keeper keeps what a query yields, as a receiver may.
type keeper struct {
	counter
	rows []value.Row
}

func (k *keeper) Push(b *value.Batch) error {
	k.rows = append(k.rows, b.Rows...)
	return k.counter.Push(b)
}

func floats(list ...float64) []value.Row {
	rows := make([]value.Row, len(list))
	for i, f := range list {
		rows[i] = value.Row{Time: int64(i), Cols: []value.Value{value.OfFloat(f)}}
	}
	return rows
}

func TestRowsMayBeKept(t *testing.T) {
	out := &keeper{}
	run, _ := open(t, "SELECT a*2 AS b FROM demo WHERE a > 1", out, nil)
	for i := range 3 {
		if err := run.Push("demo", &value.Batch{Rows: floats(float64(i), float64(i+1), float64(i+2))}); err != nil {
			t.Fatal(err)
		}
	}
	var got []float64
	for _, r := range out.rows {
		got = append(got, r.Cols[0].Float())
	}
	want := []float64{4, 4, 6, 4, 6, 8}
	if len(got) != len(want) {
		t.Fatalf("%v, want %v", got, want)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Fatalf("%v, want %v", got, want)
		}
	}
}

func TestAckTravelsWithRows(t *testing.T) {
	acked := 0
	ack := value.NewAck(func(error) { acked++ })
	var seen *value.Ack
	run, _ := open(t, "SELECT a+1 AS b, b+1 AS c FROM demo WHERE a > 0", pushFunc(func(b *value.Batch) error {
		seen = b.Ack
		return nil
	}), nil)
	if err := run.Push("demo", &value.Batch{Rows: floats(1), Ack: ack}); err != nil {
		t.Fatal(err)
	}
	if seen != ack || acked != 0 {
		t.Fatalf("the result has another ack, or it is released: %d", acked)
	}
}

type pushFunc func(*value.Batch) error

func (f pushFunc) Push(b *value.Batch) error { return f(b) }
func (f pushFunc) Advance(int64) error       { return nil }
func (f pushFunc) Close() error              { return nil }

// panicking is a set with a function that panics on negative numbers.
func panicking(t testing.TB) *function.Set {
	s := function.Builtin()
	err := s.Add(&function.Scalar{Name: "brittle", Summary: "Panics on negative numbers.", Overloads: []function.Overload{{
		Params: []function.Param{function.Float}, Result: value.Float,
		Call: func(_ *function.Context, args []value.Value) (value.Value, error) {
			if args[0].Float() < 0 {
				panic("negative")
			}
			return args[0], nil
		},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestPanicFailsItsRow(t *testing.T) {
	for _, sql := range []string{
		"SELECT brittle(a) AS b FROM demo",
		"SELECT a FROM demo WHERE brittle(a) >= 0",
		"SELECT brittle(a) AS b, b+1 AS c FROM demo WHERE b >= 0",
		"SELECT sum(brittle(a)) AS b FROM demo",
		"SELECT a FROM demo GROUP BY brittle(a), TUMBLINGWINDOW(ss, 1)",
	} {
		p, err := plan.Build(sql, demo, plan.Settings{Functions: panicking(t)})
		if err != nil {
			t.Fatal(err)
		}
		out := &keeper{}
		var failed []*exec.RowError
		run, err := exec.Open(p, exec.Env{Start: time.Unix(0, 0), OnRowError: func(e *exec.RowError) { failed = append(failed, e) }}, out)
		if err != nil {
			t.Fatal(err)
		}
		if err := run.Push("demo", &value.Batch{Rows: floats(1, -1, 2, -2, -3, 3)}); err != nil {
			t.Fatal(err)
		}
		if err := run.Advance(int64(time.Second)); err != nil {
			t.Fatal(err)
		}
		if len(out.rows) != 3 || len(failed) != 3 {
			t.Errorf("%s: %d rows, %d failures, want 3 and 3", sql, len(out.rows), len(failed))
			continue
		}
		var p1 *exec.PanicError
		if !errors.As(failed[0], &p1) || !strings.Contains(string(p1.Stack), "exec_test") {
			t.Errorf("%s: %v has no stack of the function", sql, failed[0])
		}
	}
}

func TestStats(t *testing.T) {
	now := time.Unix(100, 0)
	p, err := plan.Build("SELECT 10/a AS b FROM demo WHERE a >= 0", demo, plan.Settings{})
	if err != nil {
		t.Fatal(err)
	}
	run, err := exec.Open(p, exec.Env{Start: time.Unix(0, 0), Now: func() time.Time { return now }}, &counter{})
	if err != nil {
		t.Fatal(err)
	}
	if err := run.Push("demo", &value.Batch{Rows: floats(-1, 0, 1, 2)}); err != nil {
		t.Fatal(err)
	}
	stats := run.Stats()
	want := []exec.OpStats{{Name: "1_filter", In: 4, Out: 3}, {Name: "2_project", In: 3, Out: 2, Exceptions: 1,
		LastException: "project: 10 / a: divided by zero", LastExceptionTime: now}}
	if len(stats) != 2 || stats[0] != want[0] || stats[1] != want[1] {
		t.Errorf("%+v, want %+v", stats, want)
	}
}

func TestOpenWantsAllColumns(t *testing.T) {
	p, err := plan.Build("SELECT a, meta(topic) FROM demo", demo, plan.Settings{})
	if err != nil {
		t.Fatal(err)
	}
	schema := &value.Schema{Columns: []value.Column{{Name: "b"}, {Name: "topic"}, {Name: "a"}}}
	_, err = exec.Open(p, exec.Env{Schemas: map[string]*value.Schema{"demo": schema}}, &counter{})
	if err == nil || !strings.Contains(err.Error(), `"topic" is missing`) {
		t.Errorf("a schema without the metadata: %v", err)
	}
}

func TestPushOfAnotherStream(t *testing.T) {
	run, _ := open(t, "SELECT a FROM demo", &counter{}, nil)
	if err := run.Push("other", &value.Batch{}); err == nil {
		t.Error("rows of a stream that the query does not read are accepted")
	}
}

func TestRestoreRefuses(t *testing.T) {
	run, _ := open(t, "SELECT count(*) FROM demo GROUP BY TUMBLINGWINDOW(ss, 1)", &counter{}, nil)
	if err := run.Push("demo", &value.Batch{Rows: []value.Row{{Time: 1}}}); err != nil {
		t.Fatal(err)
	}
	state := run.Snapshot()
	other, _ := open(t, "SELECT count(*) FROM demo GROUP BY TUMBLINGWINDOW(ss, 2)", &counter{}, nil)
	if err := other.Restore(state); !errors.Is(err, exec.ErrOtherQuery) {
		t.Errorf("state of another query: %v", err)
	}
	for n := range len(state) {
		again, _ := open(t, "SELECT count(*) FROM demo GROUP BY TUMBLINGWINDOW(ss, 1)", &counter{}, nil)
		if err := again.Restore(state[:n]); err == nil {
			t.Errorf("%d of %d bytes of state are accepted", n, len(state))
		}
	}
}
