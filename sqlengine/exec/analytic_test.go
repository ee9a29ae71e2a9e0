package exec_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"sluice/sqlengine/exec"
	"sluice/sqlengine/plan"
	"sluice/sqlengine/value"
)

// Analytic functions are compared with models that look at all former rows for
// each row.

// remembered is a row of the stream.
type remembered struct {
	a, b, key   value.Value
	when        bool
	begin, ends bool
}

func (r *remembered) column(name string) value.Value {
	switch name {
	case "a":
		return r.a
	case "b":
		return r.b
	case "k":
		return r.key
	case "f":
		return value.OfBool(r.when)
	case "x":
		return value.OfBool(r.begin)
	}
	return value.OfBool(r.ends)
}

func drawRemembered(t *rapid.T) *remembered {
	number := rapid.SampledFrom([]value.Value{{}, value.Missing, value.OfInt(1), value.OfInt(2), value.OfFloat(2), value.OfFloat(-3.5)})
	flag := rapid.Bool()
	return &remembered{
		a: number.Draw(t, "a"), b: number.Draw(t, "b"),
		key:  rapid.SampledFrom([]value.Value{{}, value.OfInt(1), value.OfFloat(1), value.OfString("1"), value.OfString("")}).Draw(t, "key"),
		when: flag.Draw(t, "when"), begin: flag.Draw(t, "begin"), ends: flag.Draw(t, "ends"),
	}
}

// analyticModel computes a function of a row from the rows of its partition
// that counted before it, and from itself when it counts.
type analyticModel struct {
	call  string
	model func(before []*remembered, r *remembered, counts bool) value.Value
}

var analyticModels = []analyticModel{
	{"lag(a, 2, -1)", func(before []*remembered, _ *remembered, _ bool) value.Value {
		known := slices.DeleteFunc(slices.Clone(before), func(r *remembered) bool { return r.a.IsNull() })
		if len(known) < 2 {
			return value.OfInt(-1)
		}
		return known[len(known)-2].a
	}},
	{"lag(a, 1, b, false)", func(before []*remembered, r *remembered, _ bool) value.Value {
		if len(before) == 0 {
			return r.b
		}
		return before[len(before)-1].a
	}},
	{"latest(a, b)", func(before []*remembered, r *remembered, counts bool) value.Value {
		if counts {
			before = append(slices.Clone(before), r)
		}
		for _, former := range slices.Backward(before) {
			if !former.a.IsNull() {
				return former.a
			}
		}
		return r.b
	}},
	{"changed_col(false, a)", func(before []*remembered, r *remembered, counts bool) value.Value {
		if !counts || value.Equal(r.a, lastOf(before, "a", false)) {
			return value.Value{}
		}
		return r.a
	}},
	{"changed_col(true, a)", func(before []*remembered, r *remembered, counts bool) value.Value {
		if !counts || r.a.IsNull() || value.Equal(r.a, lastOf(before, "a", true)) {
			return value.Value{}
		}
		return r.a
	}},
	{"had_changed(true, a, b)", func(before []*remembered, r *remembered, counts bool) value.Value {
		changed := false
		for _, name := range []string{"a", "b"} {
			v := r.column(name)
			changed = changed || counts && !v.IsNull() && !value.Equal(v, lastOf(before, name, true))
		}
		return value.OfBool(changed)
	}},
	{"acc_count(a)", func(before []*remembered, r *remembered, counts bool) value.Value {
		return value.OfInt(int64(len(numbersOf(before, r, counts))))
	}},
	{"acc_sum(a)", func(before []*remembered, r *remembered, counts bool) value.Value {
		return value.OfFloat(total(numbersOf(before, r, counts)))
	}},
	{"acc_avg(a)", func(before []*remembered, r *remembered, counts bool) value.Value {
		list := numbersOf(before, r, counts)
		return value.OfFloat(total(list) / float64(max(len(list), 1)))
	}},
	{"acc_max(a)", func(before []*remembered, r *remembered, counts bool) value.Value {
		if list := numbersOf(before, r, counts); len(list) > 0 {
			return value.OfFloat(slices.Max(list))
		}
		return value.OfFloat(0)
	}},
	{"acc_min(a, x, y)", func(before []*remembered, r *remembered, counts bool) value.Value {
		if counts {
			before = append(slices.Clone(before), r)
		}
		if list := spell(before); len(list) > 0 {
			return value.OfFloat(slices.Min(list))
		}
		return value.OfFloat(0)
	}},
	{"acc_count(a, x, y)", func(before []*remembered, r *remembered, counts bool) value.Value {
		if counts {
			before = append(slices.Clone(before), r)
		}
		return value.OfInt(int64(len(spell(before))))
	}},
}

