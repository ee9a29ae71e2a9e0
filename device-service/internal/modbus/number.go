package modbus

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"sluice/device-service/internal/driver"
)

// widths is the number of registers of each type of number. The BCD types hold
// a decimal digit in each four bits.
var widths = map[driver.Type]int{
	"Bool": 1, "Int8": 1, "Uint8": 1, "Int16": 1, "Uint16": 1, "Int32": 2, "Uint32": 2, "Int64": 4, "Uint64": 4,
	"Float32": 2, "Float64": 4, "BCD16": 1, "BCD32": 2, "BCD64": 4,
}

// integerBits are the bits that a type of whole numbers has.
var integerBits = map[driver.Type]int{
	"Int8": 8, "Uint8": 8, "Int16": 16, "Uint16": 16, "Int32": 32, "Uint32": 32, "Int64": 64, "Uint64": 64,
}

var (
	integers  = set("Int8", "Uint8", "Int16", "Uint16", "Int32", "Uint32", "Int64", "Uint64")
	signed    = set("Int8", "Int16", "Int32", "Int64")
	fractions = set("Float32", "Float64")
	eightBits = set("Int8", "Uint8")
	decimals  = map[driver.Type]int{"BCD16": 4, "BCD32": 8, "BCD64": 16} // digits
)

func set(types ...driver.Type) map[driver.Type]bool {
	out := map[driver.Type]bool{}
	for _, t := range types {
		out[t] = true
	}
	return out
}

// rawTypesOf lists what the registers of a number may hold: any other number
// for a Float64 or a String, whole ones for whole numbers.
func rawTypesOf(kind driver.Type) []driver.Type {
	var out []driver.Type
	for t := range widths {
		if t == "Bool" || fractions[t] && (integers[kind] || t == "Float64" && kind == "Float32") {
			continue
		}
		out = append(out, t)
	}
	slices.SortFunc(out, func(a, b driver.Type) int { return strings.Compare(string(a), string(b)) })
	return out
}

// fromRaw is the value of a type whose registers hold n as another.
func fromRaw(kind, raw driver.Type, n uint64) (any, error) {
	switch raw {
	case "Float32":
		return fractionOf(kind, math.Float32frombits(uint32(n))), nil
	case "Float64":
		return math.Float64frombits(n), nil
	case "Int8":
		return whole(kind, int64(int8(n)))
	case "Int16":
		return whole(kind, int64(int16(n)))
	case "Int32":
		return whole(kind, int64(int32(n)))
	case "Int64":
		return whole(kind, int64(n))
	case "Uint8":
		return whole(kind, int64(uint8(n)))
	case "Uint16", "Uint32":
		return whole(kind, int64(n))
	case "Uint64":
		return unsigned(kind, n)
	}
	n, err := fromBCD(n)
	if err != nil {
		return nil, err
	}
	return whole(kind, int64(n))
}

func fractionOf(kind driver.Type, f float32) any {
	if kind == "Float64" {
		return float64(f)
	}
	return f
}

// whole converts a whole number to a type that may be too small for it.
func whole(kind driver.Type, n int64) (any, error) {
	beyond := fmt.Errorf("%d is beyond %s", n, kind)
	switch kind {
	case "Float32":
		return float32(n), nil
	case "Float64":
		return float64(n), nil
	case "Int64":
		return n, nil
	}
	if n < 0 && !signed[kind] {
		return nil, beyond
	}
	bits := integerBits[kind]
	if signed[kind] && n != n<<(64-bits)>>(64-bits) || !signed[kind] && bits < 64 && n>>bits != 0 {
		return nil, beyond
	}
	return integerOf(kind, uint64(n)), nil
}

// unsigned is whole for numbers that may be beyond Int64.
func unsigned(kind driver.Type, n uint64) (any, error) {
	switch {
	case kind == "Uint64":
		return n, nil
	case kind == "Float64":
		return float64(n), nil
	case kind == "Float32":
		return float32(n), nil
	case n > math.MaxInt64:
		return nil, fmt.Errorf("%d is beyond %s", n, kind)
	}
	return whole(kind, int64(n))
}

// integerOf is a number, which fits, in the Go type of a kind.
func integerOf(kind driver.Type, n uint64) any {
	switch kind {
	case "Int8":
		return int8(n)
	case "Uint8":
		return uint8(n)
	case "Int16":
		return int16(n)
	case "Uint16":
		return uint16(n)
	case "Int32":
		return int32(n)
	case "Uint32":
		return uint32(n)
	}
	return n
}

