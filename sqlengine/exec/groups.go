package exec

import (
	"errors"
	"fmt"
	"slices"

	"sluice/sqlengine/function"
	"sluice/sqlengine/plan"
	"sluice/sqlengine/value"
)

// grouper knows how rows are folded into groups.
type grouper struct {
	keys []Eval
	aggs []aggregateCall
	keep []int // slots of the first row that a group has
	buf  []byte
}

type aggregateCall struct {
	function *function.Aggregate
	text     string
	args     []Eval
	values   []value.Value // of the row being folded in
}

// groupColumns are the columns of the rows that groups become.
func groupColumns(g *plan.Groups) []int {
	ids := slices.Clone(g.Keep)
	for _, a := range g.Aggregates {
		ids = append(ids, a.ID)
	}
	return ids
}

func newGrouper(c compiler, g *plan.Groups, in layout) *grouper {
	r := &grouper{}
	for _, k := range g.Keys {
		r.keys = append(r.keys, c.compile(k))
	}
	for _, id := range g.Keep {
		r.keep = append(r.keep, in[id])
	}
	for _, a := range g.Aggregates {
		r.aggs = append(r.aggs, newAggregateCall(c, a))
	}
	return r
}

// groups are the groups of one window, in the order of their first rows.
type groups struct {
	index map[string]*groupState
	list  []*groupState
}

type groupState struct {
	key   string
	first []value.Value // of the columns that are kept
	accs  []function.Accumulator
	err   error // the group failed
}

// read evaluates the key and the arguments of a row.
func (r *grouper) read(f *Frame) error {
	r.buf = r.buf[:0]
	for _, key := range r.keys {
		r.buf = value.AppendKey(r.buf, key(f))
	}
	for i := range r.aggs {
		a := &r.aggs[i]
		for j, arg := range a.args {
			a.values[j] = arg(f)
		}
	}
	return f.Take()
}

// add folds in one row. It fails when the row cannot be evaluated; then no
// group has changed.
func (r *grouper) add(gs *groups, f *Frame) error {
	if err := r.read(f); err != nil {
		return err
	}
	g := gs.index[string(r.buf)]
	if g == nil {
		g = r.open(gs, string(r.buf))
		for i, slot := range r.keep {
			g.first[i] = f.Row.Cols[slot]
		}
	}
	if g.err == nil {
		g.err = errTorn // unless fold returns
		g.err = r.fold(g)
	}
	return nil
}

// errTorn is the error of a group of which a row was folded in by half: an
// aggregate has panicked.
var errTorn = errors.New("the group has lost a row that panicked")

func (r *grouper) fold(g *groupState) error {
	for i := range r.aggs {
		if err := g.accs[i].Add(r.aggs[i].values); err != nil {
			return fmt.Errorf("%s: %w", r.aggs[i].text, err)
		}
	}
	return nil
}

// merge folds in groups of later rows, and leaves them as they are.
func (r *grouper) merge(gs, later *groups) {
	for _, from := range later.list {
		g := gs.index[from.key]
		if g == nil {
			g = r.open(gs, from.key)
			copy(g.first, from.first)
		}
		if g.err == nil {
			g.err = g.merge(from)
		}
	}
}

func (g *groupState) merge(later *groupState) (err error) {
	defer shelter(&err)
	for i, a := range g.accs {
		a.Merge(later.accs[i])
	}
	return later.err
}

func (r *grouper) open(gs *groups, key string) *groupState {
	g := &groupState{key: key, first: make([]value.Value, len(r.keep)), accs: make([]function.Accumulator, len(r.aggs))}
	for i := range r.aggs {
		g.accs[i] = r.aggs[i].function.New()
	}
	if gs.index == nil {
		gs.index = map[string]*groupState{}
	}
	gs.index[key] = g
	gs.list = append(gs.list, g)
	return g
}

// rows appends the row of each group. Groups that failed are reported.
func (r *grouper) rows(dst []value.Row, gs *groups, time int64, fail func(error)) []value.Row {
	width := len(r.keep) + len(r.aggs)
	cols := make([]value.Value, width*len(gs.list))
	for _, g := range gs.list {
		own, err := r.row(cols[:0:width], g)
		if err != nil {
			fail(err)
			continue
		}
		cols = cols[width:]
		dst = append(dst, value.Row{Time: time, Cols: own})
	}
	return dst
}

// row appends the columns of a group.
func (r *grouper) row(dst []value.Value, g *groupState) (row []value.Value, err error) {
	defer shelter(&err)
	if g.err != nil {
		return nil, g.err
	}
	dst = append(dst, g.first...)
	for i, acc := range g.accs {
		v, err := acc.Result()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", r.aggs[i].text, err)
		}
		dst = append(dst, v)
	}
	return dst, nil
}

// nothing is the row of a window without rows: no column, and aggregates of
// nothing, which are NULL.
func (r *grouper) nothing(time int64) value.Row {
	cols := make([]value.Value, len(r.keep)+len(r.aggs))
	for i := range r.keep {
		cols[i] = value.Missing
	}
	return value.Row{Time: time, Cols: cols}
}

func (gs *groups) snapshot(e *value.Encoder) {
	e.Uint(uint64(len(gs.list)))
	for _, g := range gs.list {
		e.String(g.key)
		for _, v := range g.first {
			e.Value(v)
		}
		e.Bool(g.err != nil)
		if g.err != nil {
			e.String(g.err.Error())
			continue
		}
		for _, a := range g.accs {
			a.Snapshot(e)
		}
	}
}

func (r *grouper) restore(d *value.Decoder) *groups {
	gs := &groups{}
	for range d.Count() {
		g := r.open(gs, d.String())
		for i := range g.first {
			g.first[i] = d.Value()
		}
		if d.Bool() {
			g.err = fmt.Errorf("%s", d.String())
			continue
		}
		for _, a := range g.accs {
			a.Restore(d)
		}
		if d.Err() != nil {
			break
		}
	}
	return gs
}
