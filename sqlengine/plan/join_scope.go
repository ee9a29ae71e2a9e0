package plan

import (
	"slices"

	"sluice/sqlengine/diag"
	"sluice/sqlengine/syntax"
)

// visible are the sources whose columns an expression may read: all of them,
// but for what stands in front of the join, where tables have no columns yet,
// and for ON, which is asked before the sources to its right are joined.
func (b *builder) visible() []int {
	var list []int
	for i := range b.sources {
		if b.hiddenIn(i) == "" {
			list = append(list, i)
		}
	}
	return list
}

// sees reports a source that cannot be read where the scope is.
func (b *builder) sees(source int, span diag.Span) bool {
	where := b.hiddenIn(source)
	if where == "" {
		return true
	}
	b.find(diag.Misplaced, span, "", "%s cannot read %q: %s", b.scope.clause, b.sources[source].Name, where)
	return false
}

// hiddenIn tells why a source cannot be read; empty: it can.
func (b *builder) hiddenIn(source int) string {
	switch {
	case b.beforeJoin() && b.sources[source].IsTable():
		return "it is evaluated on the rows of the streams, before tables are joined"
	case b.scope.joined > 0 && source >= b.scope.joined:
		return "it is joined further to the right"
	}
	return ""
}

// beforeJoin tells of an expression that is evaluated on the rows of the
// streams of a join: an argument of an analytic function, a condition of the
// window.
func (b *builder) beforeJoin() bool { return b.scope.stage == stageEvery && len(b.sources) > 1 }

// inlines tells where an alias stands for its definition, not for a column
// that is computed once: there the row is not yet the one that the select list
// sees.
func (b *builder) inlines() bool { return b.beforeJoin() || b.scope.joined > 0 }

// mostInlined bounds what aliases that stand for their definitions may grow to:
// those that name each other twice would double it each.
const mostInlined = 10_000

// inline binds the definition of an alias in the scope that reads it.
func (b *builder) inline(a *alias, id syntax.Ident) Expr {
	if a.binding {
		b.find(diag.Cycle, id.Span, "", "alias %q is defined by itself", a.name)
		return unknown()
	}
	if b.inlined++; b.inlined > mostInlined {
		if b.inlined == mostInlined+1 {
			b.find(diag.Unsupported, id.Span, "Name the columns themselves.", "too many aliases stand for their definitions in %s", b.scope.clause)
		}
		return unknown()
	}
	a.binding = true
	defer func() { a.binding = false }()
	s := b.scope
	s.self = a
	return b.within(s, a.def)
}

// sourcesOf are the sources that an expression reads, also by way of columns
// that are computed.
func (b *builder) sourcesOf(list ...Expr) []int {
	var found []int
	for _, x := range list {
		Reads(x, func(c *Column) { found = append(found, b.sourcesOfColumn(c)...) })
	}
	slices.Sort(found)
	return slices.Compact(found)
}

func (b *builder) sourcesOfColumn(c *Column) []int {
	if c.ID < 0 { // unknown
		return nil
	}
	if s := b.columns[c.ID].Source; s != Computed {
		return []int{s}
	}
	for _, a := range b.computed {
		if a.column != nil && a.column.ID == c.ID {
			computation := Computation{X: a.x, Analytic: a.analytic}
			return b.sourcesOf(computation.exprs()...)
		}
	}
	return nil
}
