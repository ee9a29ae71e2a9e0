package exec

import (
	"sluice/sqlengine/plan"
	"sluice/sqlengine/syntax"
	"sluice/sqlengine/value"
)

// arithmetic computes two FLOATs itself; every other pair of kinds, and what
// can fail, is done by package operator.
func (c compiler) arithmetic(e *plan.Arithmetic) Eval {
	l, r := c.compile(e.L), c.compile(e.R)
	slow := slowArithmetic(e)
	if k, ok := e.R.(*plan.Const); ok {
		if n, number := k.Value.Number(); number {
			if fast := floatWithConst(e.Op, l, n, k.Value, slow); fast != nil {
				return fast
			}
		}
	}
	switch e.Op {
	case syntax.Add:
		return func(f *Frame) value.Value {
			a, b := l(f), r(f)
			if a.Kind() == value.Float && b.Kind() == value.Float {
				return value.OfFloat(a.Float() + b.Float())
			}
			return slow(f, a, b)
		}
	case syntax.Subtract:
		return func(f *Frame) value.Value {
			a, b := l(f), r(f)
			if a.Kind() == value.Float && b.Kind() == value.Float {
				return value.OfFloat(a.Float() - b.Float())
			}
			return slow(f, a, b)
		}
	case syntax.Multiply:
		return func(f *Frame) value.Value {
			a, b := l(f), r(f)
			if a.Kind() == value.Float && b.Kind() == value.Float {
				return value.OfFloat(a.Float() * b.Float())
			}
			return slow(f, a, b)
		}
	}
	return func(f *Frame) value.Value { return slow(f, l(f), r(f)) }
}

type binary func(f *Frame, a, b value.Value) value.Value

func slowArithmetic(e *plan.Arithmetic) binary {
	apply := plan.ArithmeticFunc(e.Op)
	return func(f *Frame, a, b value.Value) value.Value {
		v, err := apply(a, b)
		if err != nil {
			return f.failAt(e, err)
		}
		return v
	}
}

// floatWithConst is for a numeric constant on the right, the usual case: it
// saves a call a row. It is nil for operators that it does not know.
func floatWithConst(op syntax.Op, l Eval, n float64, k value.Value, slow binary) Eval {
	switch {
	case op == syntax.Add:
		return func(f *Frame) value.Value {
			a := l(f)
			if a.Kind() == value.Float {
				return value.OfFloat(a.Float() + n)
			}
			return slow(f, a, k)
		}
	case op == syntax.Subtract:
		return func(f *Frame) value.Value {
			a := l(f)
			if a.Kind() == value.Float {
				return value.OfFloat(a.Float() - n)
			}
			return slow(f, a, k)
		}
	case op == syntax.Multiply:
		return func(f *Frame) value.Value {
			a := l(f)
			if a.Kind() == value.Float {
				return value.OfFloat(a.Float() * n)
			}
			return slow(f, a, k)
		}
	case op == syntax.Divide && n != 0:
		return func(f *Frame) value.Value {
			a := l(f)
			if a.Kind() == value.Float {
				return value.OfFloat(a.Float() / n)
			}
			return slow(f, a, k)
		}
	}
	return nil
}