// toRaw is the bit pattern of a number as the registers hold it.
func toRaw(raw driver.Type, v any) (uint64, error) {
	switch v := v.(type) {
	case int8:
		return wholeToRaw(raw, int64(v))
	case int16:
		return wholeToRaw(raw, int64(v))
	case int32:
		return wholeToRaw(raw, int64(v))
	case int64:
		return wholeToRaw(raw, v)
	case uint8:
		return wholeToRaw(raw, int64(v))
	case uint16:
		return wholeToRaw(raw, int64(v))
	case uint32:
		return wholeToRaw(raw, int64(v))
	case uint64:
		if raw == "Uint64" {
			return v, nil
		}
		if v > math.MaxInt64 {
			return 0, beyond(v, raw)
		}
		return wholeToRaw(raw, int64(v))
	case float32:
		if raw == "Float32" {
			return uint64(math.Float32bits(v)), nil
		}
		return fractional(raw, float64(v))
	case float64:
		return fractional(raw, v)
	}
	return 0, fmt.Errorf("the value is a %T", v)
}

func beyond(v any, raw driver.Type) error {
	return fmt.Errorf("%v is beyond %s, which the registers hold", v, raw)
}

func wholeToRaw(raw driver.Type, n int64) (uint64, error) {
	if digits, ok := decimals[raw]; ok {
		return toBCD(n, digits, raw)
	}
	bits := integerBits[raw]
	if signed[raw] {
		if n != n<<(64-bits)>>(64-bits) {
			return 0, beyond(n, raw)
		}
		return uint64(n), nil
	}
	if n < 0 || bits < 64 && n>>bits != 0 {
		return 0, beyond(n, raw)
	}
	return uint64(n), nil
}

// fractional is the bit pattern of a Float32 or Float64. As a whole number the
// value is rounded: a scale of 0.1 has made 252.99999999999997 of 25.3.
func fractional(raw driver.Type, f float64) (uint64, error) {
	switch {
	case raw == "Float64":
		return math.Float64bits(f), nil
	case raw == "Float32" && math.Abs(f) > math.MaxFloat32 && !math.IsInf(f, 0):
		return 0, fmt.Errorf("%v is beyond Float32", f)
	case raw == "Float32":
		return uint64(math.Float32bits(float32(f))), nil
	}
	rounded := math.RoundToEven(f)
	switch {
	case math.IsNaN(f), rounded < math.MinInt64, rounded >= 1<<64:
		return 0, beyond(f, raw)
	case rounded >= 1<<63 && raw == "Uint64":
		return uint64(rounded), nil
	case rounded >= 1<<63:
		return 0, beyond(f, raw)
	}
	n, err := wholeToRaw(raw, int64(rounded))
	if err != nil {
		return 0, beyond(f, raw)
	}
	return n, nil
}

// fromBCD reads decimal digits, four bits each.
func fromBCD(n uint64) (uint64, error) {
	out, factor := uint64(0), uint64(1)
	for rest := n; rest > 0; rest >>= 4 {
		digit := rest & 15
		if digit > 9 {
			return 0, fmt.Errorf("%#x is no number in BCD", n)
		}
		out += digit * factor
		factor *= 10
	}
	return out, nil
}

func toBCD(n int64, digits int, raw driver.Type) (out uint64, err error) {
	rest := n
	for i := range digits {
		out |= uint64(rest%10) << (4 * i)
		rest /= 10
	}
	if n < 0 || rest > 0 {
		return 0, beyond(n, raw)
	}
	return out, nil
}

// own is the type that holds all numbers of a raw type.
func own(raw driver.Type) driver.Type {
	if _, ok := decimals[raw]; ok {
		return "Uint64"
	}
	return raw
}

// textOf is a number in decimal, floats in the shortest form that gives the
// same float again: EdgeX's SDK keeps 7 digits of a float, but all of a text.
func textOf(raw driver.Type, n uint64) (any, error) {
	v, err := fromRaw(own(raw), raw, n)
	if err != nil {
		return nil, err
	}
	switch f := v.(type) {
	case float32:
		return decimal(float64(f), 32), nil
	case float64:
		return decimal(f, 64), nil
	}
	return fmt.Sprint(v), nil
}

// decimal has an exponent where the digits would be lost among zeros.
func decimal(f float64, bits int) string {
	if size := math.Abs(f); size != 0 && (size < 1e-6 || size >= 1e21) {
		return strconv.FormatFloat(f, 'g', -1, bits)
	}
	return strconv.FormatFloat(f, 'f', -1, bits)
}

// ofText is the reverse of textOf.
func ofText(raw driver.Type, s string) (uint64, error) {
	s = strings.TrimSpace(s)
	var v any
	var err error
	switch kind := own(raw); {
	case fractions[kind]:
		v, err = strconv.ParseFloat(s, 64)
	case signed[kind]:
		v, err = strconv.ParseInt(s, 10, 64)
	default:
		v, err = strconv.ParseUint(s, 10, 64)
	}
	if err != nil {
		return 0, fmt.Errorf("%q is no number that %s can hold", s, raw)
	}
	return toRaw(raw, v)
}
