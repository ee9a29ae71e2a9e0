package plan

import (
	"sluice/sqlengine/diag"
	"sluice/sqlengine/syntax"
)

// groupKeys binds the expressions of GROUP BY.
func (b *builder) groupKeys() []Expr {
	if len(b.query.Group) > 0 && len(b.query.Windows) == 0 {
		span := b.query.Group[0].At().Join(b.query.Group[len(b.query.Group)-1].At())
		b.find(diag.Misplaced, span, "Add a window: GROUP BY device, TUMBLINGWINDOW(ss, 10).", "GROUP BY needs a window")
	}
	var keys []Expr
	for _, e := range b.query.Group {
		if _, ok := e.(*syntax.Literal); ok {
			b.find(diag.Misplaced, e.At(), "Name the column or its alias.", "GROUP BY a literal makes one group of all rows")
			continue
		}
		keys = append(keys, b.within(scope{clause: "GROUP BY", stage: stageRow}, e))
	}
	return keys
}

// foldEach is how aggregates fold without a window: each row is a group, or
// the rows that tables have made of it; nil when there are none.
func foldEach(groups *Groups, parts []JoinPart) Step {
	switch {
	case groups == nil:
		return nil
	case len(parts) > 0:
		return &Group{Groups: groups}
	}
	return &Aggregate{groups}
}

// groups is how the query folds rows; nil when it does not.
func (b *builder) groups(keys []Expr) *Groups {
	if len(keys) == 0 && len(b.aggregates) == 0 && !b.aggHits {
		return nil
	}
	return &Groups{Keys: keys, Aggregates: b.aggregates}
}
