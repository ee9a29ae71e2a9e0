package exec

import (
	"sluice/sqlengine/plan"
	"sluice/sqlengine/value"
)

// aggregate makes each row its own group: aggregates without a window.
type aggregate struct {
	stage
	grouper *grouper
	made    []value.Row
	out     value.Batch
}

func newAggregate(c compiler, g *plan.Groups, in layout) *aggregate {
	a := &aggregate{grouper: newGrouper(c, g, in)}
	return a
}

func (a *aggregate) Push(b *value.Batch) error {
	a.begin(b)
	a.made = a.made[:0]
	a.each(b.Rows, a)
	if len(a.made) == 0 {
		return nil
	}
	a.out = value.Batch{Rows: a.made, Ack: b.Ack}
	return a.next.Push(&a.out)
}

func (a *aggregate) evaluate(rows []value.Row) {
	for ; a.at < len(rows); a.at++ {
		var own groups
		if err := a.grouper.add(&own, a.look(&rows[a.at])); err != nil {
			a.fail(err)
			continue
		}
		a.made = a.grouper.rows(a.made, &own, rows[a.at].Time, a.fail)
	}
}
