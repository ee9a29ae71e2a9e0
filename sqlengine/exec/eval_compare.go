package exec

import (
	"cmp"
	"math"

	"sluice/sqlengine/plan"
	op "sluice/sqlengine/plan/operator"
	"sluice/sqlengine/syntax"
	"sluice/sqlengine/value"
)

func (c compiler) compare(e *plan.Compare) Eval {
	if fast := c.compareColumn(e); fast != nil {
		return fast
	}
	l, r := c.compile(e.L), c.compile(e.R)
	if k, ok := e.R.(*plan.Const); ok {
		if n, number := k.Value.Number(); number && math.Abs(n) < 1<<53 {
			return compareResult(e, l, n, k.Value)
		}
	}
	return func(f *Frame) value.Value { return compareValues(f, e, e.Op, l(f), r(f)) }
}

// compareResult is for what is computed against a numeric constant.
func compareResult(e *plan.Compare, x Eval, n float64, k value.Value) Eval {
	o := e.Op
	return func(f *Frame) value.Value {
		v := x(f)
		if v.Kind() == value.Float {
			return value.OfBool(op.Holds(o, cmp.Compare(v.Float(), n)))
		}
		return compareValues(f, e, o, v, k)
	}
}

func compareValues(f *Frame, e plan.Expr, o syntax.Op, a, b value.Value) value.Value {
	v, err := op.Test(&f.Context, o, a, b)
	if err != nil {
		return f.failAt(e, err)
	}
	return v
}

// compareColumn is for a column against a constant, the shape that most rules
// have; nil for others.
func (c compiler) compareColumn(e *plan.Compare) Eval {
	o := e.Op
	column, ok := e.L.(*plan.Column)
	constant, also := e.R.(*plan.Const)
	if !ok || !also {
		column, ok = e.R.(*plan.Column)
		constant, also = e.L.(*plan.Const)
		o = o.Mirror()
	}
	if !ok || !also {
		return nil
	}
	slot, k := c.layout[column.ID], constant.Value
	slow := func(f *Frame, v value.Value) value.Value { return compareValues(f, e, o, v, k) }
	if n, number := k.Number(); number && math.Abs(n) < 1<<53 {
		return compareNumber(o, slot, n, slow)
	}
	if k.Kind() == value.String && (o == syntax.Equal || o == syntax.NotEqual) {
		return equalsText(slot, k.Str(), o == syntax.Equal, slow)
	}
	return nil
}

func equalsText(slot int, text string, want bool, slow func(*Frame, value.Value) value.Value) Eval {
	return func(f *Frame) value.Value {
		v := f.Row.Cols[slot]
		if v.Kind() == value.String {
			return value.OfBool((v.Str() == text) == want)
		}
		return slow(f, v)
	}
}

// compareNumber compares FLOATs as value.Compare does: NaN is less than all
// numbers, hence the negations.
func compareNumber(o syntax.Op, slot int, n float64, slow func(*Frame, value.Value) value.Value) Eval {
	switch o {
	case syntax.Equal:
		return func(f *Frame) value.Value {
			v := f.Row.Cols[slot]
			if v.Kind() == value.Float {
				return value.OfBool(v.Float() == n)
			}
			return slow(f, v)
		}
	case syntax.NotEqual:
		return func(f *Frame) value.Value {
			v := f.Row.Cols[slot]
			if v.Kind() == value.Float {
				return value.OfBool(v.Float() != n)
			}
			return slow(f, v)
		}
	case syntax.Less:
		return func(f *Frame) value.Value {
			v := f.Row.Cols[slot]
			if v.Kind() == value.Float {
				return value.OfBool(!(v.Float() >= n))
			}
			return slow(f, v)
		}
	case syntax.LessEqual:
		return func(f *Frame) value.Value {
			v := f.Row.Cols[slot]
			if v.Kind() == value.Float {
				return value.OfBool(!(v.Float() > n))
			}
			return slow(f, v)
		}
	case syntax.Greater:
		return func(f *Frame) value.Value {
			v := f.Row.Cols[slot]
			if v.Kind() == value.Float {
				return value.OfBool(v.Float() > n)
			}
			return slow(f, v)
		}
	}
	return func(f *Frame) value.Value {
		v := f.Row.Cols[slot]
		if v.Kind() == value.Float {
			return value.OfBool(v.Float() >= n)
		}
		return slow(f, v)
	}
}

// between is false in both forms when any of the three is NULL.
func (c compiler) between(e *plan.Between) Eval {
	x, low, high := c.compile(e.X), c.compile(e.Low), c.compile(e.High)
	return func(f *Frame) value.Value {
		v, a, b := x(f), low(f), high(f)
		if v.IsNull() || a.IsNull() || b.IsNull() {
			return value.OfBool(false)
		}
		above, err := op.Compare(&f.Context, v, a)
		if err != nil {
			return f.failAt(e, err)
		}
		below, err := op.Compare(&f.Context, v, b)
		if err != nil {
			return f.failAt(e, err)
		}
		return value.OfBool((above >= 0 && below <= 0) != e.Not)
	}
}
