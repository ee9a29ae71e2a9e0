package modbus

import (
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"sluice/device-service/internal/driver"
)

// registersOf makes the address of a value in holding registers.
func registersOf(t testing.TB, kind, raw driver.Type, byteSwap, wordSwap bool, size int) address {
	t.Helper()
	r := resource("r", kind, "HOLDING_REGISTERS", 0, rawType, string(raw), isByteSwap, byteSwap, isWordSwap, wordSwap, stringRegisterSize, size)
	a, err := parseAddress(r, addressing{})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// value decodes what must be right.
func value(t testing.TB, a address, registers []uint16) any {
	t.Helper()
	v, err := decode(a, registers)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// Registers in wire order and their values, with all orders of bytes and words.
func TestOrders(t *testing.T) {
	cases := []struct {
		kind                      driver.Type
		value                     any
		plain, words, bytes, both []uint16
	}{
		{"Float32", float32(25), []uint16{0x41c8, 0}, []uint16{0, 0x41c8}, []uint16{0xc841, 0}, []uint16{0, 0xc841}},
		{"Float64", 25.5, []uint16{0x4039, 0x8000, 0, 0}, []uint16{0, 0, 0x8000, 0x4039}, []uint16{0x3940, 0x0080, 0, 0}, []uint16{0, 0, 0x0080, 0x3940}},
		{"Uint32", uint32(100000), []uint16{1, 0x86a0}, []uint16{0x86a0, 1}, []uint16{0x0100, 0xa086}, []uint16{0xa086, 0x0100}},
		{"Int64", int64(-2), []uint16{0xffff, 0xffff, 0xffff, 0xfffe}, []uint16{0xfffe, 0xffff, 0xffff, 0xffff},
			[]uint16{0xffff, 0xffff, 0xffff, 0xfeff}, []uint16{0xfeff, 0xffff, 0xffff, 0xffff}},
		{"Uint64", uint64(0x0102030405060708), []uint16{0x0102, 0x0304, 0x0506, 0x0708}, []uint16{0x0708, 0x0506, 0x0304, 0x0102},
			[]uint16{0x0201, 0x0403, 0x0605, 0x0807}, []uint16{0x0807, 0x0605, 0x0403, 0x0201}},
		{"Int32", int32(-2), []uint16{0xffff, 0xfffe}, []uint16{0xfffe, 0xffff}, []uint16{0xffff, 0xfeff}, []uint16{0xfeff, 0xffff}},
		{"Int16", int16(-2), []uint16{0xfffe}, []uint16{0xfffe}, []uint16{0xfeff}, []uint16{0xfeff}},
		{"Uint16", uint16(0x0102), []uint16{0x0102}, []uint16{0x0102}, []uint16{0x0201}, []uint16{0x0201}},
	}
	for _, c := range cases {
		for i, registers := range [][]uint16{c.plain, c.words, c.bytes, c.both} {
			a := registersOf(t, c.kind, "", i >= 2, i%2 == 1, 1)
			if got := value(t, a, registers); !reflect.DeepEqual(got, c.value) {
				t.Errorf("%04x as %+v: %T %v, want %T %v", registers, a, got, got, c.value, c.value)
			}
			if got, err := encode(a, c.value); err != nil || !slices.Equal(got.registers, registers) {
				t.Errorf("%v as %+v: %+v, %v, want %04x", c.value, a, got, err, registers)
			}
		}
	}
}

func TestRawTypes(t *testing.T) {
	cases := []struct {
		kind, raw driver.Type
		registers []uint16
		want      any
	}{
		{"Float32", "INT16", []uint16{0xfffe}, float32(-2)},
		{"Float32", "UINT16", []uint16{0xfffe}, float32(65534)},
		{"Float64", "INT16", []uint16{0xfffe}, -2.0},
		{"Float64", "UINT16", []uint16{0xfffe}, 65534.0},
		{"Float64", "INT32", []uint16{0xffff, 0xfffe}, -2.0},
		{"Float64", "UINT32", []uint16{0xffff, 0xfffe}, 4294967294.0},
		{"Float64", "FLOAT32", []uint16{0x41c8, 0}, 25.0},
	}
	for _, c := range cases {
		a := registersOf(t, c.kind, c.raw, false, false, 1)
		if got := value(t, a, c.registers); got != c.want {
			t.Errorf("%s from %s: %T %v, want %T %v", c.kind, c.raw, got, got, c.want, c.want)
		}
		if got, err := encode(a, c.want); err != nil || !slices.Equal(got.registers, c.registers) {
			t.Errorf("%v as %s: %+v, %v, want %04x", c.want, c.raw, got, err, c.registers)
		}
	}
}

func TestFractionsAreRounded(t *testing.T) {
	a := registersOf(t, "Float64", "UINT16", false, false, 1)
	if got, err := encode(a, 25.3/0.1); err != nil || got.registers[0] != 253 {
		t.Errorf("25.3/0.1 as a register: %v, %v", got, err)
	}
}

func TestValuesThatDoNotFit(t *testing.T) {
	cases := []struct {
		kind, raw driver.Type
		value     any
		want      string
	}{
		{"Float64", "UINT16", -1.0, "-1 is beyond Uint16, which the registers hold"},
		{"Float64", "INT16", 32768.0, "32768 is beyond Int16, which the registers hold"},
		{"Float64", "UINT32", math.NaN(), "NaN is beyond Uint32, which the registers hold"},
		{"Float32", "INT16", float32(math.Inf(1)), "+Inf is beyond Int16, which the registers hold"},
		{"Float64", "FLOAT32", 1e300, "1e+300 is beyond Float32"},
		{"Int16", "", uint16(1), "the value is a uint16 where the resource is Int16"},
		{"Float32", "", 1.5, "the value is a float64 where the resource is Float32"},
		{"String", "", 1.5, "the value is a float64 where the resource is String"},
		{"Uint64", "", "1", "the value is a string where the resource is Uint64"},
		{"Uint64", "", nil, "the value is a <nil> where the resource is Uint64"},
	}
	for _, c := range cases {
		a := registersOf(t, c.kind, c.raw, false, false, 1)
		if got, err := encode(a, c.value); err == nil || err.Error() != c.want {
			t.Errorf("%v as %s: %v, %v, want %s", c.value, c.kind, got, err, c.want)
		}
	}
}

func TestStrings(t *testing.T) {
	a := registersOf(t, "String", "", false, false, 3)
	for _, c := range []struct {
		registers []uint16
		want      string
	}{
		{[]uint16{0x4142, 0x4300, 0}, "ABC"}, {[]uint16{0, 0x0041, 0}, "A"}, {[]uint16{0, 0, 0}, ""},
		{[]uint16{0x4100, 0x4200, 0x4300}, "A\x00B\x00C"}, {[]uint16{0x32b0, 0x4300, 0}, "2\uFFFDC"},
	} {
		if got := value(t, a, c.registers); got != c.want {
			t.Errorf("%04x: %q, want %q", c.registers, got, c.want)
		}
	}
	swapped := registersOf(t, "String", "", true, false, 2)
	if got := value(t, swapped, []uint16{0x4241, 0x0043}); got != "ABC" {
		t.Errorf("swapped bytes: %q", got)
	}
	for in, want := range map[string]string{"longer than that": "longer", "12345é": "12345", "1234é": "1234é"} {
		e, err := encode(a, in)
		if got := value(t, a, e.registers); err != nil || got != want {
			t.Errorf("%q is cut to %q, %v, want %q", in, got, err, want)
		}
	}
}

func TestBits(t *testing.T) {
	for bit := range 16 {
		for _, swap := range []bool{false, true} {
			a := registersOf(t, "Bool", "", swap, false, 1)
			a.bit = bit
			on, err := encode(a, true)
			if mask := on.masks[0]; err != nil || mask != on.registers[0] || value(t, a, []uint16{mask}) != true || value(t, a, []uint16{^mask}) != false {
				t.Errorf("bit %d, swapped %v: %+v, %v", bit, swap, on, err)
			}
		}
	}
}

// Whatever is written comes back, in every order of bytes and words.
func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		size := rapid.IntRange(1, 20).Draw(rt, "size")
		v := rapid.OneOf(
			rapid.Int16().AsAny(), rapid.Uint16().AsAny(), rapid.Int32().AsAny(), rapid.Uint32().AsAny(),
			rapid.Int64().AsAny(), rapid.Uint64().AsAny(), rapid.Float32().AsAny(), rapid.Float64().AsAny(),
			rapid.StringN(0, -1, 2*size).Filter(func(s string) bool { return strings.Trim(s, "\x00") == s }).AsAny(),
		).Draw(rt, "value")
		name := reflect.TypeOf(v).Name()
		kind := driver.Type(strings.ToUpper(name[:1]) + name[1:])
		a := registersOf(t, kind, "", rapid.Bool().Draw(rt, "bytes"), rapid.Bool().Draw(rt, "words"), size)
		e, err := encode(a, v)
		if err != nil {
			rt.Fatal(err)
		}
		if got := value(t, a, e.registers); !reflect.DeepEqual(got, v) {
			rt.Fatalf("%v came back as %v", v, got)
		}
	})
}

