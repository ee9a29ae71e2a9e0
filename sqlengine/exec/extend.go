package exec

import (
	"slices"

	"sluice/sqlengine/plan"
	"sluice/sqlengine/value"
)

// extend computes aliases that several clauses read. Its rows hold just the
// columns that are read from here on.
type extend struct {
	stage
	from     []int          // slots of the input, copied to the front of the output
	items    []Eval         // they see the row being made, so that one may read another
	memories []*remembering // those of the items that are analytic functions
	row      value.Row      // being made
	kept     bool           // a window keeps the rows, so that cols cannot be used again
	made     []value.Row
	cols     []value.Value
	room     []value.Value // what is left of cols
	out      value.Batch
}

// extendedColumns are the columns of the rows that the step makes.
func extendedColumns(s *plan.Extend) []int {
	ids := slices.Clone(s.Keep)
	var own []int
	for _, it := range s.Items {
		own = append(own, it.ID)
		it.Reads(func(c *plan.Column) {
			if !slices.Contains(ids, c.ID) && !slices.Contains(own, c.ID) {
				ids = append(ids, c.ID)
			}
		})
	}
	return append(ids, own...)
}

func newExtend(step *plan.Extend, in, out layout) *extend {
	e := &extend{}
	ids := extendedColumns(step)
	for _, id := range ids[:len(ids)-len(step.Items)] {
		e.from = append(e.from, in[id])
	}
	c := compiler{out}
	for _, it := range step.Items {
		if it.Analytic == nil {
			e.items = append(e.items, c.compile(it.X))
			continue
		}
		r := newRemembering(c, it.Analytic)
		e.items, e.memories = append(e.items, r.eval), append(e.memories, r)
	}
	return e
}

func (e *extend) Push(b *value.Batch) error {
	e.begin(b)
	e.made = e.made[:0]
	if n := len(b.Rows) * (len(e.from) + len(e.items)); e.kept || n > cap(e.cols) {
		e.cols = make([]value.Value, n)
	}
	e.room = e.cols[:cap(e.cols)]
	e.each(b.Rows, e)
	if len(e.made) == 0 && len(b.Rows) > 0 {
		return nil
	}
	e.out = value.Batch{Rows: e.made, Ack: b.Ack}
	return e.next.Push(&e.out)
}

func (e *extend) evaluate(rows []value.Row) {
	width := len(e.from) + len(e.items)
	for ; e.at < len(rows); e.at++ {
		in := &rows[e.at]
		e.row = value.Row{Time: in.Time, Cols: e.room[:width:width]}
		for i, slot := range e.from {
			e.row.Cols[i] = in.Cols[slot]
		}
		f := e.look(&e.row)
		for i, item := range e.items {
			e.row.Cols[len(e.from)+i] = item(f)
		}
		if f.err != nil {
			e.fail(f.Take())
			continue
		}
		e.made = append(e.made, e.row)
		e.room = e.room[width:]
	}
}
