package edgex

import (
	"fmt"
	"testing"

	"github.com/edgexfoundry/go-mod-core-contracts/v3/models"

	"sluice/device-service/internal/driver"
)

func number(f float64) *float64 { return &f }

// What is set and read again is the value that was set.
func TestParseIsConvertBackwards(t *testing.T) {
	for _, c := range []struct {
		properties models.ResourceProperties
		mappings   map[string]string
		text       string
		raw        any
	}{
		{models.ResourceProperties{ValueType: "Bool"}, nil, "true", true},
		{models.ResourceProperties{ValueType: "String"}, nil, "a b", "a b"},
		{models.ResourceProperties{ValueType: "Int8", Offset: number(100)}, nil, "101", int8(1)},
		{models.ResourceProperties{ValueType: "Uint16", Scale: number(10)}, nil, "650", uint16(65)},
		{models.ResourceProperties{ValueType: "Uint64"}, nil, "18446744073709551615", uint64(18446744073709551615)},
		{models.ResourceProperties{ValueType: "Int64", Scale: number(-1)}, nil, "-9007199254740993", int64(9007199254740993)},
		{models.ResourceProperties{ValueType: "Float64", Scale: number(0.1)}, nil, "25.3", 253.0},
		{models.ResourceProperties{ValueType: "Float32", Scale: number(0.1), Offset: number(-40)}, nil, "85.5", float32(1255)},
		{models.ResourceProperties{ValueType: "Float64", Base: number(10)}, nil, "1000", 3.0},
		{models.ResourceProperties{ValueType: "Int16"}, map[string]string{"0": "OFF", "1": "AUTO"}, "AUTO", int16(1)},
		{models.ResourceProperties{ValueType: "Bool"}, map[string]string{"true": "ON"}, "ON", true},
	} {
		f := field{properties: c.properties, transform: newTransform(c.properties), mappings: c.mappings}
		raw, err := f.parse(c.text, true)
		if err != nil || fmt.Sprintf("%T %v", raw, raw) != fmt.Sprintf("%T %v", c.raw, c.raw) {
			t.Errorf("%s: %T %v, %v, want %T %v", c.text, raw, raw, err, c.raw, c.raw)
			continue
		}
		again := f.convert(driver.Reading{Value: raw}, true)
		if s, err := text(again.Value); s != c.text || err != nil {
			t.Errorf("%s is read again as %s, %v, %v", c.text, s, again.Err, err)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for want, c := range map[string]struct {
		properties models.ResourceProperties
		text       string
	}{
		`"x" is no value of type Int8`:                                      {models.ResourceProperties{ValueType: "Int8"}, "x"},
		`"128" is no value of type Int8`:                                    {models.ResourceProperties{ValueType: "Int8"}, "128"},
		`"-1" is no value of type Uint16`:                                   {models.ResourceProperties{ValueType: "Uint16"}, "-1"},
		`"NaN" is no value of type Float64`:                                 {models.ResourceProperties{ValueType: "Float64"}, "NaN"},
		`"1e39" is no value of type Float32`:                                {models.ResourceProperties{ValueType: "Float32"}, "1e39"},
		`"yes" is no value of type Bool`:                                    {models.ResourceProperties{ValueType: "Bool"}, "yes"},
		`a value of type Int8Array is not set from a text`:                  {models.ResourceProperties{ValueType: "Int8Array"}, "[1]"},
		`101 is above the maximum of 100`:                                   {models.ResourceProperties{ValueType: "Int8", Maximum: number(100)}, "101"},
		`-0.5 is below the minimum of 0`:                                    {models.ResourceProperties{ValueType: "Float64", Minimum: number(0)}, "-0.5"},
		`651 is none of the values that the scale of the register can have`: {models.ResourceProperties{ValueType: "Uint16", Scale: number(10)}, "651"},
		`5 does not fit the register`:                                       {models.ResourceProperties{ValueType: "Uint8", Offset: number(10)}, "5"},
		`3.4e+38 is too large for the register`:                             {models.ResourceProperties{ValueType: "Float32", Scale: number(0.1)}, "3.4e38"},
		`the scale is 0`:                                                    {models.ResourceProperties{ValueType: "Float64", Scale: number(0)}, "5"},
		`-5 is no power of the base 2`:                                      {models.ResourceProperties{ValueType: "Float64", Base: number(2)}, "-5"},
	} {
		f := field{properties: c.properties, transform: newTransform(c.properties)}
		if v, err := f.parse(c.text, true); err == nil || err.Error() != want {
			t.Errorf("%v, %v, want %s", v, err, want)
		}
	}
}

// Whatever the cloud wants, it is a value of the type or an error.
func FuzzParseValue(f *testing.F) {
	f.Add("Int8", "127", 0.1, 5.0)
	f.Add("Float32", "3.4e38", -2.0, 0.0)
	f.Add("Uint64", "18446744073709551615", 1e300, 1e-300)
	f.Fuzz(func(t *testing.T, kind, s string, scale, offset float64) {
		p := models.ResourceProperties{ValueType: kind, Scale: &scale, Offset: &offset, Minimum: &offset, Base: &scale}
		one := field{properties: p, transform: newTransform(p)}
		v, err := one.parse(s, true)
		if err != nil {
			return
		}
		if _, err := text(v); err != nil {
			t.Error(err)
		}
	})
}
