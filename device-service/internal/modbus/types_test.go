package modbus

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"sluice/device-service/internal/driver"
)

func addressOf(t testing.TB, kind driver.Type, start any, more ...any) address {
	t.Helper()
	a, err := parseAddress(resource("r", kind, "HOLDING_REGISTERS", start, more...), addressing{})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// Registers and values of the types that device-modbus does not have.
func TestTypes(t *testing.T) {
	cases := []struct {
		address   address
		registers []uint16
		want      any
	}{
		{addressOf(t, "Uint8", 1), []uint16{0x01fe}, uint8(0xfe)},
		{addressOf(t, "Int8", 1), []uint16{0xfffe}, int8(-2)},
		{addressOf(t, "Uint8", 1, isByteSwap, true), []uint16{0xfe00}, uint8(0xfe)},
		{addressOf(t, "Uint8Array", 1, arraySize, 3), []uint16{0x0102, 0x0300}, []uint8{1, 2, 3}},
		{addressOf(t, "Int8Array", 1, arraySize, 2, isByteSwap, true), []uint16{0xfe01}, []int8{1, -2}},
		{addressOf(t, "Int16Array", 1, arraySize, 2), []uint16{1, 0xfffe}, []int16{1, -2}},
		{addressOf(t, "Uint32Array", 1, arraySize, 2, isWordSwap, true), []uint16{2, 1, 4, 3}, []uint32{1<<16 | 2, 3<<16 | 4}},
		{addressOf(t, "Float64Array", 1, arraySize, 1), []uint16{0x4039, 0x8000, 0, 0}, []float64{25.5}},
		{addressOf(t, "Float64Array", 1, arraySize, 2, rawType, "INT16"), []uint16{5, 0xfffe}, []float64{5, -2}},
		{addressOf(t, "BoolArray", 1, arraySize, 3), []uint16{0b101}, []bool{true, false, true}},
		{addressOf(t, "BoolArray", "1.15", arraySize, 3), []uint16{0x8000, 0b10}, []bool{true, false, true}},
		{addressOf(t, "Uint8", "1.4-7"), []uint16{0xabcd}, uint8(0xc)},
		{addressOf(t, "Uint16", "1.12-15"), []uint16{0xabcd}, uint16(0xa)},
		{addressOf(t, "Int32", "1.0-15"), []uint16{0xffff}, int32(65535)},
		{addressOf(t, "Uint32", "1.8-23", rawType, "UINT32"), []uint16{0x1234, 0x5678}, uint32(0x3456)},
		{addressOf(t, "Uint64", "1.0-63", rawType, "UINT64"), []uint16{1, 2, 3, 4}, uint64(1<<48 | 2<<32 | 3<<16 | 4)},
		{addressOf(t, "Uint16", 1, rawType, "BCD16"), []uint16{0x1234}, uint16(1234)},
		{addressOf(t, "Float64", 1, rawType, "BCD32", isWordSwap, true), []uint16{0x5678, 0x1234}, 12345678.0},
		{addressOf(t, "Uint64", 1, rawType, "BCD64"), []uint16{0x1234, 0x5678, 0x9012, 0x3456}, uint64(1234567890123456)},
		{addressOf(t, "Int32", 1, rawType, "INT16"), []uint16{0xfffe}, int32(-2)},
		{addressOf(t, "Float32", 1, rawType, "INT32"), []uint16{0xffff, 0xfffe}, float32(-2)},
		{addressOf(t, "Float64", 1, rawType, "UINT64"), []uint16{0x8000, 0, 0, 0}, float64(1 << 63)},
		{addressOf(t, "String", 1, rawType, "FLOAT64"), []uint16{0x4167, 0x8c29, 0xdcd6, 0xe8b0}, "12345678.901234"},
		{addressOf(t, "String", 1, rawType, "FLOAT32", byteOrder, "CDAB"), []uint16{0xcccd, 0x3dcc}, "0.1"},
		{addressOf(t, "String", 1, rawType, "UINT64"), []uint16{0xffff, 0xffff, 0xffff, 0xffff}, "18446744073709551615"},
		{addressOf(t, "String", 1, rawType, "BCD16"), []uint16{0x0012}, "12"},
		{addressOf(t, "Float64", 1, byteOrder, "EFGHABCD"), []uint16{0, 0, 0x4039, 0x8000}, 25.5},
		{addressOf(t, "Float64", 1, byteOrder, "CDABGHEF"), []uint16{0x8000, 0x4039, 0, 0}, 25.5},
		{addressOf(t, "Float32", 1, byteOrder, "dcba"), []uint16{0, 0xc841}, float32(25)},
	}
	for _, c := range cases {
		if got := value(t, c.address, c.registers); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%04x as %+v: %T %v, want %T %v", c.registers, c.address, got, got, c.want, c.want)
		}
		e, err := encode(c.address, c.want)
		if err != nil {
			t.Errorf("%v as %+v: %v", c.want, c.address, err)
			continue
		}
		if got := value(t, c.address, e.registers); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%v as %+v comes back as %v", c.want, c.address, got)
		}
	}
}

