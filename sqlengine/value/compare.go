package value

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"math"
	"strings"
)

// Equal compares deeply: numbers by value, whatever their kind, everything
// else by kind and content. NULL equals NULL here; the operator = of the
// dialect looks for NULL first.
func Equal(a, b Value) bool {
	if c, ok := Compare(a, b); ok {
		return c == 0
	}
	switch {
	case a.kind != b.kind:
		return false
	case a.kind == Null:
		return true
	case a.kind == List:
		return equalLists(a.List(), b.List())
	case a.kind == Object:
		f, g := a.Object(), b.Object()
		if f.Len() != g.Len() {
			return false
		}
		for i, name := range f.Names {
			if g.Names[i] != name {
				return false
			}
		}
		return equalLists(f.Values, g.Values)
	}
	return false
}

func equalLists(a, b []Value) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !Equal(a[i], b[i]) {
			return false
		}
	}
	return true
}

// Compare orders two numbers, texts, booleans, byte strings or times; other
// pairs have no order and give false.
func Compare(a, b Value) (int, bool) {
	if a.kind != b.kind {
		return compareMixed(a, b)
	}
	switch a.kind {
	case Int, Time:
		return cmp.Compare(a.Int(), b.Int()), true
	case Float:
		return cmp.Compare(a.Float(), b.Float()), true
	case String:
		return strings.Compare(a.Str(), b.Str()), true
	case Bool:
		return cmp.Compare(a.num, b.num), true
	case Bytes:
		return bytes.Compare(a.Bytes(), b.Bytes()), true
	}
	return 0, false
}

func compareMixed(a, b Value) (int, bool) {
	switch {
	case a.kind == Int && b.kind == Float:
		return compareIntFloat(a.Int(), b.Float()), true
	case a.kind == Float && b.kind == Int:
		return -compareIntFloat(b.Int(), a.Float()), true
	}
	return 0, false
}

// compareIntFloat is exact where a conversion of i to float64 would round.
func compareIntFloat(i int64, f float64) int {
	switch {
	case math.IsNaN(f):
		return 1 // NaN sorts before all numbers, as in package cmp
	case f >= 1<<63:
		return -1
	case f < -1<<63:
		return 1
	}
	whole := math.Trunc(f)
	if c := cmp.Compare(i, int64(whole)); c != 0 {
		return c
	}
	return cmp.Compare(0, f-whole)
}

// AppendKey appends a form of v that is equal for equal values and different
// for others, and of which no one is a prefix of another: keys of groups and
// partitions are built by appending. Missing and NULL are one key.
func AppendKey(dst []byte, v Value) []byte {
	switch v.kind {
	case Null:
		return append(dst, byte(Null))
	case Float:
		f := v.Float()
		if f == math.Trunc(f) && f >= -1<<63 && f < 1<<63 {
			return appendKeyInt(dst, Int, int64(f))
		}
		if math.IsNaN(f) {
			v = OfFloat(math.NaN()) // whatever its bits
		}
		return binary.LittleEndian.AppendUint64(append(dst, byte(Float)), v.num)
	case Int, Time, Bool:
		return appendKeyInt(dst, v.kind, int64(v.num))
	case String, Bytes:
		dst = binary.AppendUvarint(append(dst, byte(v.kind)), v.num)
		return append(dst, v.Str()...)
	case List:
		dst = binary.AppendUvarint(append(dst, byte(List)), v.num)
		for _, e := range v.List() {
			dst = AppendKey(dst, e)
		}
		return dst
	}
	f := v.Object()
	dst = binary.AppendUvarint(append(dst, byte(Object)), uint64(f.Len()))
	for i, name := range f.Names {
		dst = AppendKey(dst, OfString(name))
		dst = AppendKey(dst, f.Values[i])
	}
	return dst
}

func appendKeyInt(dst []byte, k Kind, i int64) []byte {
	return binary.LittleEndian.AppendUint64(append(dst, byte(k)), uint64(i))
}
