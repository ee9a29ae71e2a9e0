package plan

import (
	"slices"

	"sluice/sqlengine/diag"
	"sluice/sqlengine/syntax"
)

// inSelectList refuses a call that has its value only when the results are
// made.
func (b *builder) inSelectList(e *syntax.Call, name string) bool {
	if b.scope.clause == "SELECT" && b.scope.stage == stageOut && b.scope.aggregate == "" {
		return true
	}
	b.find(diag.Misplaced, e.Span, "", "%s can stand in the select list only, not in %s", name, b.place())
	return false
}

// place is where the scope is: a clause, or a call with arguments of their own.
func (b *builder) place() string {
	if b.scope.aggregate != "" {
		return b.scope.aggregate
	}
	return b.scope.clause
}

// isLate tells of an alias whose value is not known before the results are
// made, or changes while they are: it stands for its definition.
func (b *builder) isLate(x Expr) bool { return readsHits(x) || b.readsNumbers(x) || b.readsDedup(x) }

// readLate is what stands for such an alias.
func (b *builder) readLate(a *alias, id syntax.Ident) Expr {
	list := b.scope.stage >= stageOut && b.scope.clause == "SELECT"
	sorts := b.scope.stage >= stageOut && b.scope.clause == "ORDER BY"
	if b.readsNumbers(a.x) && !list && !sorts || b.readsDedup(a.x) && !list {
		b.find(diag.Misplaced, id.Span, "", "alias %q has its value only when the results are made: %s cannot read it", a.name, b.place())
		return unknown()
	}
	if left := mostInlined; !fewer(a.x, &left) {
		b.find(diag.Unsupported, id.Span, "Repeat less of it.", "alias %q stands for its definition, which has become too long", a.name)
		return unknown()
	}
	b.lower(a.x, b.scope.stage)
	return a.x
}

// fewer tells whether an expression has fewer nodes than are left.
func fewer(x Expr, left *int) bool {
	*left--
	return *left > 0 && !slices.ContainsFunc(Children(x), func(c Expr) bool { return !fewer(c, left) })
}