// Only the bits of a field are set.
func TestFieldsLeaveTheOtherBits(t *testing.T) {
	for _, c := range []struct {
		address          address
		value            any
		registers, masks []uint16
	}{
		{addressOf(t, "Uint8", "1.4-7"), uint8(9), []uint16{0x90}, []uint16{0xf0}},
		{addressOf(t, "Uint8", "1.4-7", isByteSwap, true), uint8(9), []uint16{0x9000}, []uint16{0xf000}},
		{addressOf(t, "Uint32", "1.8-23", rawType, "UINT32"), uint32(0x3456), []uint16{0x34, 0x5600}, []uint16{0xff, 0xff00}},
		{addressOf(t, "Uint8Array", 1, arraySize, 3), []uint8{1, 2, 3}, []uint16{0x0102, 0x0300}, []uint16{0xffff, 0xff00}},
		{addressOf(t, "BoolArray", "1.15", arraySize, 2), []bool{false, true}, []uint16{0, 1}, []uint16{0x8000, 1}},
	} {
		e, err := encode(c.address, c.value)
		if err != nil || !slices.Equal(e.registers, c.registers) || !slices.Equal(e.masks, c.masks) {
			t.Errorf("%v as %+v: %04x, %04x, %v", c.value, c.address, e.registers, e.masks, err)
		}
	}
}

func TestValuesBeyondTheirType(t *testing.T) {
	for _, c := range []struct {
		address   address
		registers []uint16
		want      string
	}{
		{addressOf(t, "Int16", 1, rawType, "UINT16"), []uint16{40000}, "40000 is beyond Int16"},
		{addressOf(t, "Uint16", 1, rawType, "INT16"), []uint16{0xffff}, "-1 is beyond Uint16"},
		{addressOf(t, "Uint8", 1, rawType, "UINT16"), []uint16{256}, "256 is beyond Uint8"},
		{addressOf(t, "Int64", 1, rawType, "UINT64"), []uint16{0x8000, 0, 0, 0}, "9223372036854775808 is beyond Int64"},
		{addressOf(t, "Uint16", 1, rawType, "BCD16"), []uint16{0x12a4}, "0x12a4 is no number in BCD"},
		{addressOf(t, "Uint16Array", 1, rawType, "BCD16", arraySize, 2), []uint16{1, 0xf}, "element 1: 0xf is no number in BCD"},
	} {
		if v, err := decode(c.address, c.registers); err == nil || err.Error() != c.want {
			t.Errorf("%04x as %+v: %v, %v, want %s", c.registers, c.address, v, err, c.want)
		}
	}
	for _, c := range []struct {
		address address
		value   any
		want    string
	}{
		{addressOf(t, "Uint8", "1.4-6"), uint8(8), "8 does not fit 3 bits"},
		{addressOf(t, "Int8", "1.4-6"), int8(-1), "-1 does not fit 3 bits"},
		{addressOf(t, "Uint16", 1, rawType, "BCD16"), uint16(10000), "10000 is beyond BCD16, which the registers hold"},
		{addressOf(t, "Int16", 1, rawType, "BCD16"), int16(-1), "-1 is beyond BCD16, which the registers hold"},
		{addressOf(t, "Int32", 1, rawType, "INT16"), int32(40000), "40000 is beyond Int16, which the registers hold"},
		{addressOf(t, "Uint64", 1, rawType, "INT64"), uint64(1 << 63), "9223372036854775808 is beyond Int64, which the registers hold"},
		{addressOf(t, "Int16Array", 1, arraySize, 2), []int16{1}, "the value has 1 elements where the resource has 2"},
		{addressOf(t, "Int16Array", 1, arraySize, 2), int16(1), "the value is a int16 where the resource is Int16Array"},
		{addressOf(t, "Uint8Array", 1, rawType, "BCD16", arraySize, 2), []uint8{1, 2}, ""},
		{addressOf(t, "String", 1, rawType, "INT16"), "1.5", `"1.5" is no number that Int16 can hold`},
		{addressOf(t, "String", 1, rawType, "INT16"), "40000", "40000 is beyond Int16, which the registers hold"},
		{addressOf(t, "String", 1, stringRegisterSize, 4, stringEncoding, "ascii"), "电", `"电" cannot be written in ascii`},
	} {
		_, err := encode(c.address, c.value)
		if c.want == "" && err == nil {
			continue
		}
		if err == nil || err.Error() != c.want {
			t.Errorf("%v as %+v: %v, want %s", c.value, c.address, err, c.want)
		}
	}
}

