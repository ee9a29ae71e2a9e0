package exec_test

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"sluice/sqlengine/exec"
	"sluice/sqlengine/function"
	"sluice/sqlengine/plan"
	"sluice/sqlengine/value"
)

// A lookback tells by definition, from all rows, which results a query has.
type lookback interface {
	sql() string
	settings() plan.Settings
	// results are the results in the order of their coming. taken tells of each
	// row whether the window took it.
	results(rows []sample) (list []emission, taken []bool)
}

type sample struct {
	time             int64
	id, k, v, when   value.Value
	where, partition value.Value
}

type emission struct {
	window function.Window
	rows   []int
}

// lookbackQuery is what a query does with its windows.
type lookbackQuery struct {
	window       lookback
	where        bool
	groups, keys bool
	folded       []fold // aggregates of groups
	aliases      bool   // conditions, keys and arguments are aliases
	late         int64  // in event time: how much later than in their order rows come; 0: in processing time
}

// stamped is a stream whose rows carry their time.
var stamped = catalog{"demo": {Name: "demo", Schemaless: true, Options: plan.Options{Timestamp: "ts"}}}

// fold is an aggregate: of different values, or of every other row alone, or of
// all rows.
type fold struct{ name, column, of string }

func (f fold) sql() string {
	switch f.of {
	case "different":
		return fmt.Sprintf("%s(DISTINCT %s) AS %s_d", f.name, f.column, f.name)
	case "even":
		return fmt.Sprintf("%s(%s) FILTER (WHERE id %% 2 = 0) AS %s_e", f.name, f.column, f.name)
	}
	return fmt.Sprintf("%s(%s) AS %s_a", f.name, f.column, f.name)
}

// takes tells whether a row counts behind those that were taken.
func (f fold) takes(r sample, taken []value.Value) bool {
	switch f.of {
	case "different":
		return !slices.ContainsFunc(taken, func(v value.Value) bool {
			return string(value.AppendKey(nil, v)) == string(value.AppendKey(nil, r.column(f.column)))
		})
	case "even":
		return r.id.Int()%2 == 0
	}
	return true
}

func (r *sample) column(name string) value.Value {
	return map[string]value.Value{"id": r.id, "k": r.k, "v": r.v, "whn": r.when, "whr": r.where, "p": r.partition, "ts": value.OfInt(r.time / 1e6)}[name]
}

var folds = []fold{{"sum", "v", ""}, {"max", "v", ""}, {"count", "v", ""}, {"collect", "id", ""}, {"median", "v", ""}, {"avg", "id", ""},
	{"count", "v", "even"}, {"max", "v", "even"}, {"collect", "v", "even"}, {"sum", "v", "different"}, {"count", "k", "different"}}

func (q lookbackQuery) sql() string {
	items := "id, v"
	if q.groups {
		items = "id, k"
		for _, a := range q.folded {
			items += ", " + a.sql()
		}
	}
	items += ", window_start() AS ws, window_end() AS we, window_trigger() AS wt"
	where, key := "whr", "k"
	if q.aliases {
		items = strings.ReplaceAll(items, "(id)", "(same)") + ", whr = true AS passes INVISIBLE, id + 0 AS same INVISIBLE, coalesce(k, k) AS key INVISIBLE"
		where, key = "passes", "key"
	}
	text := "SELECT " + items + " FROM demo"
	if q.where {
		text += " WHERE " + where
	}
	text += " GROUP BY " + q.window.sql()
	if q.keys {
		text += ", " + key
	}
	return text
}

// lookbackOutcome is what a run yields: a line for each result, and the failures.
type lookbackOutcome struct {
	lines    []string
	failures int
}

func (o *lookbackOutcome) line(w function.Window, rows []string) {
	o.lines = append(o.lines, fmt.Sprintf("%d [%s]", w.End, strings.Join(rows, " ")))
}

func boundsText(w function.Window) string {
	return fmt.Sprintf("%d,%d,%d", w.Start/1e6, w.End/1e6, w.Trigger/1e6)
}

func valuesText(list ...value.Value) string {
	parts := make([]string, len(list))
	for i, v := range list {
		parts[i] = v.String()
	}
	return strings.Join(parts, ",")
}

