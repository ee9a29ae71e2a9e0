package exec

import (
	"sluice/sqlengine/plan"
	"sluice/sqlengine/value"
)

// group folds the rows of a window into groups: those that a join or WHERE has
// left of it. Without a window it folds the rows that tables have made of one.
type group struct {
	stage
	grouper *grouper
	keyless bool
	groups  groups
	made    []value.Row // used again for every batch, as is out
	out     value.Batch
}

func newGroup(c compiler, step *plan.Group, in layout) *group {
	g := &group{grouper: newGrouper(c, step.Groups, in), keyless: step.Keyless}
	return g
}

func (g *group) Push(b *value.Batch) error {
	g.begin(b)
	g.groups = groups{}
	g.each(b.Rows, g)
	var end int64
	switch {
	case g.rt.window != nil:
		end = g.rt.window.End
	case len(b.Rows) > 0:
		end = b.Rows[0].Time
	}
	g.made = g.grouper.rows(g.made[:0], &g.groups, end, g.fail)
	if len(b.Rows) == 0 && g.keyless {
		g.made = append(g.made, g.grouper.nothing(end))
	}
	g.groups = groups{}
	if len(g.made) == 0 {
		return nil
	}
	g.out = value.Batch{Rows: g.made, Ack: b.Ack}
	return g.next.Push(&g.out)
}

func (g *group) evaluate(rows []value.Row) {
	for ; g.at < len(rows); g.at++ {
		if err := g.grouper.add(&g.groups, g.look(&rows[g.at])); err != nil {
			g.fail(err)
		}
	}
}
