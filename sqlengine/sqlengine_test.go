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
	"sluice/sqlengine/diag"
	"sluice/sqlengine/value"
)

type streams = sqlengine.Streams

var demo = streams{"demo": {Name: "demo", Schemaless: true}}

func compile(t testing.TB, sql string) *sqlengine.Query {
	t.Helper()
	q, err := sqlengine.Compile(sql, demo, sqlengine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return q
}

// sink is the end of a query; push may be nil.
type sink struct{ push func(*value.Batch) error }

func (s *sink) Push(b *value.Batch) error { return s.push(b) }
func (s *sink) Advance(int64) error       { return nil }
func (s *sink) Close() error              { return nil }

func openRun(t testing.TB, sql string, push func(*value.Batch) error) *sqlengine.Run {
	t.Helper()
	run, err := compile(t, sql).Open(sqlengine.Env{Start: time.Unix(0, 0), Location: time.UTC}, &sink{push})
	if err != nil {
		t.Fatal(err)
	}
	return run
}

func TestColumnsAreExact(t *testing.T) {
	for _, tc := range []struct{ sql, want string }{
		{"SELECT a FROM demo WHERE b = 1", "b a"},
		{"SELECT *, a FROM demo", "*:2 a"},
		{"SELECT a->b, a->c FROM demo", "a"},
		{"SELECT meta(topic) AS t, meta(*) FROM demo", "topic:1 *:1"},
		{"SELECT count(*) FROM demo GROUP BY k, TUMBLINGWINDOW(ss, 1) HAVING max(v) > 1 ORDER BY w", "k v w"},
		{"SELECT a AS b, b AS c FROM demo", "a"},
		{"SELECT collect(*)[0]->x AS x FROM demo", "*:2"},
		{"SELECT 1 AS one FROM demo", ""},
	} {
		var got []string
		for _, c := range compile(t, tc.sql).Columns("demo") {
			if c.Role != value.Field {
				c.Name += fmt.Sprintf(":%d", c.Role)
			}
			got = append(got, c.Name)
		}
		if s := strings.Join(got, " "); s != tc.want {
			t.Errorf("%s: %q, want %q", tc.sql, s, tc.want)
		}
	}
	if c := compile(t, "SELECT a FROM demo").Columns("other"); c != nil {
		t.Errorf("columns of another stream: %v", c)
	}
}

func TestCompileErrorIsAList(t *testing.T) {
	_, err := sqlengine.Compile("SELECT frob(1), nope(2) FROM demo", demo, sqlengine.Options{})
	var list diag.List
	if !errors.As(err, &list) || len(list) != 2 || list[0].Code != diag.UnknownFunction {
		t.Errorf("%#v", err)
	}
}

func TestRunsShareNoState(t *testing.T) {
	q := compile(t, "SELECT sum(a) AS s FROM demo GROUP BY TUMBLINGWINDOW(ss, 1)")
	var sums []float64
	out := &sink{func(b *value.Batch) error {
		sums = append(sums, b.Rows[0].Cols[0].Float())
		return nil
	}}
	var runs []*sqlengine.Run
	for range 2 {
		run, err := q.Open(sqlengine.Env{Start: time.Unix(0, 0)}, out)
		if err != nil {
			t.Fatal(err)
		}
		runs = append(runs, run)
	}
	for i, run := range runs {
		if err := run.Push("demo", &value.Batch{Rows: []value.Row{{Cols: []value.Value{value.OfFloat(float64(i + 1))}}}}); err != nil {
			t.Fatal(err)
		}
	}
	for _, run := range runs {
		if err := run.Advance(int64(time.Second)); err != nil {
			t.Fatal(err)
		}
	}
	if !slices.Equal(sums, []float64{1, 2}) {
		t.Errorf("sums %v, want 1 and 2", sums)
	}
}

func TestRulesetFailsAlone(t *testing.T) {
	failed := map[string]string{}
	s := sqlengine.NewRuleset(func(id string, err error) { failed[id] = err.Error() })
	counts := map[string]int{}
	add := func(id string, push func(*value.Batch) error) {
		s.Add(id, openRun(t, "SELECT a FROM demo", func(b *value.Batch) error {
			counts[id]++
			return push(b)
		}))
	}
	fine := func(*value.Batch) error { return nil }
	add("first", fine)
	add("error", func(*value.Batch) error { return errors.New("disk is full") })
	add("panic", func(*value.Batch) error { panic("boom") })
	add("last", fine)
	batch := &value.Batch{Rows: []value.Row{{Cols: []value.Value{value.OfInt(1)}}}}
	s.Push("demo", batch)
	s.Push("demo", batch)
	s.Push("other", batch)
	want := map[string]int{"first": 2, "error": 1, "panic": 1, "last": 2}
	for id, n := range want {
		if counts[id] != n {
			t.Errorf("%s: %d pushes, want %d", id, counts[id], n)
		}
	}
	if failed["error"] != "disk is full" || !strings.HasPrefix(failed["panic"], "panic: boom\n") || len(failed) != 2 {
		t.Errorf("%v", failed)
	}
}

func TestRulesetRemovedWhileDriven(t *testing.T) {
	var s *sqlengine.Ruleset
	s = sqlengine.NewRuleset(func(string, error) { s.Remove("second") })
	s.Add("first", openRun(t, "SELECT a FROM demo", func(*value.Batch) error { return errors.New("no") }))
	pushed := 0
	s.Add("second", openRun(t, "SELECT a FROM demo", func(*value.Batch) error { pushed++; return nil }))
	s.Push("demo", &value.Batch{Rows: []value.Row{{Cols: []value.Value{value.OfInt(1)}}}})
	if pushed != 0 {
		t.Error("a rule that was removed got rows")
	}
}

func TestRulesetNext(t *testing.T) {
	s := sqlengine.NewRuleset(func(id string, err error) { t.Error(id, err) })
	s.Add("row", openRun(t, "SELECT a FROM demo", nil))
	if _, ok := s.Next(); ok {
		t.Error("a query without a window waits for time")
	}
	results := 0
	count := func(*value.Batch) error { results++; return nil }
	s.Add("slow", openRun(t, "SELECT a FROM demo GROUP BY TUMBLINGWINDOW(ss, 10)", count))
	s.Add("fast", openRun(t, "SELECT a FROM demo GROUP BY TUMBLINGWINDOW(ss, 4)", count))
	for _, want := range []int64{4e9, 8e9, 10e9, 12e9} {
		if next, ok := s.Next(); !ok || next != want {
			t.Errorf("next %d, want %d", next, want)
		}
		s.Advance(want)
	}
	if results != 4 {
		t.Errorf("%d results, want 4", results)
	}
}

// event is a row of the model: which device said what, and when.
type event struct {
	at     int64
	device string
	n      int64
}

// TestTumblingMatchesModel compares grouped windows with a naive computation.
// At random moments the state moves into a new run whose host has the columns
// in other slots.
func TestTumblingMatchesModel(t *testing.T) {
	const sql = "SELECT device, count(*) AS c, sum(n) AS s, n AS first FROM demo WHERE n != 3 GROUP BY device, TUMBLINGWINDOW(ms, 10)"
	q := compile(t, sql)
	rapid.Check(t, func(t *rapid.T) {
		var got []string
		out := &sink{func(b *value.Batch) error {
			for _, r := range b.Rows {
				got = append(got, fmt.Sprint(r.Time, r.Cols[0].Str(), r.Cols[1].Int(), r.Cols[2].Int(), r.Cols[3].Int()))
			}
			return nil
		}}
		h := &host{q: q, out: out, t: t}
		h.open()
		var all []event
		now := int64(0)
		for range rapid.IntRange(0, 30).Draw(t, "events") {
			now += rapid.Int64Range(0, 8e6).Draw(t, "pause")
			e := event{now, rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "device"), rapid.Int64Range(1, 5).Draw(t, "n")}
			all = append(all, e)
			h.push(e)
			if rapid.IntRange(0, 4).Draw(t, "restore") == 0 {
				state := h.run.Snapshot()
				h.open()
				if err := h.run.Restore(state); err != nil {
					t.Fatal(err)
				}
			}
			if rapid.Bool().Draw(t, "tick") {
				h.advance(now)
			}
		}
		h.advance(now + 1e9)
		if want := model(all); !slices.Equal(got, want) {
			t.Fatalf("got  %v\nwant %v", got, want)
		}
	})
}