// expect computes everything from all rows, for each result anew.
func (q lookbackQuery) expect(rows []sample) lookbackOutcome {
	var o lookbackOutcome
	list, taken := q.window.results(rows)
	for i, r := range rows {
		switch {
		case !taken[i]:
			o.failures++
		case q.groups && q.where && r.where.Kind() == value.Int:
			o.failures++ // asked once, as the row comes
		}
	}
	for _, result := range list {
		var kept []sample
		for _, i := range result.rows {
			switch where := rows[i].where; {
			case !q.where || where.True():
				kept = append(kept, rows[i])
			case where.Kind() == value.Int && !q.groups:
				o.failures++
			}
		}
		if lines := q.render(&o, kept, result.window); lines != nil {
			o.line(result.window, lines)
		}
	}
	return o
}

func (q lookbackQuery) render(o *lookbackOutcome, kept []sample, w function.Window) (lines []string) {
	if !q.groups {
		for _, r := range kept {
			lines = append(lines, valuesText(r.id, r.v)+","+boundsText(w))
		}
		return lines
	}
	order, members := []string(nil), map[string][]sample{}
	for _, r := range kept {
		key := ""
		if q.keys {
			key = string(value.AppendKey(nil, r.k))
		}
		if members[key] == nil {
			order = append(order, key)
		}
		members[key] = append(members[key], r)
	}
	for _, key := range order {
		text, err := q.fold(members[key])
		if err != nil {
			o.failures++
			continue
		}
		lines = append(lines, text+","+boundsText(w))
	}
	return lines
}

func (q lookbackQuery) fold(rows []sample) (string, error) {
	cols := []value.Value{rows[0].id, rows[0].k}
	for _, a := range q.folded {
		f, _ := builtinFunctions.Aggregate(a.name)
		acc, taken := f.New(), []value.Value(nil)
		for _, r := range rows {
			if !a.takes(r, taken) {
				continue
			}
			taken = append(taken, r.column(a.column))
			if err := acc.Add([]value.Value{r.column(a.column)}); err != nil {
				return "", err
			}
		}
		v, err := acc.Result()
		if err != nil {
			return "", err
		}
		if taken == nil {
			v = f.Unfed
		}
		cols = append(cols, v)
	}
	return valuesText(cols...), nil
}

var builtinFunctions = function.Builtin()

// lookbackRun is a real run whose lookbackOutcome is written down.
type lookbackRun struct {
	counter
	t    *rapid.T
	plan *plan.Plan
	run  *exec.Run
	lookbackOutcome
}

func startLookback(t *rapid.T, q lookbackQuery) *lookbackRun {
	settings := q.window.settings()
	settings.EventTime, settings.LateTolerance = q.late > 0, time.Duration(q.late)
	p, err := plan.Build(q.sql(), stamped, settings)
	if err != nil {
		t.Fatalf("%s: %v", q.sql(), err)
	}
	m := &lookbackRun{t: t, plan: p}
	m.open()
	return m
}

func (m *lookbackRun) open() {
	run, err := exec.Open(m.plan, exec.Env{Start: time.Unix(0, 0), Location: time.UTC,
		OnRowError: func(*exec.RowError) { m.failures++ }}, m)
	if err != nil {
		m.t.Fatal(err)
	}
	m.run = run
}

func (m *lookbackRun) Push(b *value.Batch) error {
	var rows []string
	for _, r := range b.Rows {
		for i, v := range r.Cols {
			if v.IsMissing() {
				r.Cols[i] = value.Value{}
			}
		}
		rows = append(rows, valuesText(r.Cols...))
	}
	m.line(function.Window{End: b.Rows[0].Time}, rows)
	return nil
}

// feed pushes the rows in batches of any size, and moves the state to another
// run between some of them.
func (m *lookbackRun) feed(rows []sample) {
	for len(rows) > 0 {
		n := rapid.IntRange(1, min(5, len(rows))).Draw(m.t, "batch")
		if next, ok := m.run.Next(); ok && next <= rows[0].time {
			m.must(m.run.Advance(rows[0].time))
		}
		batch := &value.Batch{}
		for _, r := range rows[:n] {
			row := value.Row{Time: r.time}
			for _, c := range m.plan.Inputs("demo") {
				row.Cols = append(row.Cols, r.column(c.Name))
			}
			batch.Rows = append(batch.Rows, row)
		}
		m.must(m.run.Push("demo", batch))
		rows = rows[n:]
		if rapid.Bool().Draw(m.t, "restore") {
			state := m.run.Snapshot()
			m.open()
			m.must(m.run.Restore(state))
		}
	}
	m.must(m.run.Advance(1 << 60))
}

