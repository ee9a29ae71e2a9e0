package modbus

import (
	"bytes"
	"fmt"
	"math"
	"math/bits"
	"strings"
	"unicode/utf8"

	"sluice/device-service/internal/driver"
)

// decode turns the registers of an address, in wire order, into a value of
// the resource's Go type. The registers are left as they are.
func decode(a address, registers []uint16) any {
	switch a.kind {
	case "Bool":
		return swapped(registers[0], a.byteSwap)>>a.bit&1 == 1
	case "String":
		return decodeString(registers, a.byteSwap)
	}
	n := a.gather(registers)
	switch a.raw {
	case "Int16":
		return widen(a.kind, int16(n))
	case "Uint16":
		return widen(a.kind, uint16(n))
	case "Int32":
		return widen(a.kind, int32(n))
	case "Uint32":
		return widen(a.kind, uint32(n))
	case "Int64":
		return int64(n)
	case "Uint64":
		return n
	case "Float32":
		return widen(a.kind, math.Float32frombits(uint32(n)))
	}
	return math.Float64frombits(n)
}

// widen converts what the registers hold to the type of the resource, if that
// is another one.
func widen[T int16 | uint16 | int32 | uint32 | float32](kind driver.Type, v T) any {
	switch kind {
	case "Float32":
		return float32(v)
	case "Float64":
		return float64(v)
	}
	return v
}

// gather is the number that up to four registers make: the bytes of each are
// swapped first, then the order of the registers.
func (a address) gather(registers []uint16) (n uint64) {
	for i := range registers {
		r := registers[i]
		if a.wordSwap {
			r = registers[len(registers)-1-i]
		}
		n = n<<16 | uint64(swapped(r, a.byteSwap))
	}
	return n
}

// scatter is the reverse of gather.
func (a address) scatter(n uint64) []uint16 {
	registers := make([]uint16, a.count)
	for i := range registers {
		at := len(registers) - 1 - i // the lowest part comes last
		if a.wordSwap {
			at = i
		}
		registers[at] = swapped(uint16(n>>(16*i)), a.byteSwap)
	}
	return registers
}

func swapped(r uint16, swap bool) uint16 {
	if swap {
		return bits.ReverseBytes16(r)
	}
	return r
}

// decodeString reads two bytes a register. NULs at both ends are padding, and
// what is no UTF-8 is replaced, since the bus carries text.
func decodeString(registers []uint16, byteSwap bool) string {
	raw := make([]byte, 0, 2*len(registers))
	for _, r := range registers {
		r = swapped(r, byteSwap)
		raw = append(raw, byte(r>>8), byte(r))
	}
	return strings.ToValidUTF8(string(bytes.Trim(raw, "\x00")), "\uFFFD")
}

// encode turns a value of the resource's Go type into registers in wire order.
// The bit of a register is no matter of it.
func encode(a address, v any) ([]uint16, error) {
	if s, ok := v.(string); ok && a.kind == "String" {
		return encodeString(s, a.count, a.byteSwap), nil
	}
	n, err := number(a, v)
	if err != nil {
		return nil, err
	}
	return a.scatter(n), nil
}

// number is the bit pattern of a number in the registers' type.
func number(a address, v any) (n uint64, err error) {
	kind := driver.Type("")
	switch v := v.(type) {
	case int16:
		kind, n = "Int16", uint64(v)
	case uint16:
		kind, n = "Uint16", uint64(v)
	case int32:
		kind, n = "Int32", uint64(v)
	case uint32:
		kind, n = "Uint32", uint64(v)
	case int64:
		kind, n = "Int64", uint64(v)
	case uint64:
		kind, n = "Uint64", v
	case float32:
		kind = "Float32"
		n, err = fractional(a.raw, float64(v))
	case float64:
		kind = "Float64"
		n, err = fractional(a.raw, v)
	}
	if kind != a.kind {
		return 0, mismatch(a, v)
	}
	return n, err
}

func mismatch(a address, v any) error {
	return fmt.Errorf("the value is a %T where the resource is %s", v, a.kind)
}

// ranges of the whole numbers that a Float32 or Float64 may be held as.
var ranges = map[driver.Type][2]float64{
	"Int16":  {math.MinInt16, math.MaxInt16},
	"Uint16": {0, math.MaxUint16},
	"Int32":  {math.MinInt32, math.MaxInt32},
	"Uint32": {0, math.MaxUint32},
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
	whole, bounds := math.RoundToEven(f), ranges[raw]
	if math.IsNaN(f) || whole < bounds[0] || whole > bounds[1] {
		return 0, fmt.Errorf("%v is beyond %s, which the registers hold", f, raw)
	}
	return uint64(int64(whole)), nil
}

// encodeString pads with NULs, and cuts what is too long behind a whole
// character.
func encodeString(s string, count int, byteSwap bool) []uint16 {
	raw := make([]byte, 2*count)
	if cut := len(raw); len(s) > cut {
		for cut > 0 && !utf8.RuneStart(s[cut]) {
			cut--
		}
		s = s[:cut]
	}
	copy(raw, s)
	registers := make([]uint16, count)
	for i := range registers {
		registers[i] = swapped(uint16(raw[2*i])<<8|uint16(raw[2*i+1]), byteSwap)
	}
	return registers
}

// mask is the bit of a Bool in a register, in wire order.
func (a address) mask() uint16 { return swapped(1<<a.bit, a.byteSwap) }