type host struct {
	q     *sqlengine.Query
	out   *sink
	t     *rapid.T
	slots *value.Schema
	run   *sqlengine.Run
}

// open gives the columns random slots, with another one between them.
func (h *host) open() {
	columns := append(slices.Clone(h.q.Columns("demo")), value.Column{Name: "more"})
	h.slots = &value.Schema{Columns: rapid.Permutation(columns).Draw(h.t, "slots")}
	run, err := h.q.Open(sqlengine.Env{Start: time.Unix(0, 0), Location: time.UTC,
		Schemas: map[string]*value.Schema{"demo": h.slots}}, h.out)
	if err != nil {
		h.t.Fatal(err)
	}
	h.run = run
}

// push sends a row with a column that the schema does not know yet.
func (h *host) push(e event) {
	row := value.Row{Time: e.at, Cols: make([]value.Value, len(h.slots.Columns)+1)}
	for i, c := range h.slots.Columns {
		switch c.Name {
		case "device":
			row.Cols[i] = value.OfString(e.device)
		case "n":
			row.Cols[i] = value.OfInt(e.n)
		}
	}
	if err := h.run.Push("demo", &value.Batch{Schema: h.slots, Rows: []value.Row{row}}); err != nil {
		h.t.Fatal(err)
	}
}

func (h *host) advance(t int64) {
	if err := h.run.Advance(t); err != nil {
		h.t.Fatal(err)
	}
}

func model(all []event) []string {
	type key struct {
		end    int64
		device string
	}
	type group struct{ count, sum, first int64 }
	groups := map[key]*group{}
	var order []key
	for _, e := range all {
		if e.n == 3 {
			continue
		}
		k := key{(e.at/10e6 + 1) * 10e6, e.device}
		if groups[k] == nil {
			groups[k] = &group{first: e.n}
			order = append(order, k)
		}
		groups[k].count++
		groups[k].sum += e.n
	}
	var want []string
	for _, k := range order {
		g := groups[k]
		want = append(want, fmt.Sprint(k.end, k.device, g.count, g.sum, g.first))
	}
	return want
}
