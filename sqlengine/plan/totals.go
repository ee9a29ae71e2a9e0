package plan

import (
	"sluice/sqlengine/diag"
	"sluice/sqlengine/function"
	"sluice/sqlengine/syntax"
)

// asksTotals tells of the WHERE of a windowed query, where an aggregate is one
// over all rows of the window.
func (b *builder) asksTotals() bool {
	return b.scope.clause == "WHERE" && b.scope.stage == stageWhere && b.scope.aggregate == "" && len(b.query.Windows) > 0
}

// asksRowTotals tells of HAVING and ORDER BY where the window gives its rows:
// aggregates there are over all of them, and fold nothing.
func (b *builder) asksRowTotals() bool {
	return b.plainRows && b.scope.aggregate == "" && (b.scope.clause == "HAVING" || b.scope.clause == "ORDER BY")
}

// foldTotals folds the rows after all where HAVING counts results.
func (b *builder) foldTotals() {
	if b.aggHits {
		b.aggregates, b.rowTotals = append(b.aggregates, b.rowTotals...), nil
	}
}

// aggregateFilter binds what stands behind an aggregate and in front of its
// arguments: FILTER, and DISTINCT, which needs something to tell apart.
func (b *builder) aggregateFilter(e *syntax.Call, f *function.Aggregate) Expr {
	if e.Distinct && isStar(e.Args[0]) && !f.Whole {
		b.find(diag.NoOverload, e.Span, "", "DISTINCT needs a column: all rows count as different")
	}
	if e.Filter == nil {
		return nil
	}
	s := b.scope
	s.clause = "FILTER"
	return b.condition(s, e.Filter)
}

func isStar(e syntax.Expr) bool {
	_, ok := e.(*syntax.Star)
	return ok
}
