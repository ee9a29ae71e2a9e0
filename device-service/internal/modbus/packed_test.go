package modbus

import (
	"reflect"
	"slices"
	"testing"

	"sluice/device-service/internal/driver"
)

// Numbers in coils are those that device-modbus reads: the first coil is the
// lowest bit of the highest byte.
func TestNumbersInCoils(t *testing.T) {
	cases := []struct {
		kind  driver.Type
		with  []any
		on    []int // coils
		count int
		want  any
	}{
		{"Int16", nil, []int{0}, 16, int16(0x0100)},
		{"Int16", nil, []int{7}, 16, int16(-0x8000)},
		{"Uint16", nil, []int{8, 15}, 16, uint16(0x0081)},
		{"Uint16", []any{isByteSwap, true}, []int{0, 9}, 16, uint16(0x0201)},
		{"Int32", nil, []int{0, 31}, 32, int32(0x0100_0080)},
		{"Uint32", []any{isByteSwap, true, isWordSwap, true}, []int{0, 31}, 32, uint32(0x8000_0001)},
		{"Uint64", nil, []int{1, 56}, 64, uint64(0x0200_0000_0000_0001)},
		{"Float32", []any{rawType, "INT16"}, []int{8, 10}, 16, float32(5)},
		{"Float32", nil, []int{0, 1, 2, 3, 4, 5, 15}, 32, float32(1)},
		{"Float64", []any{rawType, "INT32"}, []int{25}, 32, 2.0},
	}
	for _, c := range cases {
		for _, table := range []string{"COILS", "DISCRETES_INPUT", "DISCRETE_INPUTS"} {
			a, err := parseAddress(resource("r", c.kind, table, 3, c.with...), addressing{})
			if err != nil || a.count != c.count {
				t.Fatalf("%s of %s: %+v, %v", c.kind, table, a, err)
			}
			bits := make([]bool, c.count)
			for _, i := range c.on {
				bits[i] = true
			}
			if got, err := decodeBits(a, bits); err != nil || !reflect.DeepEqual(got, c.want) {
				t.Errorf("%v as %s %v: %T %v, %v, want %v", c.on, c.kind, c.with, got, got, err, c.want)
			}
			if got, err := encode(a, c.want); err != nil || !slices.Equal(got.bits, bits) || got.registers != nil {
				t.Errorf("%v as %s %v: %+v, %v, want %v", c.want, c.kind, c.with, got, err, bits)
			}
		}
	}
}

func TestNumberBeyondCoils(t *testing.T) {
	a, err := parseAddress(resource("r", "Float32", "COILS", 3, rawType, "INT16"), addressing{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := encode(a, float32(40000)); err == nil {
		t.Error("40000 is written as an Int16")
	}
}