func FuzzDecode(f *testing.F) {
	f.Add("Float32", "Int16", true, false, []byte{0xff, 0xfe})
	f.Add("String", "", false, true, []byte("\x00kettle\xff\x00"))
	f.Fuzz(func(t *testing.T, kind, raw string, byteSwap, wordSwap bool, wire []byte) {
		registers := make([]uint16, len(wire)/2)
		for i := range registers {
			registers[i] = uint16(wire[2*i])<<8 | uint16(wire[2*i+1])
		}
		r := resource("r", driver.Type(kind), "HOLDING_REGISTERS", 0,
			rawType, raw, isByteSwap, byteSwap, isWordSwap, wordSwap, stringRegisterSize, len(registers))
		a, err := parseAddress(r, addressing{})
		if err != nil || a.count != len(registers) {
			return
		}
		v, err := decode(a, registers)
		if err != nil {
			return // no number in BCD, or beyond the type
		}
		if s, ok := v.(string); ok && !utf8.ValidString(s) {
			t.Fatalf("%q is no text", s)
		}
		if f, ok := v.(float64); kind == "Bool" || kind == "String" || ok && math.IsNaN(f) || v != v {
			return // a bit is a part of its register; padding and the payload of NaN are lost
		}
		if again, err := encode(a, v); err != nil || !slices.Equal(again.registers, registers) {
			t.Fatalf("%04x is %v is %+v, %v", registers, v, again, err)
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	a := registersOf(b, "Float64", "", true, true, 1)
	registers := []uint16{0, 0, 0x0080, 0x3940}
	b.ReportAllocs()
	for b.Loop() {
		_, _ = decode(a, registers)
	}
}
