package plan

import (
	"slices"
	"strings"

	"sluice/sqlengine/diag"
	"sluice/sqlengine/function"
	"sluice/sqlengine/syntax"
	"sluice/sqlengine/value"
)

// analytic binds a call of a function that remembers rows to the column that
// holds its results.
func (b *builder) analytic(e *syntax.Call, f *function.Analytic) Expr {
	if f.Columns {
		b.find(diag.Misplaced, e.Span, "", "%s makes columns: it can only stand alone in the select list", f.Name)
		return unknown()
	}
	return b.remember(e, f)
}

// remember binds a call to a column that is computed for every row of the
// stream or, when it reads aggregates, for every result.
func (b *builder) remember(e *syntax.Call, f *function.Analytic) Expr {
	inner := b.scope
	inner.clause = f.Name
	at := stageOut
	switch {
	case !b.mentionsAggregate(e):
		at = stageEvery
		inner.stage, inner.aggregate, inner.joined = stageEvery, "", 0
	case b.scope.stage < stageOut:
		b.misplacedAggregate(e.Span, f.Name+" of an aggregate")
		return unknown()
	}
	outer := b.scope
	b.scope = inner
	defer func() { b.scope = outer }()
	b.aggregatesOnly(e)
	args, known := b.analyticArgs(e)
	bound, err := f.Bind(known)
	if err != nil {
		b.bindError(e, err)
		return unknown()
	}
	text := f.Name + strings.TrimPrefix(syntax.Print(e), syntax.Quote(e.Name.Name))
	call := &AnalyticCall{Bound: bound, Args: args, Text: text}
	b.bindOver(e.Over, call, f)
	if at == stageEvery {
		b.ownRows(e, f, call)
	}
	return b.analyticColumn(call, at)
}

// mentionsAggregate tells, before anything is bound, whether an expression
// needs aggregates, also by way of aliases.
func (b *builder) mentionsAggregate(e syntax.Expr) bool {
	switch e := e.(type) {
	case *syntax.Call:
		if _, ok := b.functions.Aggregate(e.Name.Name); ok || isAggregateHit(e.Name.Name) {
			return true
		}
	case *syntax.Ident:
		a := b.aliasNamed(e.Name)
		switch {
		case a == nil || a.binding:
			return false
		case a.x != nil:
			return b.isGrouped(a.x)
		case a.mentions != nil: // aliases that name each other twice are asked once, not 2^n times
			return *a.mentions
		}
		outer := b.scope.self
		a.binding, b.scope.self = true, a
		defer func() { a.binding, b.scope.self = false, outer }()
		found := b.mentionsAggregate(a.def)
		a.mentions = &found
		return found
	}
	return slices.ContainsFunc(syntax.Children(e), b.mentionsAggregate)
}

// aggregatesOnly refuses what only aggregates take.
func (b *builder) aggregatesOnly(e *syntax.Call) {
	if e.Filter != nil {
		b.find(diag.Misplaced, e.Filter.At(), "", "FILTER is for aggregates, not for %s", e.Name.Name)
	}
	if e.Distinct {
		b.find(diag.Misplaced, e.Span, "", "DISTINCT is for aggregates, not for %s", e.Name.Name)
	}
}

func (b *builder) analyticArgs(e *syntax.Call) ([]Expr, []function.Arg) {
	args := make([]Expr, len(e.Args))
	for i, a := range e.Args {
		if star, ok := a.(*syntax.Star); ok {
			b.checkStar(star)
			args[i] = b.wholeOf(star)
			continue
		}
		args[i] = b.bind(a)
	}
	known := argsOf(args)
	for i, a := range e.Args {
		_, known[i].Star = a.(*syntax.Star)
		known[i].Name = argName(a)
	}
	return args, known
}

// argName is the name under which changed_cols writes an argument; empty: it
// has none.
func argName(e syntax.Expr) string {
	switch e := e.(type) {
	case *syntax.Ident:
		return e.Name
	case *syntax.Field:
		return e.Name.Name
	case *syntax.Call:
		return strings.ToLower(e.Name.Name)
	}
	return ""
}

func (b *builder) bindOver(o *syntax.Over, call *AnalyticCall, f *function.Analytic) {
	if o == nil {
		return
	}
	if f.Columns {
		b.find(diag.Misplaced, o.Span, "", "%s does not take OVER", f.Name)
		return
	}
	if o.Order != nil {
		b.find(diag.Misplaced, o.Order[0].X.At(), "Rows are seen in the order in which they come.", "the OVER of %s takes PARTITION BY and WHEN", f.Name)
	}
	for _, x := range o.Partition {
		call.Partition = append(call.Partition, b.bind(x))
	}
	if o.When != nil {
		s := b.scope
		s.clause = "WHEN"
		call.When = b.condition(s, o.When)
	}
}

// ownRows lets a call see the rows of its own stream alone, where streams are
// joined.
func (b *builder) ownRows(e *syntax.Call, f *function.Analytic, call *AnalyticCall) {
	if !b.joinsStreams() {
		return
	}
	switch sources := b.sourcesOf(call.exprs()...); {
	case len(sources) > 1:
		b.find(diag.Misplaced, e.Span, "Name the stream of each column: demo.a.", "%s reads several streams: it sees their rows before they are joined", f.Name)
	case len(sources) == 1:
		call.Own = &Compare{syntax.Equal, &Column{b.tag, b.columns[b.tag].Name, value.Int}, &Const{value.OfInt(int64(sources[0]))}}
	}
}

// analyticColumn keeps equal calls once.
func (b *builder) analyticColumn(call *AnalyticCall, at stage) Expr {
	key := call.key()
	for _, a := range b.computed {
		if a.analytic != nil && a.at == at && a.analytic.key() == key {
			return a.column
		}
	}
	a := &alias{name: call.Text, column: b.compute(call.Text, call.Bound.Result), at: at, analytic: call}
	b.grouped[a.column.ID] = at == stageOut
	b.computed = append(b.computed, a)
	return a.column
}

// remembers tells of a column that an analytic function computes.
func (b *builder) remembers(c *Column) bool {
	return slices.ContainsFunc(b.computed, func(a *alias) bool { return a.analytic != nil && a.column.ID == c.ID })
}

// key is equal for calls of one meaning: of the same text, where its names
// mean the same.
func (c *AnalyticCall) key() string {
	ids := value.AppendKey(nil, value.OfString(c.Text))
	for _, x := range c.exprs() {
		Reads(x, func(r *Column) { ids = value.AppendKey(ids, value.OfInt(int64(r.ID))) })
	}
	return string(ids)
}

func (c *AnalyticCall) exprs() []Expr {
	list := append(append([]Expr{}, c.Args...), c.Partition...)
	return present(append(list, c.When, c.Own)...)
}
