package exec_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"sluice/sqlengine/exec"
	"sluice/sqlengine/plan"
	"sluice/sqlengine/value"
)

// A joinModel is a random query over two or three sources, and what it must
// yield by a nested loop over everything.
type joinModel struct {
	sources []*modelSource
	joins   []modelJoin
	windows bool
}

type modelSource struct {
	name   string
	kind   string // stream, file, memory or lookup
	retain int
	rows   []modelRow // of the window, or kept
}

// modelRow has a number of its own, by which results tell rows.
type modelRow struct {
	n     int64
	id, k value.Value
}

type modelJoin struct {
	kind string
	on   []modelConjunct
}

// modelConjunct is a condition on a row to the left and one of the source.
type modelConjunct struct {
	text   string
	left   int
	column string // that is looked for; "": it is no equality
	holds  func(l, r *modelRow) bool
}

// tuple has a row of each source that was joined; nil: none.
type tuple []*modelRow

func drawModel(t *rapid.T) *joinModel {
	m := &joinModel{windows: rapid.Bool().Draw(t, "window")}
	streams := 0
	for i := range rapid.IntRange(2, 3).Draw(t, "sources") {
		s := &modelSource{name: string(rune('a' + i)), kind: rapid.SampledFrom([]string{"stream", "file", "memory", "lookup"}).Draw(t, "kind")}
		if i == 0 && s.kind == "lookup" || i > 0 && streams == 0 {
			s.kind = "stream"
		}
		switch s.kind {
		case "stream":
			streams++
		case "memory":
			s.retain = rapid.IntRange(1, 3).Draw(t, "retain")
		case "lookup":
			s.rows = drawRows(t, int64(1000*(i+1)))
		}
		m.sources = append(m.sources, s)
		if i > 0 {
			m.joins = append(m.joins, drawJoin(t, m.sources))
		}
	}
	m.windows = m.windows || streams > 1
	return m
}

func drawJoin(t *rapid.T, sources []*modelSource) modelJoin {
	own := sources[len(sources)-1]
	j := modelJoin{kind: rapid.SampledFrom([]string{"INNER", "LEFT", "RIGHT", "FULL", "CROSS"}).Draw(t, "join")}
	if own.kind == "lookup" && j.kind == "CROSS" {
		j.kind = "INNER"
	}
	if j.kind == "CROSS" {
		return j
	}
	for i := range rapid.IntRange(0, 2).Draw(t, "conjuncts") {
		c := drawConjunct(t, sources, i == 0 && own.kind == "lookup")
		if !slices.ContainsFunc(j.on, func(o modelConjunct) bool { return o.column != "" && o.column == c.column }) {
			j.on = append(j.on, c)
		}
	}
	if len(j.on) == 0 && own.kind == "lookup" {
		j.on = append(j.on, drawConjunct(t, sources, true))
	}
	return j
}

func drawConjunct(t *rapid.T, sources []*modelSource, equal bool) modelConjunct {
	last := len(sources) - 1
	left := rapid.IntRange(0, last-1).Draw(t, "left")
	l, r := sources[left].name, sources[last].name
	equals := func(get func(*modelRow) value.Value) func(l, r *modelRow) bool {
		return func(l, r *modelRow) bool {
			return l != nil && r != nil && !get(l).IsNull() && value.Equal(get(l), get(r))
		}
	}
	list := []modelConjunct{
		{fmt.Sprintf("%s.id = %s.id", l, r), left, "id", equals(func(r *modelRow) value.Value { return r.id })},
		{fmt.Sprintf("%s.k = %s.k", r, l), left, "k", equals(func(r *modelRow) value.Value { return r.k })},
		{fmt.Sprintf("%s.n < %s.n", l, r), left, "", func(l, r *modelRow) bool { return l != nil && r != nil && l.n < r.n }},
		{fmt.Sprintf("%s.n %% 3 = %s.n %% 3", l, r), left, "", func(l, r *modelRow) bool { return l != nil && r != nil && l.n%3 == r.n%3 }},
		{fmt.Sprintf("%s.n %% 2 = 0", l), left, "", func(l, r *modelRow) bool { return l != nil && l.n%2 == 0 }},
	}
	if equal {
		list = list[:2]
	}
	return rapid.SampledFrom(list).Draw(t, "conjunct")
}

var modelValues = []value.Value{{}, value.Missing, value.OfInt(1), value.OfInt(2), value.OfFloat(1), value.OfFloat(1.5), value.OfString("1"), value.OfString("a")}

