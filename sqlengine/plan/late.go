package plan

import (
	"sluice/sqlengine/diag"
	"sluice/sqlengine/syntax"
)

// inSelectList refuses a call that has its value only when the results are
// made.
func (b *builder) inSelectList(e *syntax.Call, name string) bool {
	if b.scope.clause == "SELECT" && b.scope.stage == stageOut && b.scope.aggregate == "" {
		return true
	}
	where := b.scope.clause
	if b.scope.aggregate != "" {
		where = b.scope.aggregate
	}
	b.find(diag.Misplaced, e.Span, "", "%s can stand in the select list only, not in %s", name, where)
	return false
}

// isLate tells of an alias whose value is not known before the results are
// made, or changes while they are: it stands for its definition.
func (b *builder) isLate(x Expr) bool { return readsHits(x) || b.readsNumbers(x) || b.readsDedup(x) }

// readLate is what stands for such an alias.
func (b *builder) readLate(a *alias, id syntax.Ident) Expr {
	early := b.scope.stage < stageOut || b.scope.clause == "HAVING"
	if early && b.readsNumbers(a.x) || (early || b.scope.clause == "ORDER BY") && b.readsDedup(a.x) {
		b.find(diag.Misplaced, id.Span, "", "alias %q is computed behind %s", a.name, b.scope.clause)
		return unknown()
	}
	b.lower(a.x, b.scope.stage)
	return a.x
}
