package operator

import (
	"fmt"

	"sluice/sqlengine/value"
)

// BitAnd is a & b, of two BIGINTs or two BOOLEANs; with NULL it is false.
func BitAnd(a, b value.Value) (value.Value, error) {
	return bitwise("&", a, b, func(x, y int64) int64 { return x & y })
}

// BitOr is a | b.
func BitOr(a, b value.Value) (value.Value, error) {
	return bitwise("|", a, b, func(x, y int64) int64 { return x | y })
}

// BitXor is a ^ b.
func BitXor(a, b value.Value) (value.Value, error) {
	return bitwise("^", a, b, func(x, y int64) int64 { return x ^ y })
}

func bitwise(op string, a, b value.Value, bits func(x, y int64) int64) (value.Value, error) {
	if a.IsNull() || b.IsNull() {
		return value.OfBool(false), nil
	}
	if a.Kind() == b.Kind() {
		switch a.Kind() {
		case value.Int:
			return value.OfInt(bits(a.Int(), b.Int())), nil
		case value.Bool:
			return value.OfBool(bits(truth(a), truth(b)) != 0), nil
		}
	}
	return value.Value{}, fmt.Errorf("%s does not work on %s and %s", op, a.Kind(), b.Kind())
}

func truth(v value.Value) int64 {
	if v.True() {
		return 1
	}
	return 0
}
