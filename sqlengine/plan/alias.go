package plan

import (
	"slices"

	"sluice/sqlengine/diag"
	"sluice/sqlengine/syntax"
)

// alias is a named item of the select list. It hides a column of its name in
// every clause; only in its own definition the name still means the column.
// An alias without a name is a call that several rows depend on.
type alias struct {
	name    string
	def     syntax.Expr
	binding bool
	x       Expr    // nil until bound
	column  *Column // holds the value when another expression reads it
	at      stage   // the earliest stage that reads it

	analytic *AnalyticCall // what computes the column, if not x
	mentions *bool         // what mentionsAggregate has found; nil: it was not asked
}

func (b *builder) declareAliases() {
	for i := range b.query.Items {
		it := &b.query.Items[i]
		name := it.Alias.Name
		if name == "" {
			continue
		}
		if b.aliases[name] != nil {
			b.find(diag.Duplicate, it.Alias.Span, "", "duplicate alias %q", name)
			continue
		}
		b.aliases[name] = &alias{name: name, def: it.X, at: stageOut}
	}
}

// bindAlias binds the definition of an alias once.
func (b *builder) bindAlias(a *alias) Expr {
	if a.x == nil {
		a.binding = true
		a.x = b.within(scope{clause: "SELECT", stage: stageOut, self: a}, a.def)
		a.binding = false
		b.computed = append(b.computed, a)
	}
	return a.x
}

// aliasNamed is the alias that a name means here, if any.
func (b *builder) aliasNamed(name string) *alias {
	if a := b.aliases[name]; a != nil && a != b.scope.self {
		return a
	}
	return nil
}

// readAlias is what stands for an alias in an expression: a constant or a
// column itself, otherwise a column that is computed once a row.
func (b *builder) readAlias(a *alias, id syntax.Ident) Expr {
	if b.inlines() {
		return b.inline(a, id)
	}
	if a.binding {
		b.find(diag.Cycle, id.Span, "", "alias %q is defined by itself", a.name)
		return unknown()
	}
	x := b.bindAlias(a)
	if b.isLate(x) && (b.scope.stage >= stageOut || !b.isGrouped(x)) {
		return b.readLate(a, id)
	}
	if b.isGrouped(x) && b.scope.stage < stageOut {
		b.misplacedAggregate(id.Span, "alias "+a.name)
		return unknown()
	}
	switch x := x.(type) {
	case *Const, *Column:
		b.lower(x, b.scope.stage)
		return x
	}
	if a.column == nil {
		a.column = b.compute(a.name, x.Kind())
		b.grouped[a.column.ID] = b.isGrouped(x)
	}
	a.at = min(a.at, b.scope.stage)
	return a.column
}

// isGrouped tells whether an expression needs the result of an aggregate.
func (b *builder) isGrouped(x Expr) bool {
	found := readsAggregateHits(x)
	Reads(x, func(c *Column) { found = found || b.grouped[c.ID] })
	return found
}

// lower makes sure that aliases which x reads are computed by a stage.
func (b *builder) lower(x Expr, s stage) {
	Reads(x, func(c *Column) {
		for _, a := range b.computed {
			if a.column != nil && a.column.ID == c.ID {
				a.at = min(a.at, s)
			}
		}
	})
}

// lowerAliases computes what an alias reads no later than the alias.
func (b *builder) lowerAliases() {
	for _, a := range slices.Backward(b.computed) {
		if a.column == nil {
			continue
		}
		c := Computation{X: a.x, Analytic: a.analytic}
		for _, x := range c.exprs() {
			b.lower(x, a.at)
		}
	}
}

// readComputed lets the items take the value of an alias from its column where
// it has one.
func (b *builder) readComputed(items []Output) {
	for i, it := range items {
		if a := b.aliases[it.Name]; a != nil && a.column != nil && it.X == a.x {
			items[i].X = a.column
		}
	}
}

// computations are the columns that a stage computes.
func (b *builder) computations(s stage) []Computation {
	var items []Computation
	for _, a := range b.computed {
		if a.column != nil && a.at == s {
			items = append(items, Computation{ID: a.column.ID, X: a.x, Analytic: a.analytic})
		}
	}
	return items
}

// extend is the step that computes the columns of a stage.
func (b *builder) extend(s stage) Step {
	items := b.computations(s)
	if items == nil {
		return nil
	}
	return &Extend{Items: items}
}

func unknown() Expr { return &Column{ID: -1, Name: "?"} }
