package plan

import (
	"errors"
	"slices"
	"strings"

	"sluice/sqlengine/diag"
	"sluice/sqlengine/function"
	"sluice/sqlengine/syntax"
	"sluice/sqlengine/value"
)

func (b *builder) call(e *syntax.Call) Expr {
	name := strings.ToLower(e.Name.Name)
	if name == "meta" || name == "mqtt" {
		return b.meta(e)
	}
	if f, ok := b.functions.Aggregate(name); ok {
		return b.aggregate(e, name, f)
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
	return &Call{Name: name, Args: args, Bound: bound, Volatile: f.Volatile}
}

// plainCall refuses what only analytic functions take.
func (b *builder) plainCall(e *syntax.Call) {
	if e.Filter != nil {
		b.find(diag.Unsupported, e.Filter.At(), "", "FILTER is not supported yet")
	}
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

// later are the functions of the dialect that are not of this version.
var later = strings.Fields(`lag latest changed_col changed_cols had_changed acc_avg acc_max acc_min acc_sum acc_count
	unnest extract row_number dedup_trigger last_hit_count last_hit_time last_agg_hit_count last_agg_hit_time
	get_keyed_state delay props deduplicate bypass compress decompress convert_tz json_path_exists json_path_query
	json_path_query_first`)

func (b *builder) unknownFunction(e *syntax.Call, name string) {
	if slices.Contains(later, name) {
		b.find(diag.Unsupported, e.Name.Span, "", "function %s is not supported yet", name)
		return
	}
	for _, w := range syntax.WindowNames {
		if strings.EqualFold(w, name) {
			b.find(diag.Misplaced, e.Span, "", "%s can stand in GROUP BY only", w)
			return
		}
	}
	candidates := append(b.functions.Names(), "meta", "mqtt")
	hint := diag.DidYouMean(name, candidates)
	if near := diag.Nearest(e.Name.Name, syntax.WindowNames); near != "" && strings.Contains(name, "win") {
		hint = "Did you mean " + near + "?"
	}
	b.find(diag.UnknownFunction, e.Name.Span, hint, "unknown function %q", e.Name.Name)
}

// aggregate binds a call of an aggregate to the column that holds its result.
func (b *builder) aggregate(e *syntax.Call, name string, f *function.Aggregate) Expr {
	if b.scope.stage < stageOut {
		b.misplacedAggregate(e.Span, name)
		return unknown()
	}
	b.plainCall(e)
	inner := b.scope
	inner.aggregate, inner.stage = name, stageRow
	outer := b.scope
	b.scope = inner
	args, star := b.aggregateArgs(e, f)
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
	text := name + strings.TrimPrefix(syntax.Print(e), syntax.Quote(e.Name.Name))
	return b.aggregateColumn(AggregateCall{Function: f, Args: args, Text: text}, kind)
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
				args = append(args, b.whole(0))
			}
		}
	}
	return append(args, b.args(rest)...), star
}

// aggregateColumn keeps equal calls once.
func (b *builder) aggregateColumn(call AggregateCall, kind value.Kind) Expr {
	for _, a := range b.aggregates {
		if a.Text == call.Text {
			return &Column{a.ID, a.Text, kind}
		}
	}
	column := b.compute(call.Text, kind)
	call.ID = column.ID
	b.grouped[call.ID] = true
	b.aggregates = append(b.aggregates, call)
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
	if hint != "" && len(b.query.Windows) > 0 {
		b.find(diag.Unsupported, span, hint, "%s: an aggregate in WHERE is not supported yet", what)
		return
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
		return b.readColumn(0, "*", value.Meta, value.Object)
	case *syntax.Ident:
		return b.readColumn(0, e.Name, value.Meta, value.Null)
	case *syntax.Literal:
		if e.Value.Kind() == value.String {
			return b.readColumn(0, e.Value.Str(), value.Meta, value.Null)
		}
	case *syntax.Field:
		if id, ok := e.X.(*syntax.Ident); ok && !e.Arrow {
			if source, ok := b.sourceNamed(id.Name); ok {
				return b.readColumn(source, e.Name.Name, value.Meta, value.Null)
			}
		}
		return &Member{b.metaKey(e.X), e.Name.Name}
	}
	b.find(diag.TypeMismatch, e.At(), "Name a key: meta(topic).", "meta takes the name of a key")
	return unknown()
}
