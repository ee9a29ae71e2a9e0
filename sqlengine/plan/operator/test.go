package operator

import (
	"fmt"

	"sluice/sqlengine/function"
	"sluice/sqlengine/syntax"
	"sluice/sqlengine/value"
)

// Test is a comparison of two values: false when either is NULL.
func Test(c *function.Context, op syntax.Op, a, b value.Value) (value.Value, error) {
	if a.IsNull() || b.IsNull() {
		return value.OfBool(false), nil
	}
	if op == syntax.Equal || op == syntax.NotEqual {
		same, err := Equal(c, a, b)
		return value.OfBool(same == (op == syntax.Equal)), err
	}
	order, err := Compare(c, a, b)
	return value.OfBool(Holds(op, order)), err
}

// Holds tells whether a comparison is true of an order.
func Holds(op syntax.Op, order int) bool {
	switch op {
	case syntax.Equal:
		return order == 0
	case syntax.NotEqual:
		return order != 0
	case syntax.Less:
		return order < 0
	case syntax.LessEqual:
		return order <= 0
	case syntax.Greater:
		return order > 0
	}
	return order >= 0
}

// Not is NOT a: of NULL it is false, as every condition on NULL is.
func Not(a value.Value) (value.Value, error) {
	switch a.Kind() {
	case value.Null:
		return value.OfBool(false), nil
	case value.Bool:
		return value.OfBool(!a.True()), nil
	}
	return value.Value{}, fmt.Errorf("NOT does not work on %s", a.Kind())
}
