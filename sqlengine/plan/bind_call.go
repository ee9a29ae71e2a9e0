package plan

import (
	"errors"
	"strings"

	"sluice/sqlengine/diag"
	"sluice/sqlengine/function"
	"sluice/sqlengine/syntax"
	"sluice/sqlengine/value"
)

func (b *builder) call(e *syntax.Call) Expr {
	name := strings.ToLower(e.Name.Name)
	switch name {
	case "meta", "mqtt":
		return b.meta(e)
	case "row_number":
		return b.rowNumber(e)
	case "dedup_trigger":
		return b.dedupTrigger(e)
	case "delay":
		return b.delay(e)
	case "unnest", "extract":
		return b.misplacedUnnest(e)
	}
	if f, ok := b.functions.Aggregate(name); ok {
		return b.aggregate(e, name, f)
	}
	if f, ok := b.functions.Analytic(name); ok {
		return b.analytic(e, f)
	}
	f, ok := b.functions.Scalar(name)
	if !ok {
		b.unknownFunction(e, name)
		b.checkArgs(e)
		return unknown()
	}
	b.plainCall(e)
	args := b.args(e.Args)
	bound, err := f.Bind(argsOf(args))
	if err != nil {
		b.bindError(e, err)
		return unknown()
	}
	if !b.noteHit(e) {
		return unknown()
	}
	return &Call{Name: name, Args: args, Bound: bound, Volatile: f.Volatile}
}

// plainCall refuses what only aggregates and analytic functions take.
func (b *builder) plainCall(e *syntax.Call) {
	b.aggregatesOnly(e)
	if e.Over != nil {
		b.find(diag.Misplaced, e.Over.Span, "", "%s does not take OVER", e.Name.Name)
	}
}

func (b *builder) args(list []syntax.Expr) []Expr {
	args := make([]Expr, len(list))
	for i, a := range list {
		args[i] = b.bind(a)
	}
	return args
}

// checkArgs binds the arguments of a call that cannot be bound itself, for
// their findings.
func (b *builder) checkArgs(e *syntax.Call) {
	for _, a := range e.Args {
		if _, star := a.(*syntax.Star); !star {
			b.bind(a)
		}
	}
}

func argsOf(list []Expr) []function.Arg {
	args := make([]function.Arg, len(list))
	for i, x := range list {
		args[i].Kind = x.Kind()
		if c, ok := x.(*Const); ok {
			args[i].Literal, args[i].Value = true, c.Value
		}
	}
	return args
}

func (b *builder) bindError(e *syntax.Call, err error) {
	span, hint := e.Span, ""
	var refused *function.BindError
	if errors.As(err, &refused) {
		hint = refused.Hint
		if refused.Arg >= 0 && refused.Arg < len(e.Args) {
			span = e.Args[refused.Arg].At()
		}
	}
	b.find(diag.NoOverload, span, hint, "%v", err)
}

func (b *builder) unknownFunction(e *syntax.Call, name string) {
	if function.Reserved(name) {
		b.find(diag.UnknownFunction, e.Name.Span, reservedHint(name), "%s is an internal name of planners and cannot be called", name)
		return
	}
	for _, w := range syntax.WindowNames {
		if strings.EqualFold(w, name) {
			b.find(diag.Misplaced, e.Span, "", "%s can stand in GROUP BY only", w)
			return
		}
	}
	candidates := b.functions.Names()
	for _, s := range function.Specials() {
		candidates = append(candidates, s.Name)
	}
	hint := diag.DidYouMean(name, candidates)
	if near := diag.Nearest(e.Name.Name, syntax.WindowNames); near != "" && strings.Contains(name, "win") {
		hint = "Did you mean " + near + "?"
	}
	b.find(diag.UnknownFunction, e.Name.Span, hint, "unknown function %q", e.Name.Name)
}

// reservedHint says what to write in place of a reserved name.
func reservedHint(name string) string {
	if aggregate, ok := strings.CutPrefix(name, "inc_"); ok {
		return "Call " + aggregate + "."
	}
	return "Write its argument alone."
}