func drawRows(t *rapid.T, first int64) []modelRow {
	rows := make([]modelRow, rapid.IntRange(1, 4).Draw(t, "rows"))
	for i := range rows {
		rows[i] = modelRow{first + int64(i), rapid.SampledFrom(modelValues).Draw(t, "id"), rapid.SampledFrom(modelValues).Draw(t, "k")}
	}
	return rows
}

func (m *joinModel) sql() string {
	var b strings.Builder
	b.WriteString("SELECT ")
	for i, s := range m.sources {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%s.n AS %s", s.name, s.name)
	}
	fmt.Fprintf(&b, " FROM %s", m.sources[0].name)
	for i, j := range m.joins {
		fmt.Fprintf(&b, " %s JOIN %s", j.kind, m.sources[i+1].name)
		for k, c := range j.on {
			fmt.Fprintf(&b, " %s %s", []string{"ON", "AND"}[min(k, 1)], c.text)
		}
	}
	if m.windows {
		b.WriteString(" GROUP BY TUMBLINGWINDOW(ss, 10)")
	}
	return b.String()
}

func (m *joinModel) catalog() catalog {
	c := catalog{}
	for _, s := range m.sources {
		st := &plan.Stream{Name: s.name, Schemaless: true, Table: s.kind != "stream"}
		st.Options.Type, st.Options.RetainSize = s.kind, s.retain
		if s.kind == "lookup" {
			st.Options.Kind = "lookup"
		}
		c[s.name] = st
	}
	return c
}

// join is the result by nested loops, as text.
func (m *joinModel) join() string {
	var left []tuple
	for i := range m.sources[0].rows {
		left = append(left, tuple{&m.sources[0].rows[i]})
	}
	for i, j := range m.joins {
		s := m.sources[i+1]
		if s.kind == "lookup" {
			left = j.lookUp(left, s.rows)
		} else {
			left = j.pairs(left, s.rows, i+1)
		}
	}
	var b strings.Builder
	for _, t := range left {
		b.WriteString(t.String())
	}
	return b.String()
}

func (j modelJoin) pairs(left []tuple, right []modelRow, width int) (out []tuple) {
	matched := make([]bool, len(right))
	for _, l := range left {
		alone := true
		for i := range right {
			if j.holds(l, &right[i], func(modelConjunct) bool { return true }) {
				out = append(out, l.with(&right[i]))
				alone, matched[i] = false, true
			}
		}
		if alone && (j.kind == "LEFT" || j.kind == "FULL") {
			out = append(out, l.with(nil))
		}
	}
	for i := range right {
		if !matched[i] && (j.kind == "RIGHT" || j.kind == "FULL") {
			out = append(out, make(tuple, width).with(&right[i]))
		}
	}
	return out
}

// lookUp finds by equality and filters by the rest.
func (j modelJoin) lookUp(left []tuple, right []modelRow) (out []tuple) {
	equal := func(c modelConjunct) bool { return c.column != "" }
	rest := func(c modelConjunct) bool { return c.column == "" }
	for _, l := range left {
		found := []*modelRow{}
		for i := range right {
			if j.holds(l, &right[i], equal) {
				found = append(found, &right[i])
			}
		}
		if len(found) == 0 && j.kind == "LEFT" {
			found = append(found, nil)
		}
		for _, r := range found {
			if j.holds(l, r, rest) {
				out = append(out, l.with(r))
			}
		}
	}
	return out
}

func (j modelJoin) holds(l tuple, r *modelRow, which func(modelConjunct) bool) bool {
	return !slices.ContainsFunc(j.on, func(c modelConjunct) bool { return which(c) && !c.holds(l[c.left], r) })
}

func (t tuple) with(r *modelRow) tuple { return append(slices.Clone(t), r) }

func (t tuple) String() string {
	var b strings.Builder
	for _, r := range t {
		if r == nil {
			b.WriteString(" -")
			continue
		}
		fmt.Fprintf(&b, " %d", r.n)
	}
	return b.String() + ";"
}

// player drives the query and its model.
type joinPlayer struct {
	*joinModel
	plan      *plan.Plan
	schemas   map[string]*value.Schema
	run       *exec.Run
	got, want []string
	next      int64 // number of the next row
}

func (p *joinPlayer) Push(b *value.Batch) error {
	var s strings.Builder
	for _, r := range b.Rows {
		for _, v := range r.Cols {
			if v.IsMissing() {
				s.WriteString(" -")
				continue
			}
			fmt.Fprintf(&s, " %d", v.Int())
		}
		s.WriteString(";")
	}
	p.got = append(p.got, s.String())
	return nil
}

func (p *joinPlayer) Advance(int64) error { return nil }
func (p *joinPlayer) Close() error        { return nil }