func (m *lookbackRun) must(err error) {
	if err != nil {
		m.t.Fatal(err)
	}
}

// anySamples draws rows whose times are close, so that many are equal and
// windows overlap. Some conditions and some values fail.
func anySamples(t *rapid.T) []sample {
	null, bad := rapid.Just(value.Value{}), rapid.Just(value.OfInt(7))
	yes, no := rapid.Just(value.OfBool(true)), rapid.Just(value.OfBool(false))
	condition := rapid.OneOf(yes, yes, yes, no, no, null, bad)
	key := rapid.SampledFrom([]value.Value{value.OfInt(1), value.OfFloat(1), value.OfInt(2), value.OfString("1"), {}})
	number := rapid.OneOf(rapid.Map(rapid.Int64Range(-9, 9), value.OfInt),
		rapid.Map(rapid.IntRange(-99, 99), func(i int) value.Value { return value.OfFloat(float64(i) / 4) }))
	datum := rapid.OneOf(number, number, number, number, number, null)
	if rapid.Bool().Draw(t, "failing values") {
		datum = rapid.OneOf(datum, datum, datum, rapid.Just(value.OfString("x")))
	}
	rows := make([]sample, rapid.IntRange(1, 40).Draw(t, "rows"))
	now := int64(100e6)
	for i := range rows {
		now += rapid.Int64Range(0, 3).Draw(t, "step") * 1e6
		rows[i] = sample{now, value.OfInt(int64(i)), key.Draw(t, "k"), datum.Draw(t, "v"),
			condition.Draw(t, "when"), condition.Draw(t, "where"), key.Draw(t, "p")}
	}
	return rows
}

// checkLookback compares a run with the model.
func checkLookback(t *testing.T, window func(*rapid.T) lookback) {
	rapid.Check(t, func(t *rapid.T) {
		q := anyLookback(t, window)
		rows := anySamples(t)
		m := startLookback(t, q)
		m.feed(rows)
		q.check(t, m, q.expect(rows))
	})
}

// checkLookbackLate compares a run in event time, whose rows come in disorder,
// with the model.
func checkLookbackLate(t *testing.T, window func(*rapid.T) lookback) {
	rapid.Check(t, func(t *rapid.T) {
		q := anyLookback(t, window)
		q.late = rapid.Int64Range(1, 8).Draw(t, "late") * 1e6
		rows := disorder(t, anySamples(t), q.late)
		m := startLookback(t, q)
		m.feed(rows)
		m.feed([]sample{{time: 1e12}}) // the watermark passes all others
		slices.SortStableFunc(rows, func(a, b sample) int { return cmp.Compare(a.time, b.time) })
		q.check(t, m, q.expect(rows))
	})
}

// disorder lets rows come up to some time later than in their order.
func disorder(t *rapid.T, rows []sample, late int64) []sample {
	type arrival struct {
		sample
		at int64
	}
	list := make([]arrival, len(rows))
	for i, r := range rows {
		list[i] = arrival{r, r.time + rapid.Int64Range(0, late).Draw(t, "later")}
	}
	slices.SortStableFunc(list, func(a, b arrival) int { return cmp.Compare(a.at, b.at) })
	rows = nil
	for _, a := range list {
		rows = append(rows, a.sample)
	}
	return rows
}

func anyLookback(t *rapid.T, window func(*rapid.T) lookback) lookbackQuery {
	q := lookbackQuery{window: window(t), where: rapid.Bool().Draw(t, "where"), groups: rapid.Bool().Draw(t, "groups")}
	q.keys = q.groups && rapid.Bool().Draw(t, "keys")
	q.folded = rapid.SliceOfNDistinct(rapid.SampledFrom(folds), 1, -1, rapid.ID[fold]).Draw(t, "folded")
	q.aliases = rapid.Bool().Draw(t, "aliases")
	return q
}

func (q lookbackQuery) check(t *rapid.T, m *lookbackRun, want lookbackOutcome) {
	if got, want := strings.Join(m.lines, "\n"), strings.Join(want.lines, "\n"); got != want {
		t.Fatalf("%s\ngot\n%s\nwant\n%s", q.sql(), got, want)
	}
	if m.failures != want.failures {
		t.Fatalf("%s: %d failures, want %d", q.sql(), m.failures, want.failures)
	}
}
