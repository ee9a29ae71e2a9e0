package exec_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"sluice/sqlengine/exec"
	"sluice/sqlengine/plan"
	"sluice/sqlengine/value"
)

// TestDelayKeepsOrder: each row leaves when its time has come and all rows
// before it have left, also when the run is restored in between.
func TestDelayKeepsOrder(t *testing.T) {
	p, err := plan.Build("SELECT delay(wait, id) AS id, tstamp() AS now FROM demo", demo, plan.Settings{})
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		h := &delayHost{t: t, plan: p}
		h.restart()
		var want []int64 // when each row leaves
		for i := range rapid.IntRange(1, 20).Draw(t, "rows") {
			h.pass(h.now + rapid.Int64Range(0, 30).Draw(t, "passes"))
			if rapid.IntRange(0, 3).Draw(t, "restart") == 0 {
				h.restart()
			}
			wait := rapid.Int64Range(-5, 60).Draw(t, "wait")
			leaves := h.now + max(wait, 0)
			if i > 0 {
				leaves = max(leaves, want[i-1])
			}
			want = append(want, leaves)
			h.push(int64(i), wait)
		}
		h.pass(h.now + 1000)
		if len(h.out.rows) != len(want) {
			t.Fatalf("%d rows of %d", len(h.out.rows), len(want))
		}
		for i, r := range h.out.rows {
			if id, at := h.column(r, "id"), h.column(r, "now"); id != int64(i) || at != want[i] {
				t.Fatalf("row %d left at %d, want row %d at %d", id, at, i, want[i])
			}
		}
	})
}

type delayHost struct {
	t    *rapid.T
	plan *plan.Plan
	run  *exec.Run
	out  keeper
	now  int64 // milliseconds
}

func (h *delayHost) restart() {
	env := exec.Env{Start: time.Unix(0, 0), Now: func() time.Time { return time.UnixMilli(h.now) }, OnRowError: func(e *exec.RowError) { h.t.Fatal(e) }}
	run, err := exec.Open(h.plan, env, &h.out)
	if err == nil && h.run != nil {
		err = run.Restore(h.run.Snapshot())
	}
	h.must(err)
	h.run = run
}

// pass lets the time pass by way of each time that the query waits for.
func (h *delayHost) pass(to int64) {
	for next, ok := h.run.Next(); ok && next <= to*1e6; next, ok = h.run.Next() {
		h.now = next / 1e6
		h.must(h.run.Advance(next))
	}
	h.now = to
}

func (h *delayHost) push(id, wait int64) {
	row := value.Row{Time: h.now * 1e6}
	for _, c := range h.plan.Inputs("demo") {
		v := value.OfInt(id)
		if c.Name == "wait" {
			v = value.OfInt(wait)
		}
		row.Cols = append(row.Cols, v)
	}
	h.must(h.run.Push("demo", &value.Batch{Rows: []value.Row{row}}))
}

func (h *delayHost) column(r value.Row, name string) int64 {
	slot, _ := h.plan.Output.Slot(name, value.Field)
	return r.Cols[slot].Int()
}

func (h *delayHost) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}
