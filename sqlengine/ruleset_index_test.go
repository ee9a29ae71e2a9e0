package sqlengine_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"sluice/sqlengine"
	"sluice/sqlengine/value"
)

// lined are the slots of the rows in these tests.
var lined = &value.Schema{Columns: []value.Column{{Name: "a"}, {Name: "b"}, {Name: "c"}, {Name: "nowhere"}}}

// driver is what runs rules: a Ruleset, or the plain loop that it must equal.
type driver interface {
	Add(id string, r *sqlengine.Run)
	Remove(id string)
	Push(stream string, b *value.Batch)
	Advance(t int64)
	Next() (int64, bool)
}

// loop pushes every row to every rule.
type loop struct {
	onFail func(id string, err error)
	rules  []looped
}

type looped struct {
	id  string
	run *sqlengine.Run
}

func (l *loop) Add(id string, r *sqlengine.Run) {
	l.Remove(id)
	l.rules = append(l.rules, looped{id, r})
}

func (l *loop) Remove(id string) {
	l.rules = slices.DeleteFunc(slices.Clone(l.rules), func(r looped) bool { return r.id == id })
}

func (l *loop) each(step func(*sqlengine.Run) error) {
	for _, r := range l.rules {
		if !slices.Contains(l.rules, r) { // it was removed meanwhile
			continue
		}
		if err := step(r.run); err != nil {
			l.Remove(r.id)
			l.onFail(r.id, err)
		}
	}
}

func (l *loop) Push(stream string, b *value.Batch) {
	l.each(func(r *sqlengine.Run) error { return r.Push(stream, b) })
}

func (l *loop) Advance(t int64) {
	l.each(func(r *sqlengine.Run) error { return r.Advance(t) })
}

func (l *loop) Next() (t int64, ok bool) {
	for _, r := range l.rules {
		if n, waits := r.run.Next(); waits && (!ok || n < t) {
			t, ok = n, true
		}
	}
	return t, ok
}

// script is what happens to a set of rules.
type script struct {
	rules []scripted
	steps []step
}

type scripted struct {
	sql     string
	failsAt int    // the batch of its results that its output refuses; 0: none
	removes string // when it fails, this rule goes
	adds    int    // when it fails, that rule comes
}

type step struct {
	add, remove int // index of a rule plus 1
	rows        []value.Row
}

// play runs a script and writes down all that can be seen.
func play(t *rapid.T, sc script, make func(onFail func(id string, err error)) driver) string {
	p := &player{t: t, script: sc, runs: map[string]*sqlengine.Run{}}
	p.set = make(p.failed)
	for _, s := range sc.steps {
		switch {
		case s.add > 0:
			p.add(s.add - 1)
		case s.remove > 0:
			p.set.Remove(fmt.Sprint(s.remove - 1))
		default:
			if next, ok := p.set.Next(); ok && next <= s.rows[0].Time {
				fmt.Fprintf(&p.log, "advance %d\n", next)
				p.set.Advance(s.rows[0].Time)
			}
			p.set.Push("demo", &value.Batch{Schema: lined, Rows: s.rows})
		}
		p.stats()
	}
	return p.log.String()
}

type player struct {
	script
	t    *rapid.T
	set  driver
	log  strings.Builder
	runs map[string]*sqlengine.Run
	ids  []string
}

func (p *player) add(i int) {
	id, r := fmt.Sprint(i), p.rules[i]
	q, err := sqlengine.Compile(r.sql, demo, sqlengine.Options{})
	if err != nil {
		p.t.Fatalf("%s: %v", r.sql, err)
	}
	batches := 0
	env := sqlengine.Env{RuleID: id, Start: time.Unix(0, 0), Now: func() time.Time { return time.Unix(9, 0) }, Location: time.UTC,
		Schemas:    map[string]*value.Schema{"demo": lined},
		OnRowError: func(e *sqlengine.RowError) { fmt.Fprintf(&p.log, "%s: %v\n", id, e) }}
	run, err := q.Open(env, &sink{func(b *value.Batch) error {
		batches++
		for _, row := range b.Rows {
			fmt.Fprintf(&p.log, "%s: %d %v\n", id, row.Time, row.Cols)
		}
		if batches == r.failsAt {
			return errors.New("refused")
		}
		return nil
	}})
	if err != nil {
		p.t.Fatal(err)
	}
	p.set.Add(id, run)
	p.ids = append(p.ids, fmt.Sprintf("%s/%d", id, len(p.ids)))
	p.runs[p.ids[len(p.ids)-1]] = run
}

func (p *player) failed(id string, err error) {
	fmt.Fprintf(&p.log, "%s fails: %v\n", id, err)
	var i int
	fmt.Sscan(id, &i)
	if p.rules[i].removes != "" {
		p.set.Remove(p.rules[i].removes)
	}
	if p.rules[i].adds > 0 {
		p.add(p.rules[i].adds - 1)
	}
}

func (p *player) stats() {
	for _, id := range p.ids {
		for _, op := range p.runs[id].Stats() {
			fmt.Fprintf(&p.log, "%s: %+v\n", id, op)
		}
	}
}

var constants = []string{"1", "2", "2.0", "1.5", "0", "-0.0", "9007199254740992", "9007199254740993", `"x"`, `"y"`, `""`, "TRUE", "FALSE", "1 + 1"}

func drawOperand(t *rapid.T) string {
	return rapid.SampledFrom([]string{"a", "a", "b", "b", "c", "abs(a)", "b + 1", "concat(a, b)", "nowhere", "length(b)"}).Draw(t, "operand")
}

func drawConstant(t *rapid.T) string { return rapid.SampledFrom(constants).Draw(t, "constant") }