// aggregate binds a call of an aggregate to the column that holds its result.
func (b *builder) aggregate(e *syntax.Call, name string, f *function.Aggregate) Expr {
	list, at := &b.aggregates, stageRow
	switch {
	case b.asksTotals():
		list, at = &b.totals, stageWhere
	case b.asksRowTotals():
		list = &b.rowTotals
	case b.scope.stage < stageOut:
		b.misplacedAggregate(e.Span, name)
		return unknown()
	}
	if e.Over != nil {
		b.find(diag.Misplaced, e.Over.Span, "", "%s does not take OVER", e.Name.Name)
	}
	inner := b.scope
	inner.aggregate, inner.stage = name, at
	outer := b.scope
	b.scope = inner
	args, star := b.aggregateArgs(e, f)
	filter := b.aggregateFilter(e, f)
	b.scope = outer
	plain := args
	if star && f.Whole {
		plain = args[1:]
	}
	kind, err := f.Bind(argsOf(plain), star)
	if err != nil {
		b.bindError(e, err)
		return unknown()
	}
	if f.Rows {
		args = append(args, b.wholeOf(&syntax.Star{Pos: e.Pos}))
	}
	text := name + strings.TrimPrefix(syntax.Print(e), syntax.Quote(e.Name.Name))
	return b.aggregateColumn(list, AggregateCall{Function: f, Args: args, Filter: filter, Distinct: e.Distinct, Text: text}, kind)
}

// aggregateArgs binds the arguments; a first * is the whole row for an
// aggregate that wants rows, and nothing for one that counts them.
func (b *builder) aggregateArgs(e *syntax.Call, f *function.Aggregate) (args []Expr, star bool) {
	rest := e.Args
	if len(rest) > 0 {
		if s, ok := rest[0].(*syntax.Star); ok {
			star, rest = true, rest[1:]
			b.checkStar(s)
			if f.Whole {
				args = append(args, b.wholeOf(s))
			}
		}
	}
	return append(args, b.args(rest)...), star
}

// aggregateColumn keeps equal calls once.
func (b *builder) aggregateColumn(list *[]AggregateCall, call AggregateCall, kind value.Kind) Expr {
	for _, a := range *list {
		if a.Text == call.Text {
			return &Column{a.ID, a.Text, kind}
		}
	}
	column := b.compute(call.Text, kind)
	call.ID = column.ID
	b.grouped[call.ID] = list != &b.totals
	*list = append(*list, call)
	return column
}

func (b *builder) misplacedAggregate(span diag.Span, what string) {
	if b.scope.aggregate != "" {
		b.find(diag.Misplaced, span, "", "%s cannot be an argument of %s: both are aggregates", what, b.scope.aggregate)
		return
	}
	hint := ""
	if b.scope.clause == "WHERE" {
		hint = "Conditions on groups stand in HAVING."
	}
	b.find(diag.Misplaced, span, hint, "%s: an aggregate cannot stand in %s", what, b.scope.clause)
}

// meta binds meta(key), meta(stream.key), meta(obj->key) and meta(*).
func (b *builder) meta(e *syntax.Call) Expr {
	b.plainCall(e)
	if len(e.Args) != 1 {
		b.find(diag.NoOverload, e.Span, "Name a key: meta(topic).", "%s takes one argument, not %d", e.Name.Name, len(e.Args))
		return unknown()
	}
	return b.metaKey(e.Args[0])
}

func (b *builder) metaKey(e syntax.Expr) Expr {
	switch e := e.(type) {
	case *syntax.Star:
		if source, ok := b.sourceNamed(e.Stream); ok {
			return b.metaOfSource(source, "*", e.Span)
		}
		return b.metaOf("*")
	case *syntax.Ident:
		return b.metaOf(e.Name)
	case *syntax.Literal:
		if e.Value.Kind() == value.String {
			return b.metaOf(e.Value.Str())
		}
	case *syntax.Field:
		if id, ok := e.X.(*syntax.Ident); ok && !e.Arrow {
			if source, ok := b.sourceNamed(id.Name); ok {
				return b.metaOfSource(source, e.Name.Name, e.Span)
			}
		}
		return &Member{b.metaKey(e.X), e.Name.Name}
	}
	b.find(diag.TypeMismatch, e.At(), "Name a key: meta(topic).", "meta takes the name of a key")
	return unknown()
}