func TestTextForms(t *testing.T) {
	for _, c := range []struct {
		encoding, padding string
		registers         []uint16
		want              string
	}{
		{"gbk", "", []uint16{0xb5e7, 0xbbfa, 0}, "电机"},
		{"utf-16be", "", []uint16{0x7535, 0x673a, 0}, "电机"},
		{"utf-16le", "", []uint16{0x3575, 0x3a67, 0}, "电机"},
		{"utf-16be", "space", []uint16{0x0041, 0x0042, 0x0020}, "AB"},
		{"iso-8859-1", "space", []uint16{0x32b0, 0x4320, 0x2020}, "2°C"},
		{"UTF-8", "Space", []uint16{0x4142, 0x2020, 0x2020}, "AB"},
		{"", "nul", []uint16{0x4120, 0, 0}, "A "},
	} {
		a := addressOf(t, "String", 1, stringRegisterSize, 3, stringEncoding, c.encoding, stringPadding, c.padding)
		if got := value(t, a, c.registers); got != c.want {
			t.Errorf("%s %04x: %q, want %q", c.encoding, c.registers, got, c.want)
		}
		if e, err := encode(a, c.want); err != nil || !slices.Equal(e.registers, c.registers) {
			t.Errorf("%s %q: %04x, %v, want %04x", c.encoding, c.want, e.registers, err, c.registers)
		}
	}
	long := addressOf(t, "String", 1, stringRegisterSize, 2, stringEncoding, "gbk")
	e, err := encode(long, strings.Repeat("电", 1000))
	if got := value(t, long, e.registers); err != nil || got != "电电" {
		t.Errorf("%q, %v", got, err)
	}
}

// Whatever letters an order has, they stand where the bytes go.
func TestOrderOfLetters(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		o := order{bytes: rapid.Bool().Draw(rt, "bytes"), words: rapid.Bool().Draw(rt, "words"), halves: rapid.Bool().Draw(rt, "halves")}
		n := rapid.SampledFrom([]int{1, 2, 4}).Draw(rt, "registers")
		letters := o.letters(n)
		registers := make([]uint16, n)
		for i := range registers {
			registers[i] = uint16(letters[2*i])<<8 | uint16(letters[2*i+1])
		}
		want := uint64(0)
		for i := range 2 * n {
			want = want<<8 | uint64('A'+i)
		}
		if got := o.gather(registers); got != want {
			rt.Fatalf("%s: %x, want %x", letters, got, want)
		}
		parsed, err := parseOrder(letters, n)
		if err != nil || parsed.gather(registers) != want {
			rt.Fatalf("%s is parsed as %+v, %v", letters, parsed, err)
		}
	})
}
