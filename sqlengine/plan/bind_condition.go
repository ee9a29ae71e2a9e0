package plan

import (
	"sluice/sqlengine/diag"
	"sluice/sqlengine/syntax"
	"sluice/sqlengine/value"
)

func (b *builder) in(e *syntax.In) Expr {
	x := &In{X: b.bind(e.X), Not: e.Not}
	if e.Set != nil {
		x.Set = b.bind(e.Set)
		return x
	}
	for _, item := range e.List {
		member := b.bind(item)
		b.comparable(item.At(), syntax.Equal, x.X, member)
		x.List = append(x.List, member)
	}
	if len(x.List) == 1 && x.List[0].Kind() == value.List && x.X.Kind() != value.List {
		return &In{X: x.X, Set: x.List[0], Not: e.Not}
	}
	return x
}

func (b *builder) between(e *syntax.Between) Expr {
	x := &Between{b.bind(e.X), b.bind(e.Low), b.bind(e.High), e.Not}
	b.comparable(e.Low.At(), syntax.LessEqual, x.X, x.Low)
	b.comparable(e.High.At(), syntax.LessEqual, x.X, x.High)
	return x
}

func (b *builder) like(e *syntax.Like) Expr {
	x := &Like{b.bind(e.X), b.bind(e.Pattern), e.Not}
	b.want(e.X, x.X, "LIKE", value.String)
	b.want(e.Pattern, x.Pattern, "LIKE", value.String)
	return x
}

func (b *builder) caseExpr(e *syntax.Case) Expr {
	x := &Case{}
	if e.Operand != nil {
		x.Operand = b.bind(e.Operand)
	}
	var kinds []value.Kind
	for _, w := range e.Whens {
		when := When{b.bind(w.Cond), b.bind(w.Then)}
		if x.Operand != nil {
			b.comparable(w.Cond.At(), syntax.Equal, x.Operand, when.Cond)
		} else {
			b.want(w.Cond, when.Cond, "WHEN", value.Bool)
		}
		x.Whens = append(x.Whens, when)
		kinds = append(kinds, when.Then.Kind())
	}
	if e.Else != nil {
		x.Else = b.bind(e.Else)
		kinds = append(kinds, x.Else.Kind())
	}
	x.Type = common(kinds)
	return x
}

// common is the kind that all have, or Null.
func common(kinds []value.Kind) value.Kind {
	for _, k := range kinds[1:] {
		if k != kinds[0] {
			return value.Null
		}
	}
	return kinds[0]
}

func (b *builder) index(e *syntax.Index) Expr {
	x := &Index{b.bind(e.X), b.bind(e.I)}
	b.want(e.X, x.X, "[ ]", value.List)
	b.wantIndex(e.I, x.I)
	return x
}

func (b *builder) wantIndex(e syntax.Expr, x Expr) {
	if k := x.Kind(); k != value.Null && k != value.Int && k != value.Float {
		b.find(diag.TypeMismatch, e.At(), "Take a field of an object by ->.", "an index must be BIGINT, not %s", k)
	}
}

func (b *builder) slice(e *syntax.Slice) Expr {
	x := &Slice{X: b.bind(e.X)}
	b.want(e.X, x.X, "[:]", value.List)
	if e.Low != nil {
		x.Low = b.bind(e.Low)
		b.wantIndex(e.Low, x.Low)
	}
	if e.High != nil {
		x.High = b.bind(e.High)
		b.wantIndex(e.High, x.High)
	}
	low, lowKnown := bound(x.Low)
	high, highKnown := bound(x.High)
	if lowKnown && highKnown && (low < 0) == (high < 0) && low >= high {
		b.find(diag.TypeMismatch, e.Span, "", "the slice [%d:%d] is empty: its start must be less than its end", low, high)
	}
	return x
}

func bound(x Expr) (int64, bool) {
	c, ok := x.(*Const)
	if !ok || c.Value.Kind() != value.Int {
		return 0, false
	}
	return c.Value.Int(), true
}
