package plan

import (
	"sluice/sqlengine/diag"
	"sluice/sqlengine/plan/operator"
	"sluice/sqlengine/syntax"
	"sluice/sqlengine/value"
)

// bind turns an expression of the text into a typed one. What it cannot
// understand becomes a finding and an expression of unknown kind.
func (b *builder) bind(e syntax.Expr) Expr {
	switch e := e.(type) {
	case *syntax.Literal:
		return &Const{e.Value}
	case *syntax.Null:
		return b.null(e)
	case *syntax.Param:
		return b.param(e)
	case *syntax.Ident:
		return b.name(*e)
	case *syntax.Field:
		return b.field(e)
	case *syntax.Call:
		return b.call(e)
	case *syntax.Unary:
		return b.unary(e)
	case *syntax.Binary:
		return b.binary(e)
	case *syntax.IsNull:
		return fold(&IsNull{b.bind(e.X), e.Not})
	case *syntax.In:
		return b.in(e)
	case *syntax.Between:
		return b.between(e)
	case *syntax.Like:
		return b.like(e)
	case *syntax.Case:
		return b.caseExpr(e)
	case *syntax.Index:
		return b.index(e)
	case *syntax.Slice:
		return b.slice(e)
	case *syntax.Star:
		b.find(diag.Misplaced, e.Span, "", "* can stand alone in the select list or in a call such as count(*)")
	case *syntax.Unit:
		b.find(diag.Misplaced, e.Span, "", "a time unit can only be the first argument of a window")
	}
	return unknown()
}

func (b *builder) unary(e *syntax.Unary) Expr {
	x := b.bind(e.X)
	if e.Op == syntax.Not {
		b.want(e.X, x, "NOT", value.Bool)
		return fold(&Not{x})
	}
	b.want(e.X, x, "-", value.Int, value.Float)
	return fold(&Negate{x})
}

// want reports an operand that is known to be of another kind.
func (b *builder) want(at syntax.Expr, x Expr, op string, kinds ...value.Kind) bool {
	k := x.Kind()
	if k == value.Null {
		return true
	}
	for _, ok := range kinds {
		if k == ok {
			return true
		}
	}
	b.find(diag.TypeMismatch, at.At(), kindHint(k, op), "%s does not work on %s", op, k)
	return false
}

func kindHint(k value.Kind, op string) string {
	switch op {
	case "AND", "OR", "NOT", "WHEN":
		return "Compare it with something."
	case "LIKE":
		return `Convert it by cast(x, "string").`
	case "[ ]", "[:]":
		return ""
	}
	switch {
	case k == value.String && op == "+":
		return "Join texts by concat(a, b)."
	case k == value.String:
		return `Convert the text by cast(x, "float").`
	}
	return ""
}

func (b *builder) binary(e *syntax.Binary) Expr {
	l, r := b.bind(e.L), b.bind(e.R)
	switch {
	case e.Op == syntax.And || e.Op == syntax.Or:
		b.want(e.L, l, e.Op.String(), value.Bool)
		b.want(e.R, r, e.Op.String(), value.Bool)
		return fold(&Logic{e.Op, l, r})
	case e.Op.Comparison():
		return b.compare(e, l, r)
	}
	return b.arithmetic(e, l, r)
}

func (b *builder) arithmetic(e *syntax.Binary, l, r Expr) Expr {
	op := e.Op.String()
	x := &Arithmetic{Op: e.Op, L: l, R: r}
	switch e.Op {
	case syntax.BitAnd, syntax.BitOr, syntax.BitXor:
		ok := b.want(e.L, l, op, value.Int, value.Bool) && b.want(e.R, r, op, value.Int, value.Bool)
		if a, c := l.Kind(), r.Kind(); ok && a != value.Null && c != value.Null && a != c {
			b.find(diag.TypeMismatch, e.Span, "", "%s does not work on %s and %s", op, a, c)
		}
		return fold(x) // NULL makes it a BOOLEAN, so that the kind is not known
	}
	b.want(e.L, l, op, value.Int, value.Float)
	b.want(e.R, r, op, value.Int, value.Float)
	switch a, c := l.Kind(), r.Kind(); {
	case a == value.Float || c == value.Float:
		x.Type = value.Float
	case a == value.Int && c == value.Int:
		x.Type = value.Int
	}
	return fold(x)
}

// compare gives = and != with the literal NULL the meaning of IS [NOT] NULL.
func (b *builder) compare(e *syntax.Binary, l, r Expr) Expr {
	if e.Op == syntax.Equal || e.Op == syntax.NotEqual {
		if isNullLiteral(e.R, r) {
			return fold(&IsNull{l, e.Op == syntax.NotEqual})
		}
		if isNullLiteral(e.L, l) {
			return fold(&IsNull{r, e.Op == syntax.NotEqual})
		}
	}
	b.comparable(e.At(), e.Op, l, r)
	return fold(&Compare{e.Op, l, r})
}

func isNullLiteral(e syntax.Expr, x Expr) bool {
	_, literal := e.(*syntax.Null)
	c, constant := x.(*Const)
	return literal && constant && c.Value.IsNull()
}

// comparable reports two sides that are known not to have an order.
func (b *builder) comparable(span diag.Span, op syntax.Op, l, r Expr) {
	a, c := l.Kind(), r.Kind()
	hint := ""
	switch {
	case !operator.Comparable(a, c):
		if a == value.String || c == value.String {
			hint = `Convert the text by cast(x, "float"), or put the number in quotes.`
		}
		b.find(diag.TypeMismatch, span, hint, "%s cannot be compared with %s", a, c)
	case op != syntax.Equal && op != syntax.NotEqual && (unordered(a) || unordered(c)):
		k := a
		if !unordered(k) {
			k = c
		}
		b.find(diag.TypeMismatch, span, "Only = and != work on them.", "%s values have no order", k)
	}
}

func unordered(k value.Kind) bool { return k == value.Bool || k == value.List || k == value.Object }
