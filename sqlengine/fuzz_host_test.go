package sqlengine_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"sluice/sqlengine"
	"sluice/sqlengine/exec"
	"sluice/sqlengine/value"
)

// fuzzHost drives a query by a script of bytes, and writes down what comes.
type fuzzHost struct {
	t       testing.TB
	query   *sqlengine.Query
	catalog streams
	moves   bool // the state moves to another run where the script says so
	shares  bool // the run is in a Ruleset
	rude    bool // batches are scribbled over when they were pushed
	fails   int  // the result with this number cannot be taken; 0: all can

	run     *sqlengine.Run
	set     *sqlengine.Ruleset
	now     int64
	params  map[string]value.Value
	results int
	out     strings.Builder
	kept    []value.Row // of the results
	texts   []string    // what they were when they came
}

var errNoRoom = errors.New("no room")

// steps are by how much a script lets the time pass.
var steps = []int64{0, 0, 1, 1e6, 3e6, 500e6, 1e9, 1e9, 2e9, 5e9, 9e9, 60e9, 3600e9, 86400e9}

func (h *fuzzHost) open() {
	lookups := map[string]sqlengine.Lookup{}
	for _, name := range h.query.Lookups() {
		lookups[name] = anything(h.query.Columns(name))
	}
	run, err := h.query.Open(sqlengine.Env{
		RuleID: "rule", Start: time.Unix(0, 0), Location: time.UTC, Lookups: lookups, Params: h.params,
		Now:        func() time.Time { return time.Unix(0, h.now) },
		OnRowError: h.rowError,
	}, h)
	if err != nil {
		h.t.Fatal(err)
	}
	h.run = run
}

// share puts the run into a new Ruleset.
func (h *fuzzHost) share() {
	if h.shares {
		h.set = sqlengine.NewRuleset(func(_ string, err error) { h.check(err) })
		h.set.Add("rule", h.run)
	}
}

func (h *fuzzHost) rowError(e *sqlengine.RowError) {
	if p := new(exec.PanicError); errors.As(e, &p) {
		h.t.Errorf("%v\n%s", p, p.Stack)
	}
	fmt.Fprintf(&h.out, "%d error %v\n", h.now, e)
}

// Push writes down a result.
func (h *fuzzHost) Push(b *value.Batch) error {
	if h.results++; h.results == h.fails {
		return errNoRoom
	}
	if b.Schema != h.query.Output() {
		h.t.Errorf("a result with the schema %v, not %v", b.Schema, h.query.Output())
	}
	fmt.Fprintf(&h.out, "%d %d rows\n", h.now, len(b.Rows))
	for _, r := range b.Rows {
		text := rowText(r)
		fmt.Fprintln(&h.out, text)
		h.kept, h.texts = append(h.kept, r), append(h.texts, text)
	}
	if h.rude {
		scribble(b)
	}
	return nil
}

func (h *fuzzHost) Advance(int64) error { return nil }
func (h *fuzzHost) Close() error        { return nil }

func rowText(r value.Row) string {
	text := fmt.Sprint(r.Time)
	for _, v := range r.Cols {
		if v.IsMissing() {
			text += " missing"
			continue
		}
		text += " " + v.Kind().String() + " " + v.String()
	}
	return text
}

// scribble overwrites what a batch lends.
func scribble(b *value.Batch) {
	for i, r := range b.Rows {
		junk := make([]value.Value, len(r.Cols))
		for j := range junk {
			junk[j] = value.OfString("scribbled")
		}
		b.Rows[i] = value.Row{Time: -7, Cols: junk}
	}
	b.Schema = nil
}

// check ends the test on any error but that of the output.
func (h *fuzzHost) check(err error) {
	if err != nil && !errors.Is(err, errNoRoom) {
		h.t.Fatal(err)
	}
}

// play runs a script and returns what came.
func (h *fuzzHost) play(script []byte) string {
	h.params = map[string]value.Value{}
	h.open()
	h.share()
	for i := 0; i+1 < len(script); i += 2 {
		h.act(script[i], script[i+1])
	}
	h.check(h.run.Close())
	for i, r := range h.kept {
		if got := rowText(r); got != h.texts[i] {
			h.t.Errorf("a row of the result was %s and has become %s", h.texts[i], got)
		}
	}
	return h.out.String()
}

// act takes one step of a script.
func (h *fuzzHost) act(what, how byte) {
	switch what % 16 {
	case 12:
		h.pass(steps[int(how)%len(steps)] * 7)
	case 13:
		if next, ok := h.next(); ok {
			h.pass(min(next-h.now, 1e15))
		}
	case 14:
		name := paramNames[int(how)%len(paramNames)]
		h.params[name] = samples[int(how)%2]
		h.check(h.run.SetParam(name, h.params[name]))
	case 15:
		h.move()
	default:
		h.pass(steps[int(what/16)%len(steps)])
		h.push(int(what)%16, int(how))
	}
}

// move lets another run go on.
func (h *fuzzHost) move() {
	if !h.moves {
		return
	}
	state := h.run.Snapshot()
	h.open()
	if err := h.run.Restore(state); err != nil {
		h.t.Fatalf("its own state: %v", err)
	}
	h.share()
}

func (h *fuzzHost) next() (int64, bool) {
	if h.shares {
		return h.set.Next()
	}
	return h.run.Next()
}

// pass lets time pass, by way of the times that the query waits for.
func (h *fuzzHost) pass(ns int64) {
	to := h.now + ns
	for range 2000 {
		next, ok := h.next()
		if !ok || next > to {
			break
		}
		h.now = max(h.now, next)
		h.advance(next)
	}
	h.now = max(h.now, to)
	h.advance(h.now)
}

func (h *fuzzHost) advance(t int64) {
	if h.shares {
		h.set.Advance(t)
		return
	}
	h.check(h.run.Advance(t))
}

// push gives rows to one of the streams.
func (h *fuzzHost) push(which, how int) {
	names := h.run.Streams()
	name := names[which%len(names)]
	columns := h.query.Columns(name)
	batch := &value.Batch{Schema: &value.Schema{Columns: columns}}
	for i := range 1 + which/3%3 {
		batch.Rows = append(batch.Rows, h.row(name, columns, how+5*i))
	}
	if h.shares {
		h.set.Push(name, batch)
	} else {
		h.check(h.run.Push(name, batch))
	}
	if h.rude {
		scribble(batch)
	}
}

// row has samples, and a time where its stream has one.
func (h *fuzzHost) row(name string, columns []value.Column, i int) value.Row {
	row := value.Row{Time: h.now}
	for _, c := range columns {
		v := sample(c, i)
		if i%11 == 10 {
			v = samples[(i+len(c.Name))%len(samples)] // of a kind that need not be the declared one
		}
		if s := h.catalog[name]; c.Name == s.Options.Timestamp && i%13 != 12 {
			v = value.OfInt(h.now/1e6 - int64(i%7)*700)
		}
		row.Cols = append(row.Cols, v)
	}
	return row
}

// anything is a lookup table that has a row for every question.
type anything []value.Column

func (a anything) Find([]string, []value.Value) ([]value.Row, error) {
	var rows []value.Row
	for i := range 2 {
		var row value.Row
		for _, c := range a {
			row.Cols = append(row.Cols, sample(c, i+1))
		}
		rows = append(rows, row)
	}
	return rows, nil
}
