package exec

import (
	"fmt"

	"sluice/sqlengine/plan"
	op "sluice/sqlengine/plan/operator"
	"sluice/sqlengine/syntax"
	"sluice/sqlengine/value"
)

// logic is AND and OR: the right side is not evaluated when the left one
// decides, and NULL counts as false.
func (c compiler) logic(e *plan.Logic) Eval {
	l, r := c.truth(e, e.L), c.truth(e, e.R)
	if e.Op == syntax.And {
		return func(f *Frame) value.Value { return value.OfBool(l(f) && r(f)) }
	}
	return func(f *Frame) value.Value { return value.OfBool(l(f) || r(f)) }
}

// truth evaluates an operand of a condition; what is neither BOOLEAN nor NULL
// fails.
func (c compiler) truth(e, operand plan.Expr) func(*Frame) bool {
	x := c.compile(operand)
	if operand.Kind() == value.Bool {
		return func(f *Frame) bool { return x(f).True() }
	}
	return func(f *Frame) bool {
		v := x(f)
		if k := v.Kind(); k != value.Bool && k != value.Null {
			f.failAt(e, fmt.Errorf("%s is no condition: it gives a %s", plan.Format(operand), k))
		}
		return v.True()
	}
}

func (c compiler) caseExpr(e *plan.Case) Eval {
	otherwise := func(*Frame) value.Value { return value.Value{} }
	if e.Else != nil {
		otherwise = c.compile(e.Else)
	}
	operand := func(*Frame) value.Value { return value.Value{} }
	if e.Operand != nil {
		operand = c.compile(e.Operand)
	}
	conds := make([]func(*Frame, value.Value) bool, len(e.Whens))
	thens := make([]Eval, len(e.Whens))
	for i, w := range e.Whens {
		conds[i], thens[i] = c.when(e, w.Cond), c.compile(w.Then)
	}
	return func(f *Frame) value.Value {
		v := operand(f)
		for i, cond := range conds {
			if cond(f, v) {
				return thens[i](f)
			}
			if f.err != nil {
				return value.Value{}
			}
		}
		return otherwise(f)
	}
}

// when tests a branch of CASE against the value of its operand, or, where CASE
// has none, as a condition.
func (c compiler) when(e *plan.Case, cond plan.Expr) func(*Frame, value.Value) bool {
	if e.Operand == nil {
		test := c.truth(e, cond)
		return func(f *Frame, _ value.Value) bool { return test(f) }
	}
	equals, x := &plan.Compare{Op: syntax.Equal, L: e.Operand, R: cond}, c.compile(cond)
	return func(f *Frame, v value.Value) bool { return compareValues(f, equals, equals.Op, v, x(f)).True() }
}

// in is false in both forms when the left side is NULL.
func (c compiler) in(e *plan.In) Eval {
	x := c.compile(e.X)
	if e.Set != nil {
		return inArray(e, x, c.compile(e.Set))
	}
	texts := constantTexts(e.List)
	list := c.list(e.List)
	return func(f *Frame) value.Value {
		v := x(f)
		if v.IsNull() {
			return value.OfBool(false)
		}
		if texts != nil && v.Kind() == value.String {
			return value.OfBool(texts[v.Str()] != e.Not)
		}
		for _, member := range list {
			hit := compareValues(f, e, syntax.Equal, v, member(f))
			if hit.True() || f.err != nil {
				return value.OfBool(!e.Not)
			}
		}
		return value.OfBool(e.Not)
	}
}

// inArray looks into an array; what is no array is the empty set.
func inArray(e *plan.In, x, set Eval) Eval {
	return func(f *Frame) value.Value {
		v, s := x(f), set(f)
		if v.IsNull() {
			return value.OfBool(false)
		}
		if s.Kind() != value.List {
			return value.OfBool(e.Not)
		}
		for _, member := range s.List() {
			if hit := compareValues(f, e, syntax.Equal, v, member); hit.True() {
				return value.OfBool(!e.Not)
			}
		}
		return value.OfBool(e.Not)
	}
}

// constantTexts is the set of a list of constant texts, or nil.
func constantTexts(list []plan.Expr) map[string]bool {
	set := map[string]bool{}
	for _, e := range list {
		c, ok := e.(*plan.Const)
		if !ok || c.Value.Kind() != value.String {
			return nil
		}
		set[c.Value.Str()] = true
	}
	return set
}

// like is false in both forms when a side is NULL.
func (c compiler) like(e *plan.Like) Eval {
	x, pattern := c.compile(e.X), c.compile(e.Pattern)
	var last string
	prepared := op.NewPattern("")
	return func(f *Frame) value.Value {
		v, p := x(f), pattern(f)
		if v.IsNull() || p.IsNull() {
			return value.OfBool(false)
		}
		if v.Kind() != value.String || p.Kind() != value.String {
			return f.failAt(e, fmt.Errorf("LIKE does not work on %s and %s", v.Kind(), p.Kind()))
		}
		if p.Str() != last {
			last, prepared = p.Str(), op.NewPattern(p.Str())
		}
		return value.OfBool(prepared.Match(v.Str()) != e.Not)
	}
}
