package exec

import (
	"slices"

	"sluice/sqlengine/plan"
	"sluice/sqlengine/value"
)

// joinPart is one JOIN: it combines the rows that stand to its left with those
// of its source.
type joinPart struct {
	op        *join
	keepLeft  bool    // rows without a match come alone
	keepRight bool    // the same of the rows of the source
	right     *side   // nil: the source is a lookup table
	lookup    *lookup // nil: it is not
	keys      []Eval  // what the rows of the source must equal, of the row to the left
	on        Eval    // nil: all that have the keys match
	cond      plan.Expr

	columns             []int // of the rows that are made
	fromLeft, fromRight []move

	key     []byte
	found   []int32
	all     []int32 // 0, 1, 2 …
	matched []bool  // of the rows of the source
	time    int64
	pair    value.Row     // being made
	room    []value.Value // for pairs to come; never used twice, as rows may be kept
	made    []value.Row   // used again for every result
}

func newJoinPart(op *join, step *plan.Join, at int, left layout, b builder) *joinPart {
	part := step.Parts[at]
	p := &joinPart{op: op, right: op.sides[part.Source], columns: columnsOf(b.plan, step, at)}
	p.keepLeft = part.Kind == "LEFT" || part.Kind == "FULL"
	p.keepRight = part.Kind == "RIGHT" || part.Kind == "FULL"
	own := b.layoutOf(part.Source)
	for slot, id := range p.columns {
		if ownerOf(b.plan, id) == part.Source {
			p.fromRight = append(p.fromRight, move{own[id], slot})
		} else {
			p.fromLeft = append(p.fromLeft, move{left[id], slot})
		}
	}
	for _, e := range part.Equal {
		p.keys = append(p.keys, compiler{left}.compile(e.X))
	}
	if part.On != nil {
		made := compiler{newLayout(len(b.plan.Columns), p.columns...)}
		p.on, p.cond = made.compile(part.On), part.On
	}
	if p.right == nil {
		p.askFor(part, b)
	} else if len(part.Equal) > 0 {
		p.right.index, p.right.stale = newJoinIndex(slotsOf(part.Equal, own)), true
	}
	return p
}

// askFor makes a part of a lookup table, where all that is not LEFT is INNER.
func (p *joinPart) askFor(part plan.JoinPart, b builder) {
	p.keepLeft, p.keepRight = part.Kind == "LEFT", false
	table := b.plan.Sources[part.Source].Stream.Name
	p.lookup = &lookup{table: b.lookups[table], values: make([]value.Value, len(part.Equal)), answers: map[string]answer{}}
	for _, e := range part.Equal {
		p.lookup.columns = append(p.lookup.columns, b.plan.Columns[e.Column.ID].Name)
	}
}

func slotsOf(list []plan.Equal, l layout) []int {
	slots := make([]int, len(list))
	for i, e := range list {
		slots[i] = l[e.Column.ID]
	}
	return slots
}

// forget drops the answers of the batch before.
func (p *joinPart) forget() {
	if p.lookup != nil {
		clear(p.lookup.answers)
	}
}

// join returns the rows that the part makes, which the next call overwrites.
func (p *joinPart) join(left []value.Row, time int64) []value.Row {
	p.made, p.time = p.made[:0], time
	if p.right != nil {
		p.right.prepare()
	}
	if p.keepRight {
		p.matched = slices.Grow(p.matched[:0], len(p.right.rows))[:len(p.right.rows)]
		clear(p.matched)
	}
	p.op.each(left, p)
	if p.keepRight {
		p.addUnmatched()
	}
	return p.made
}

func (p *joinPart) evaluate(left []value.Row) {
	for ; p.op.at < len(left); p.op.at++ {
		if err := p.row(&left[p.op.at], len(left)-p.op.at); err != nil {
			p.op.fail(err)
		}
	}
}

// row makes the pairs of a row to the left. A pair that fails ON is dropped
// alone; but neither of its rows counts as one without a match. It is
// reported once a row.
func (p *joinPart) row(l *value.Row, ahead int) (failed error) {
	rows, found, err := p.candidates(p.op.look(l))
	if err != nil {
		return err
	}
	p.pair.Cols = nil
	matched := false
	for _, i := range found {
		if p.pair.Cols == nil {
			p.open(max(len(found), ahead))
			copyColumns(p.pair.Cols, l, p.fromLeft)
		}
		copyColumns(p.pair.Cols, &rows[i], p.fromRight)
		in, err := p.admits()
		if err != nil && failed == nil {
			failed = err
		}
		if in || err != nil || p.lookup != nil {
			matched = true
			p.match(i)
		}
		if in {
			p.emit()
		}
	}
	if matched || !p.keepLeft {
		return failed
	}
	return p.alone(l, ahead)
}

// alone makes the row of one that has no match. Behind a lookup ON is a filter
// of the rows, also of these.
func (p *joinPart) alone(l *value.Row, ahead int) error {
	p.open(ahead)
	copyColumns(p.pair.Cols, l, p.fromLeft)
	leaveOut(p.pair.Cols, p.fromRight)
	if p.lookup != nil {
		if in, err := p.admits(); !in {
			return err
		}
	}
	p.emit()
	return nil
}

// addUnmatched adds the rows of the source that have no match.
func (p *joinPart) addUnmatched() {
	for i := range p.matched {
		if p.matched[i] {
			continue
		}
		p.open(len(p.matched) - i)
		leaveOut(p.pair.Cols, p.fromLeft)
		copyColumns(p.pair.Cols, &p.right.rows[i], p.fromRight)
		p.emit()
	}
}

// open begins a pair. Of so many rows to come the columns are one allocation.
func (p *joinPart) open(ahead int) {
	width := len(p.columns)
	if len(p.room) < width {
		p.room = make([]value.Value, width*max(ahead, p.op.ahead))
	}
	p.pair = value.Row{Time: p.time, Cols: p.room[:width:width]}
}

func (p *joinPart) emit() {
	p.made = append(p.made, p.pair)
	p.room = p.room[len(p.columns):]
	p.pair.Cols = nil
}

func (p *joinPart) match(i int32) {
	if p.keepRight {
		p.matched[i] = true
	}
}

// admits asks the rest of ON about the pair.
func (p *joinPart) admits() (bool, error) {
	if p.on == nil {
		return true, nil
	}
	return holds(p.op.look(&p.pair), p.on, p.cond)
}

// candidates are the rows that may match the row of the frame: those that are
// equal to it where ON asks for equality, else all. NULL equals nothing.
func (p *joinPart) candidates(f *Frame) (rows []value.Row, found []int32, err error) {
	if len(p.keys) == 0 {
		return p.right.rows, p.every(len(p.right.rows)), nil
	}
	p.key = p.key[:0]
	for i, key := range p.keys {
		v := key(f)
		if f.err != nil {
			return nil, nil, f.Take()
		}
		if v.IsNull() {
			return nil, nil, nil
		}
		p.key = value.AppendKey(p.key, v)
		if p.lookup != nil {
			p.lookup.values[i] = v
		}
	}
	if p.lookup != nil {
		rows, err = p.lookup.find(p.key)
		return rows, p.every(len(rows)), err
	}
	p.found = p.right.index.find(p.found[:0], p.key)
	return p.right.rows, p.found, nil
}

// every is the numbers of n rows.
func (p *joinPart) every(n int) []int32 {
	for len(p.all) < n {
		p.all = append(p.all, int32(len(p.all)))
	}
	return p.all[:n]
}
