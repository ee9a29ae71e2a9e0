package plan

import (
	"sluice/sqlengine/function"
	"sluice/sqlengine/plan/operator"
	"sluice/sqlengine/syntax"
	"sluice/sqlengine/value"
)

// arithmetics are the operators that make a value out of two.
var arithmetics = map[syntax.Op]func(a, b value.Value) (value.Value, error){
	syntax.Add: operator.Add, syntax.Subtract: operator.Subtract, syntax.Multiply: operator.Multiply,
	syntax.Divide: operator.Divide, syntax.Modulo: operator.Modulo,
	syntax.BitAnd: operator.BitAnd, syntax.BitOr: operator.BitOr, syntax.BitXor: operator.BitXor,
}

// ArithmeticFunc is what an arithmetic or bit operator does with two values.
func ArithmeticFunc(op syntax.Op) func(a, b value.Value) (value.Value, error) { return arithmetics[op] }

// fold replaces an operator on constants by its result. What fails stays: it
// fails each row that gets there, as a CASE may see to it that none does.
func fold(e Expr) Expr {
	if l, ok := e.(*Logic); ok {
		return foldLogic(l)
	}
	var args [2]value.Value
	for i, child := range Children(e) {
		c, ok := child.(*Const)
		if !ok {
			return e
		}
		args[i] = c.Value
	}
	v, err := evaluate(e, args[0], args[1])
	if err != nil {
		return e
	}
	return &Const{v}
}

// foldLogic folds where the left side decides, and where a constant side
// leaves the other one, a condition for sure, to decide.
func foldLogic(l *Logic) Expr {
	if c, ok := l.L.(*Const); ok {
		switch {
		case c.Value.True() == (l.Op == syntax.Or):
			return &Const{value.OfBool(l.Op == syntax.Or)}
		case isCondition(l.R):
			return l.R
		}
	}
	if c, ok := l.R.(*Const); ok && c.Value.True() == (l.Op == syntax.And) && isCondition(l.L) {
		return l.L
	}
	return l
}

// isCondition tells of expressions that give true or false, never NULL.
func isCondition(e Expr) bool {
	switch e := e.(type) {
	case *Compare, *Logic, *Not, *IsNull, *In, *Between, *Like:
		return true
	case *Const:
		return e.Value.Kind() == value.Bool
	}
	return false
}

func evaluate(e Expr, a, b value.Value) (value.Value, error) {
	switch e := e.(type) {
	case *Negate:
		return operator.Negate(a)
	case *Not:
		return operator.Not(a)
	case *IsNull:
		return value.OfBool(a.IsNull() != e.Not), nil
	case *Arithmetic:
		return arithmetics[e.Op](a, b)
	}
	c := e.(*Compare)
	return operator.Test(&function.Context{}, c.Op, a, b)
}