// lastOf is what changes are told from.
func lastOf(before []*remembered, name string, ignoreNull bool) value.Value {
	for _, r := range slices.Backward(before) {
		if v := r.column(name); !ignoreNull || !v.IsNull() {
			return v
		}
	}
	return value.Value{}
}

func numbersOf(before []*remembered, r *remembered, counts bool) (list []float64) {
	if counts {
		before = append(slices.Clone(before), r)
	}
	for _, r := range before {
		if n, ok := r.a.Number(); ok {
			list = append(list, n)
		}
	}
	return list
}

// spell are the numbers of the spell that the last row is in: it begins with
// the first row with x that follows the end of the one before, and ends with a
// row with y.
func spell(rows []*remembered) []float64 {
	for i := 0; i < len(rows); i++ {
		if !rows[i].begin {
			continue
		}
		end := i
		for end < len(rows)-1 && !rows[end].ends {
			end++
		}
		if end == len(rows)-1 {
			return numbersOf(rows[i:], nil, false)
		}
		i = end
	}
	return nil
}

func total(list []float64) (sum float64) {
	for _, n := range list {
		sum += n
	}
	return sum
}

// TestAnalyticLikeModel: all functions side by side, with and without OVER,
// while the run is closed and restored between rows.
func TestAnalyticLikeModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		partitioned, conditional := rapid.Bool().Draw(t, "partitioned"), rapid.Bool().Draw(t, "conditional")
		sql := "SELECT "
		for i, m := range analyticModels {
			sql += m.call + over(partitioned, conditional) + fmt.Sprintf(" AS c%d, ", i)
		}
		p, err := plan.Build(sql+"1 AS one FROM demo", demo, plan.Settings{})
		if err != nil {
			t.Fatal(err)
		}
		host := &remembering{t: t, plan: p}
		host.restart()
		counted := map[string][]*remembered{}
		for range rapid.IntRange(0, 30).Draw(t, "rows") {
			r := drawRemembered(t)
			if rapid.IntRange(0, 3).Draw(t, "restart") == 0 {
				host.restart()
			}
			key := ""
			if partitioned {
				key = string(value.AppendKey(nil, r.key))
			}
			counts := r.when || !conditional
			got := host.take(r)
			for i, m := range analyticModels {
				want := m.model(counted[key], r, counts)
				if got[i].IsNull() != want.IsNull() || !value.Equal(got[i], want) {
					t.Fatalf("%s%s = %v, want %v", m.call, over(partitioned, conditional), got[i], want)
				}
			}
			if counts {
				counted[key] = append(counted[key], r)
			}
		}
	})
}

func over(partitioned, conditional bool) string {
	switch {
	case partitioned && conditional:
		return " OVER (PARTITION BY k WHEN f)"
	case partitioned:
		return " OVER (PARTITION BY k)"
	case conditional:
		return " OVER (WHEN f)"
	}
	return ""
}

// remembering pushes rows to a run that may be restored between them.
type remembering struct {
	t    *rapid.T
	plan *plan.Plan
	run  *exec.Run
	out  keeper
	now  int64
}

func (h *remembering) restart() {
	run, err := exec.Open(h.plan, exec.Env{Start: time.Unix(0, 0), OnRowError: func(e *exec.RowError) { h.t.Fatal(e) }}, &h.out)
	if err == nil && h.run != nil {
		err = run.Restore(h.run.Snapshot())
	}
	if err != nil {
		h.t.Fatal(err)
	}
	h.run = run
}

