package exec

import (
	"slices"

	"sluice/sqlengine/plan"
	"sluice/sqlengine/value"
)

// totals adds to each row of a window aggregates over all its rows. A row that
// cannot be evaluated is none of them.
type totals struct {
	stage
	grouper *grouper
	from    []int // slots of the input, copied to the front of the output
	groups  groups
	rows    []value.Row // used again for every batch, as are the next two
	made    []value.Row
	out     value.Batch
}

// totalColumns are the columns of rows with aggregates over their window.
func totalColumns(s *plan.Totals) []int {
	ids := slices.Clone(s.Keep)
	for _, a := range s.Aggregates {
		ids = append(ids, a.ID)
	}
	return ids
}

func newTotals(c compiler, step *plan.Totals, in layout) *totals {
	t := &totals{grouper: newGrouper(c, &plan.Groups{Aggregates: step.Aggregates}, in)}
	for _, id := range step.Keep {
		t.from = append(t.from, in[id])
	}
	return t
}

func (t *totals) Push(b *value.Batch) error {
	t.begin(b)
	if len(b.Rows) == 0 {
		return t.next.Push(b)
	}
	t.groups, t.rows = groups{}, t.rows[:0]
	t.each(b.Rows, t)
	sums := t.grouper.rows(nil, &t.groups, 0, t.fail)
	t.groups = groups{}
	if len(sums) == 0 {
		return nil
	}
	t.made = t.made[:0]
	width := len(t.from) + len(sums[0].Cols)
	cols := make([]value.Value, 0, width*len(t.rows))
	for _, row := range t.rows {
		for _, slot := range t.from {
			cols = append(cols, row.Cols[slot])
		}
		cols = append(cols, sums[0].Cols...)
		t.made = append(t.made, value.Row{Time: row.Time, Cols: cols[len(cols)-width : len(cols) : len(cols)]})
	}
	t.out = value.Batch{Rows: t.made, Ack: b.Ack}
	return t.next.Push(&t.out)
}

func (t *totals) evaluate(rows []value.Row) {
	for ; t.at < len(rows); t.at++ {
		if err := t.grouper.add(&t.groups, t.look(&rows[t.at])); err != nil {
			t.fail(err)
			continue
		}
		t.rows = append(t.rows, rows[t.at])
	}
}