func drawConjunct(t *rapid.T) string {
	column := rapid.SampledFrom([]string{"a", "a", "b", "b", "c", "nowhere"}).Draw(t, "column")
	op := rapid.SampledFrom([]string{"=", "=", "<", "<=", ">", ">="}).Draw(t, "op")
	switch rapid.IntRange(0, 9).Draw(t, "form") {
	case 0:
		return fmt.Sprintf("%s %s %s", drawConstant(t), op, column)
	case 1:
		return fmt.Sprintf("%s IN (%s)", column, strings.Join(rapid.SliceOfN(rapid.Custom(drawConstant), 1, 3).Draw(t, "list"), ", "))
	case 2:
		return fmt.Sprintf("%s BETWEEN %s AND %s", column, drawConstant(t), drawConstant(t))
	case 3:
		return fmt.Sprintf("(%s OR %s %s %s)", drawConjunct(t), drawOperand(t), op, drawConstant(t))
	case 4:
		return fmt.Sprintf("%s %s %s", drawOperand(t), op, drawOperand(t))
	case 5:
		return rapid.SampledFrom([]string{"NOT a = 1", "b != 2", "a IS NULL", "c NOT IN (1, 2)", "c IN (NULL, 1)", "c = NULL", "last_hit_count() < 2"}).Draw(t, "other")
	}
	return fmt.Sprintf("%s %s %s", column, op, drawConstant(t))
}

func drawRule(t *rapid.T) scripted {
	sql := rapid.SampledFrom([]string{"SELECT a, b, c FROM demo", "SELECT a + 1 AS x, last_hit_count() AS h FROM demo",
		"SELECT count(*) AS n, sum(1) AS s FROM demo", "SELECT lag(a) AS l, b FROM demo", "SELECT b, latest(a) AS l FROM demo"}).Draw(t, "select")
	if where := rapid.SliceOfN(rapid.Custom(drawConjunct), 0, 4).Draw(t, "where"); len(where) > 0 {
		sql += " WHERE " + strings.Join(where, " AND ")
	}
	if rapid.IntRange(0, 3).Draw(t, "window") == 0 {
		sql += " GROUP BY " + rapid.SampledFrom([]string{"TUMBLINGWINDOW(ms, 10)", "TUMBLINGWINDOW(ms, 15)", "HOPPINGWINDOW(ms, 20, 5)",
			"SLIDINGWINDOW(ms, 12)", "SLIDINGWINDOW(ms, 5, 7)", "SESSIONWINDOW(ms, 20, 6)", "COUNTWINDOW(3)"}).Draw(t, "window")
	}
	if _, err := sqlengine.Compile(sql, demo, sqlengine.Options{}); err != nil {
		sql = "SELECT a FROM demo WHERE a = 1"
	}
	r := scripted{sql: sql}
	if rapid.IntRange(0, 5).Draw(t, "fails") == 0 {
		r.failsAt = rapid.IntRange(1, 3).Draw(t, "at")
		r.removes = rapid.SampledFrom([]string{"", "0", "1", "2", "3"}).Draw(t, "removes")
		r.adds = rapid.IntRange(0, 3).Draw(t, "adds")
	}
	return r
}

var values = []value.Value{
	value.OfInt(1), value.OfInt(2), value.OfFloat(2), value.OfFloat(1.5), value.OfFloat(0), value.OfInt(9007199254740993),
	value.OfFloat(9007199254740992), value.OfString("x"), value.OfString("y"), value.OfString(""), value.OfBool(true),
	{}, value.Missing, value.OfTime(2e6), value.OfList(nil), value.OfInt(1), value.OfInt(1), value.OfString("x"),
}

func drawScript(t *rapid.T) script {
	sc := script{rules: rapid.SliceOfN(rapid.Custom(drawRule), 4, 12).Draw(t, "rules")}
	for i := range sc.rules {
		sc.steps = append(sc.steps, step{add: i + 1})
	}
	now := int64(1e6)
	for range rapid.IntRange(1, 12).Draw(t, "steps") {
		switch rule := rapid.IntRange(1, len(sc.rules)).Draw(t, "rule"); rapid.IntRange(0, 9).Draw(t, "step") {
		case 0:
			sc.steps = append(sc.steps, step{remove: rule})
		case 1:
			sc.steps = append(sc.steps, step{add: rule})
		default:
			now += rapid.Int64Range(0, 8e6).Draw(t, "pause")
			s := step{}
			for range rapid.IntRange(1, 6).Draw(t, "rows") {
				cols := rapid.SliceOfN(rapid.SampledFrom(values), 3, 3).Draw(t, "row")
				if rapid.IntRange(0, 9).Draw(t, "short") > 0 { // else who reads the last column panics
					cols = append(cols, value.Missing)
				}
				s.rows = append(s.rows, value.Row{Time: now, Cols: cols})
			}
			sc.steps = append(sc.steps, s)
		}
	}
	return sc
}

// TestRulesetEqualsEachRuleAlone: rows, errors, failures and counters, in
// their order, are those of a loop that pushes every row to every rule.
func TestRulesetEqualsEachRuleAlone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sc := drawScript(t)
		want := play(t, sc, func(onFail func(string, error)) driver { return &loop{onFail: onFail} })
		got := play(t, sc, func(onFail func(string, error)) driver { return sqlengine.NewRuleset(onFail) })
		if got != want {
			g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
			i := 0
			for i < min(len(g), len(w))-1 && g[i] == w[i] {
				i++
			}
			t.Fatalf("line %d:\n%s\nwant\n%s", i+1, strings.Join(g[i:min(i+5, len(g))], "\n"), strings.Join(w[i:min(i+5, len(w))], "\n"))
		}
	})
}
