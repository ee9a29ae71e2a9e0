package operator

import (
	"fmt"

	"sluice/sqlengine/function"
	"sluice/sqlengine/value"
)

// Equal is a = b for values that are not NULL: arrays and objects deeply, a
// DATETIME with a number or a text after converting that.
func Equal(c *function.Context, a, b value.Value) (bool, error) {
	if a.Kind() == b.Kind() || bothNumbers(a, b) {
		return value.Equal(a, b), nil
	}
	order, err := times(c, a, b)
	return order == 0, err
}

// Compare orders two values that are not NULL.
func Compare(c *function.Context, a, b value.Value) (int, error) {
	if a.Kind() == b.Kind() && a.Kind() != value.Bool || bothNumbers(a, b) {
		if order, ok := value.Compare(a, b); ok {
			return order, nil
		}
		return 0, fmt.Errorf("%s values have no order", a.Kind())
	}
	if a.Kind() == value.Bool && b.Kind() == value.Bool {
		return 0, fmt.Errorf("BOOLEAN values have no order")
	}
	return times(c, a, b)
}

func bothNumbers(a, b value.Value) bool {
	_, x := a.Number()
	_, y := b.Number()
	return x && y
}

// times compares where one side is a DATETIME and the other becomes one.
func times(c *function.Context, a, b value.Value) (int, error) {
	if a.Kind() != value.Time && b.Kind() != value.Time {
		return 0, fmt.Errorf("%s cannot be compared with %s", a.Kind(), b.Kind())
	}
	x, err := function.TimeOf(c, a)
	if err != nil {
		return 0, err
	}
	y, err := function.TimeOf(c, b)
	if err != nil {
		return 0, err
	}
	order, _ := value.Compare(value.OfTime(x), value.OfTime(y))
	return order, nil
}

// Comparable tells whether values of two kinds can be compared; a kind that
// is not known can.
func Comparable(a, b value.Kind) bool {
	switch {
	case a == value.Null || b == value.Null || a == b:
		return true
	case isNumber(a) && isNumber(b):
		return true
	case a == value.Time:
		return isNumber(b) || b == value.String
	case b == value.Time:
		return isNumber(a) || a == value.String
	}
	return false
}

func isNumber(k value.Kind) bool { return k == value.Int || k == value.Float }
