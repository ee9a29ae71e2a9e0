// Package operator is what the operators of the dialect do with values: the
// planner folds constants by it, and running queries fall back on it where
// the kinds of the operands are not the usual ones.
package operator

import (
	"errors"
	"fmt"
	"math"
	"math/bits"

	"sluice/sqlengine/value"
)

// The errors of arithmetic.
var (
	ErrOverflow   = errors.New("overflow of BIGINT")
	ErrDivideZero = errors.New("divided by zero")
)

// Add is a + b.
func Add(a, b value.Value) (value.Value, error) {
	return arithmetic("+", a, b, addInt, func(x, y float64) (float64, error) { return x + y, nil })
}

// Subtract is a - b.
func Subtract(a, b value.Value) (value.Value, error) {
	return arithmetic("-", a, b, subtractInt, func(x, y float64) (float64, error) { return x - y, nil })
}

// Multiply is a * b.
func Multiply(a, b value.Value) (value.Value, error) {
	return arithmetic("*", a, b, multiplyInt, func(x, y float64) (float64, error) { return x * y, nil })
}

// Divide is a / b; of two BIGINTs the fraction is cut.
func Divide(a, b value.Value) (value.Value, error) {
	return arithmetic("/", a, b, divideInt, divideFloat)
}

// Modulo is a % b, with the sign of a.
func Modulo(a, b value.Value) (value.Value, error) {
	return arithmetic("%", a, b, moduloInt, moduloFloat)
}

// Negate is -a.
func Negate(a value.Value) (value.Value, error) {
	switch a.Kind() {
	case value.Null:
		return value.Value{}, nil
	case value.Float:
		return value.OfFloat(-a.Float()), nil
	case value.Int:
		if a.Int() == math.MinInt64 {
			return value.Value{}, ErrOverflow
		}
		return value.OfInt(-a.Int()), nil
	}
	return value.Value{}, fmt.Errorf("- does not work on %s", a.Kind())
}

func arithmetic(op string, a, b value.Value,
	ints func(x, y int64) (int64, error), floats func(x, y float64) (float64, error)) (value.Value, error) {
	if a.IsNull() || b.IsNull() {
		return value.Value{}, nil
	}
	if a.Kind() == value.Int && b.Kind() == value.Int {
		i, err := ints(a.Int(), b.Int())
		return value.OfInt(i), err
	}
	x, ok := a.Number()
	y, also := b.Number()
	if !ok || !also {
		return value.Value{}, fmt.Errorf("%s does not work on %s and %s", op, a.Kind(), b.Kind())
	}
	f, err := floats(x, y)
	return value.OfFloat(f), err
}

func addInt(x, y int64) (int64, error) {
	sum := x + y
	if (sum > x) != (y > 0) && y != 0 {
		return 0, ErrOverflow
	}
	return sum, nil
}

func subtractInt(x, y int64) (int64, error) {
	difference := x - y
	if (difference < x) != (y > 0) && y != 0 {
		return 0, ErrOverflow
	}
	return difference, nil
}

func multiplyInt(x, y int64) (int64, error) {
	high, low := bits.Mul64(magnitude(x), magnitude(y))
	negative := (x < 0) != (y < 0)
	switch {
	case high != 0 || low > 1<<63 || low == 1<<63 && !negative:
		return 0, ErrOverflow
	case negative:
		return -int64(low), nil
	}
	return int64(low), nil
}

func magnitude(x int64) uint64 {
	if x < 0 {
		return -uint64(x)
	}
	return uint64(x)
}

func divideInt(x, y int64) (int64, error) {
	switch {
	case y == 0:
		return 0, ErrDivideZero
	case y == -1 && x == math.MinInt64:
		return 0, ErrOverflow
	}
	return x / y, nil
}

func moduloInt(x, y int64) (int64, error) {
	switch y {
	case 0:
		return 0, ErrDivideZero
	case -1:
		return 0, nil
	}
	return x % y, nil
}

func divideFloat(x, y float64) (float64, error) {
	if y == 0 {
		return 0, ErrDivideZero
	}
	return x / y, nil
}

func moduloFloat(x, y float64) (float64, error) {
	if y == 0 {
		return 0, ErrDivideZero
	}
	return math.Mod(x, y), nil
}