// take pushes a row and returns the columns of its result.
func (h *remembering) take(r *remembered) []value.Value {
	h.now++
	row := value.Row{Time: h.now}
	for _, c := range h.plan.Inputs("demo") {
		row.Cols = append(row.Cols, r.column(c.Name))
	}
	if err := h.run.Push("demo", &value.Batch{Rows: []value.Row{row}}); err != nil {
		h.t.Fatal(err)
	}
	if len(h.out.rows) != int(h.now) {
		h.t.Fatalf("%d rows of %d came out", len(h.out.rows), h.now)
	}
	return h.out.rows[h.now-1].Cols
}

// TestDamagedStateOfRows: no operator that remembers rows panics on state that
// was damaged.
func TestDamagedStateOfRows(t *testing.T) {
	for _, sql := range []string{
		"SELECT lag(a, 2) OVER (PARTITION BY k) AS p, had_changed(true, a, k) AS h, acc_sum(a) AS s FROM demo",
		`SELECT changed_cols("", true, *), lag(sum(a)) AS p FROM demo`,
		"SELECT delay(a * 1000, k) AS k FROM demo WHERE last_hit_count() < 10",
		"SELECT dedup_trigger(a, a + 50, a, 100000) AS d FROM demo",
		"SELECT count(DISTINCT a) FILTER (WHERE a > 1) AS n FROM demo GROUP BY k, TUMBLINGWINDOW(ss, 10)",
	} {
		out := &keeper{}
		run, p := open(t, sql, out, nil)
		for i := range 5 {
			row := value.Row{Time: int64(i)}
			for _, c := range p.Inputs("demo") {
				v := value.OfInt(int64(i % 3))
				switch c.Name {
				case "k":
					v = value.OfString(fmt.Sprint(i % 2))
				case "*":
					v = value.OfObject(&value.Fields{Names: []string{"a"}, Values: []value.Value{v}})
				}
				row.Cols = append(row.Cols, v)
			}
			if err := run.Push("demo", &value.Batch{Rows: []value.Row{row}}); err != nil {
				t.Fatal(err)
			}
		}
		state := run.Snapshot()
		for at := range state {
			for _, bits := range []byte{1, 0x80, 0xff} {
				damaged := slices.Clone(state)
				damaged[at] ^= bits
				again, _ := open(t, sql, out, nil)
				_ = again.Restore(damaged) // an error or another state, but no panic
			}
			short, _ := open(t, sql, out, nil)
			if err := short.Restore(state[:at]); err == nil {
				t.Errorf("%s: %d of %d bytes of state are taken for all", sql, at, len(state))
			}
		}
	}
}

func BenchmarkAnalytic(b *testing.B) {
	for _, bc := range []struct{ name, sql string }{
		{"Lag", "SELECT lag(temperature) AS p FROM demo WHERE temperature > 500"},
		{"LagPartition", "SELECT lag(temperature) OVER (PARTITION BY device) AS p FROM demo WHERE temperature > 500"},
		{"ChangedPartition", "SELECT changed_col(true, temperature) OVER (PARTITION BY device) AS c FROM demo WHERE temperature > 500"},
		{"ChangedWhere", "SELECT temperature FROM demo WHERE had_changed(true, temperature) OVER (PARTITION BY device)"},
		{"RunningSum", "SELECT acc_sum(temperature) AS s FROM demo WHERE temperature > 500"},
		{"LastHit", "SELECT temperature FROM demo WHERE temperature > 500 AND event_time() - last_hit_time() > 60000"},
	} {
		b.Run(bc.name, func(b *testing.B) {
			run, p := open(b, bc.sql, &counter{}, func(e *exec.RowError) { b.Fatal(e) })
			rows := rowsOf(p, 1000)
			batch := value.Batch{}
			b.ReportAllocs()
			for n := 0; n < b.N; n += len(rows) {
				batch.Rows = rows[:min(len(rows), b.N-n)]
				if err := run.Push("demo", &batch); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
