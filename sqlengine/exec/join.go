package exec

import (
	"slices"

	"sluice/sqlengine/plan"
	"sluice/sqlengine/value"
)

// join combines the rows of a window, or of one row of a stream, with those of
// the other sources, from left to right. What it yields of them is one result;
// when that has no rows nothing is pushed, as behind a filter.
type join struct {
	stage
	tag    int // slot of the source of a row; -1: all rows are of one stream
	stream int // that stream
	sides  []*side
	dealt  []*side // those of streams; nil: the source is a table
	tables []*scanTable
	parts  []*joinPart
	ahead  int // rows of the batch that are still to be joined, one by one
	out    value.Batch
}

func newJoin(step *plan.Join, b builder) *join {
	j := &join{tag: -1, stream: firstStream(b.plan), sides: make([]*side, len(b.plan.Sources)), dealt: make([]*side, len(b.plan.Sources))}
	if step.Tag != plan.Computed {
		j.tag = b.in[step.Tag]
	}
	for i, s := range b.plan.Sources {
		switch {
		case s.IsLookup():
		case s.IsTable():
			t := &scanTable{source: s, layout: b.sources[i], schema: b.schemas[s.Stream.Name], retain: retained(s.Stream)}
			if t.schema == nil {
				t.schema = &value.Schema{Columns: b.plan.Inputs(s.Stream.Name)}
			}
			j.tables = append(j.tables, t)
			j.sides[i] = &t.side
		default:
			j.sides[i] = &side{}
			j.dealt[i] = j.sides[i]
		}
	}
	left := b.layoutOf(0)
	for i := range step.Parts {
		p := newJoinPart(j, step, i, left, b)
		j.parts = append(j.parts, p)
		left = newLayout(len(b.plan.Columns), p.columns...)
	}
	return j
}

// layoutOf is the layout of the rows of a source in front of the join.
func (b builder) layoutOf(source int) layout {
	if b.plan.Sources[source].IsTable() {
		return b.sources[source]
	}
	return b.in
}

// input implements entrance: the rows of scan tables enter here.
func (j *join) input(source int) receiver {
	for _, t := range j.tables {
		if j.sides[source] == &t.side {
			return t
		}
	}
	return nil
}

func (j *join) Push(b *value.Batch) error {
	j.begin(b)
	for _, p := range j.parts {
		p.forget()
	}
	if j.windowed {
		defer j.release()
		return j.combine(b.Rows, j.rt.window.End, b.Ack)
	}
	for i := range b.Rows {
		j.ahead = len(b.Rows) - i
		if err := j.combine(b.Rows[i:i+1], b.Rows[i].Time, b.Ack); err != nil {
			return err
		}
	}
	return nil
}

// combine joins the rows of one window, or one row.
func (j *join) combine(rows []value.Row, time int64, ack *value.Ack) error {
	j.deal(rows)
	left := j.sides[0].rows
	for _, p := range j.parts {
		left = p.join(left, time)
	}
	if len(left) == 0 {
		return nil
	}
	j.out = value.Batch{Rows: left, Ack: ack}
	return j.next.Push(&j.out)
}

// deal gives each stream its rows.
func (j *join) deal(rows []value.Row) {
	if j.tag < 0 {
		j.sides[j.stream].rows, j.sides[j.stream].stale = rows, true
		return
	}
	for i, s := range j.sides {
		if s != nil && !j.keeps(i) {
			s.rows, s.stale = s.rows[:0], true
		}
	}
	for _, r := range rows {
		if s := j.sideOf(r.Cols[j.tag].Int()); s != nil {
			s.rows = append(s.rows, r)
		}
	}
}

// sideOf is the side of a stream; nil: there is none, as only a damaged state
// can say.
func (j *join) sideOf(source int64) *side {
	if source < 0 || source >= int64(len(j.dealt)) {
		return nil
	}
	return j.dealt[source]
}

// release lets go of the rows of a window, which may be many.
func (j *join) release() {
	for i, s := range j.sides {
		if s != nil && !j.keeps(i) && j.tag >= 0 {
			clear(s.rows)
		}
	}
	for _, p := range j.parts {
		clear(p.made)
	}
}

// keeps tells whether the rows of a source are kept from one result to the next.
func (j *join) keeps(source int) bool { return j.input(source) != nil }

// Snapshot implements Stateful.
func (j *join) Snapshot(e *value.Encoder) {
	for _, t := range j.tables {
		t.layout.snapshot(e, t.rows)
	}
}

// Restore implements Stateful.
func (j *join) Restore(d *value.Decoder) {
	for _, t := range j.tables {
		t.rows = nil
		t.keep(t.layout.restore(d))
	}
}

// columnsOf are the columns that the i-th part of a join must make: of the
// sources that it has joined, those that are read behind the join, by later
// parts, or by its own condition.
func columnsOf(p *plan.Plan, step *plan.Join, i int) []int {
	var ids []int
	add := func(id int) {
		if !slices.Contains(ids, id) && ownerOf(p, id) <= step.Parts[i].Source {
			ids = append(ids, id)
		}
	}
	for _, id := range step.Keep {
		add(id)
	}
	read := func(c *plan.Column) { add(c.ID) }
	for k, part := range step.Parts[i:] {
		if part.On != nil {
			plan.Reads(part.On, read)
		}
		for _, e := range part.Equal {
			if k > 0 {
				plan.Reads(e.X, read)
			}
		}
	}
	return ids
}

// ownerOf is the source whose rows have a column.
func ownerOf(p *plan.Plan, id int) int {
	c := p.Columns[id]
	if c.Source == plan.Computed {
		return c.Owner
	}
	return c.Source
}