// open makes a run whose rows have the columns in another order each time.
func (p *joinPlayer) open(t *rapid.T) {
	p.schemas = map[string]*value.Schema{}
	lookups := map[string]exec.Lookup{}
	for _, s := range p.sources {
		columns := rapid.Permutation([]value.Column{{Name: "n"}, {Name: "id"}, {Name: "k"}}).Draw(t, "columns")
		p.schemas[s.name] = &value.Schema{Columns: columns}
		if s.kind == "lookup" {
			lookups[s.name] = modelLookup{s, p.schemas[s.name]}
		}
	}
	var err error
	p.run, err = exec.Open(p.plan, exec.Env{Start: time.Unix(0, 0), Location: time.UTC, Schemas: p.schemas, Lookups: lookups,
		OnRowError: func(e *exec.RowError) { t.Error(e) }}, p)
	if err != nil {
		t.Fatal(err)
	}
}

type modelLookup struct {
	source *modelSource
	schema *value.Schema
}

func (l modelLookup) Find(columns []string, values []value.Value) ([]value.Row, error) {
	var found []value.Row
	for _, r := range l.source.rows {
		row := rowOf(l.schema, r, 0)
		if !slices.ContainsFunc(columns, func(c string) bool {
			slot, _ := l.schema.Slot(c, value.Field)
			v := row.Cols[slot]
			return v.IsNull() || !value.Equal(v, values[slices.Index(columns, c)])
		}) {
			found = append(found, row)
		}
	}
	return found, nil
}

func rowOf(s *value.Schema, r modelRow, t int64) value.Row {
	row := value.Row{Time: t}
	for _, c := range s.Columns {
		row.Cols = append(row.Cols, map[string]value.Value{"n": value.OfInt(r.n), "id": r.id, "k": r.k}[c.Name])
	}
	return row
}

// push gives a source some rows.
func (p *joinPlayer) push(t *rapid.T, s *modelSource, now int64) {
	rows := drawRows(t, p.next)
	p.next += int64(len(rows))
	batch := &value.Batch{Schema: p.schemas[s.name]}
	for _, r := range rows {
		batch.Rows = append(batch.Rows, rowOf(batch.Schema, r, now))
	}
	if err := p.run.Push(s.name, batch); err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		s.rows = append(s.rows, r)
		if s.retain > 0 && len(s.rows) > s.retain {
			s.rows = s.rows[1:]
		}
		if s.kind == "stream" && !p.windows {
			p.expect()
		}
	}
}

// expect notes what the rows of the window, or the one row, must give.
func (p *joinPlayer) expect() {
	if s := p.join(); s != "" {
		p.want = append(p.want, s)
	}
	for _, s := range p.sources {
		if s.kind == "stream" {
			s.rows = nil
		}
	}
}

func (p *joinPlayer) advance(t *rapid.T, now int64) {
	for next, ok := p.run.Next(); ok && next <= now; next, ok = p.run.Next() {
		p.expect()
		if err := p.run.Advance(next); err != nil {
			t.Fatal(err)
		}
	}
}

func (p *joinPlayer) restart(t *rapid.T) {
	state := p.run.Snapshot()
	p.open(t)
	if err := p.run.Restore(state); err != nil {
		t.Fatal(err)
	}
}

// TestJoinsAgainstModel: every kind of join of streams, scan tables and lookup
// tables yields what nested loops do, also when the state moves to another run
// between any two batches.
func TestJoinsAgainstModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := drawModel(t)
		var err error
		p := &joinPlayer{joinModel: m}
		if p.plan, err = plan.Build(m.sql(), m.catalog(), plan.Settings{}); err != nil {
			t.Fatalf("%s: %v", m.sql(), err)
		}
		p.open(t)
		var pushed []*modelSource
		for _, s := range m.sources {
			if s.kind != "lookup" {
				pushed = append(pushed, s)
			}
		}
		now := int64(0)
		for range rapid.IntRange(1, 12).Draw(t, "steps") {
			now += rapid.Int64Range(0, 8).Draw(t, "seconds") * int64(time.Second)
			p.advance(t, now)
			p.push(t, rapid.SampledFrom(pushed).Draw(t, "source"), now)
			if rapid.Bool().Draw(t, "restart") {
				p.restart(t)
			}
		}
		p.advance(t, now+int64(10*time.Second))
		if !slices.Equal(p.got, p.want) {
			t.Fatalf("%s\ngot  %q\nwant %q\n%s", m.sql(), p.got, p.want, p.plan.Explain())
		}
	})
}
