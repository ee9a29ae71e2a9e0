package modbus

import (
	"errors"
	"math"
	"strings"
	"testing"

	"sluice/device-service/internal/driver"
)

func TestAddress(t *testing.T) {
	cases := []struct {
		resource driver.Resource
		want     address
	}{
		{resource("r", "Uint16", "HOLDING_REGISTERS", 4), address{span: span{holdingRegisters, 4, 1}, kind: "Uint16", raw: "Uint16"}},
		{resource("r", "Float32", "holding_Registers", " 4 ", isByteSwap, true, isWordSwap, "True"),
			address{span: span{holdingRegisters, 4, 2}, kind: "Float32", raw: "Float32", order: order{bytes: true, words: true}}},
		{resource("r", "Float64", "INPUT_REGISTERS", float64(65535), rawType, "uint16"),
			address{span: span{inputRegisters, 65535, 1}, kind: "Float64", raw: "Uint16"}},
		{resource("r", "Float64", "INPUT_REGISTERS", "7.0", rawType, "INT32", isWordSwap, ""),
			address{span: span{inputRegisters, 7, 2}, kind: "Float64", raw: "Int32"}},
		{resource("r", "Float64", "INPUT_REGISTERS", 7), address{span: span{inputRegisters, 7, 4}, kind: "Float64", raw: "Float64"}},
		{resource("r", "Bool", "coils", int64(1)), address{span: span{coils, 1, 1}, kind: "Bool", raw: "Bool"}},
		{resource("r", "Bool", "DISCRETE_INPUTS", uint8(1)), address{span: span{discreteInputs, 1, 1}, kind: "Bool", raw: "Bool"}},
		{resource("r", "Bool", "DISCRETES_INPUT", 1, urlRawQuery, "a=b"), address{span: span{discreteInputs, 1, 1}, kind: "Bool", raw: "Bool"}},
		{resource("r", "Bool", "HOLDING_REGISTERS", 10.10), address{span: span{holdingRegisters, 10, 1}, kind: "Bool", raw: "Uint16", bit: 10, bits: 1}},
		{resource("r", "Bool", "INPUT_REGISTERS", 3.01), address{span: span{inputRegisters, 3, 1}, kind: "Bool", raw: "Uint16", bit: 1, bits: 1}},
		{resource("r", "Bool", "HOLDING_REGISTERS", 3.0), address{span: span{holdingRegisters, 3, 1}, kind: "Bool", raw: "Bool"}},
		{resource("r", "Bool", "HOLDING_REGISTERS", 3, rawType, "Int16"), address{span: span{holdingRegisters, 3, 1}, kind: "Bool", raw: "Bool"}},
		{resource("r", "String", "HOLDING_REGISTERS", 3, rawType, "INT32", stringRegisterSize, 2), address{span: span{holdingRegisters, 3, 2}, kind: "String", raw: "String"}},
		{resource("r", "Int16", "HOLDING_REGISTERS", "0x10", isByteSwap, nil, "scale", 0.1, "colour", "red"), address{span: span{holdingRegisters, 16, 1}, kind: "Int16", raw: "Int16"}},
		{resource("r", "Bool", "HOLDING_REGISTERS", "3.15"), address{span: span{holdingRegisters, 3, 1}, kind: "Bool", raw: "Uint16", bit: 15, bits: 1}},
		{resource("r", "String", "HOLDING_REGISTERS", "1e3", stringRegisterSize, "123"), address{span: span{holdingRegisters, 1000, 123}, kind: "String", raw: "String"}},
	}
	for _, c := range cases {
		got, err := parseAddress(c.resource, addressing{})
		if err != nil || got != c.want {
			t.Errorf("%v: %+v, %v, want %+v", c.resource.Attributes, got, err, c.want)
		}
	}
}

func TestBadAddress(t *testing.T) {
	cases := []struct {
		resource driver.Resource
		want     string
	}{
		{driver.Resource{Name: "r", Type: "Int16"}, `resource "r", attribute "primaryTable": is missing. It is one of COILS, DISCRETES_INPUT, DISCRETE_INPUTS, HOLDING_REGISTERS, INPUT_REGISTERS`},
		{resource("r", "Int16", "HOLDING_REGISTER", 1), `resource "r", attribute "primaryTable": unknown table "HOLDING_REGISTER". Did you mean "HOLDING_REGISTERS"?`},
		{resource("r", "Int16", "HOLDING_REGISTERS", 1, "isByteSwp", true), `resource "r", attribute "isByteSwp": unknown attribute. Did you mean "isByteSwap"?`},
		{driver.Resource{Name: "r", Type: "Int8", Attributes: map[string]any{primaryTable: "COILS"}},
			"resource \"r\", attribute \"valueType\": coils hold Bool, not Int8\nresource \"r\", attribute \"startingAddress\": is missing"},
		{resource("r", "Int16Array", "COILS", 1, arraySize, 2), `resource "r", attribute "valueType": coils hold Bool, not Int16Array`},
		{resource("r", "String", "DISCRETE_INPUTS", 1, stringRegisterSize, 2), `resource "r", attribute "valueType": discrete inputs hold Bool, not String`},
		{resource("r", "Int32", "COILS", 65520), `resource "r", attribute "startingAddress": coils 65520-65551 go beyond address 65535`},
		{resource("r", "Int16", "HOLDING_REGISTERS", 3.1), `resource "r", attribute "startingAddress": "3.1" is not a whole number`},
		{resource("r", "Int16", "HOLDING_REGISTERS", ""), `resource "r", attribute "startingAddress": is missing`},
		{resource("r", "Uint32", "HOLDING_REGISTERS", nil), `resource "r", attribute "startingAddress": is missing`},
		{resource("r", "Bool", "HOLDING_REGISTERS", 3.8), `resource "r", attribute "startingAddress": bit "80" is not between 0 and 15. Of a number, two decimals are the bit; write it as text: "3.8" is bit 8 of register 3`},
		{resource("r", "Bool", "HOLDING_REGISTERS", 3.125), `resource "r", attribute "startingAddress": "3.125" is not a whole number. Of a number, two decimals are the bit; write it as text: "3.8" is bit 8 of register 3`},
		{resource("r", "Bool", "HOLDING_REGISTERS", "3.16"), `resource "r", attribute "startingAddress": bit "16" is not between 0 and 15`},
		{resource("r", "Bool", "COILS", "3.1"), `resource "r", attribute "startingAddress": "3.1" is not a whole number`},
		{resource("r", "Int16", "HOLDING_REGISTERS", -1), `resource "r", attribute "startingAddress": -1 is not between 0 and 65535`},
		{resource("r", "Int16", "HOLDING_REGISTERS", "x"), `resource "r", attribute "startingAddress": "x" is not a whole number`},
		{resource("r", "Int32", "HOLDING_REGISTERS", 65535), `resource "r", attribute "startingAddress": holding registers 65535-65536 go beyond address 65535`},
		{resource("r", "Object", "HOLDING_REGISTERS", 1), `resource "r", attribute "valueType": Object cannot be held by registers. It is one of Bool, Int8 to Int64, Uint8 to Uint64, Float32, Float64, arrays of these, and String`},
		{resource("r", "StringArray", "HOLDING_REGISTERS", 1, arraySize, 2), `resource "r", attribute "valueType": StringArray cannot be held by registers`},
		{resource("r", "Bool", "HOLDING_REGISTERS", 1, rawType, "INT32"), `resource "r", attribute "rawType": Bool has no rawType. Only numbers and String have a rawType`},
		{resource("r", "Float32", "HOLDING_REGISTERS", 1, rawType, "FLOAT64"), `resource "r", attribute "rawType": "FLOAT64" cannot become Float32. It is one of [BCD16 BCD32 BCD64 Float32 Int16 Int32 Int64 Int8 Uint16 Uint32 Uint64 Uint8]`},
		{resource("r", "Int32", "HOLDING_REGISTERS", 1, rawType, "FLOAT32"), `resource "r", attribute "rawType": "FLOAT32" cannot become Int32. It is one of [BCD16 BCD32 BCD64 Int16 Int32 Int64 Int8 Uint16 Uint32 Uint64 Uint8]`},
		{resource("r", "Int16Array", "HOLDING_REGISTERS", 1), `resource "r", attribute "arraySize": is missing: an array needs its number of elements`},
		{resource("r", "Int16", "HOLDING_REGISTERS", 1, arraySize, 3), `resource "r", attribute "arraySize": Int16 is no array`},
		{resource("r", "Float64Array", "HOLDING_REGISTERS", 1, arraySize, 40), `resource "r", attribute "arraySize": 160 registers are more than one request may read: 125`},
		{resource("r", "Uint8", "HOLDING_REGISTERS", "1.4-12"), `resource "r", attribute "startingAddress": 9 bits do not fit Uint8`},
		{resource("r", "Uint16", "HOLDING_REGISTERS", "1.7-4"), `resource "r", attribute "startingAddress": bits "7-4" end before they begin`},
		{resource("r", "Bool", "HOLDING_REGISTERS", "1.4-5"), `resource "r", attribute "startingAddress": a Bool is one bit, not "4-5"`},
		{resource("r", "Uint16Array", "HOLDING_REGISTERS", "1.4", arraySize, 2), `resource "r", attribute "startingAddress": the elements of an array have no bits`},
		{resource("r", "Uint16", "HOLDING_REGISTERS", 1, byteOrder, "ABCD"), `resource "r", attribute "byteOrder": "ABCD" is no order of 2 bytes; there are AB, BA`},
		{resource("r", "Float32", "HOLDING_REGISTERS", 1, byteOrder, "ACBD"), `resource "r", attribute "byteOrder": "ACBD" is no order of 4 bytes; there are ABCD, BADC, CDAB, DCBA`},
		{resource("r", "Float32", "HOLDING_REGISTERS", 1, byteOrder, "ABCD", isByteSwap, true), `resource "r", attribute "byteOrder": stands beside another order. Leave isByteSwap and isWordSwap out`},
		{resource("r", "Uint16", "HOLDING_REGISTERS", 1, stringEncoding, "gbk"), `resource "r", attribute "stringEncoding": Uint16 is no String`},
		{resource("r", "String", "HOLDING_REGISTERS", 1, stringRegisterSize, 1, stringEncoding, "ebcdic"), `resource "r", attribute "stringEncoding": unknown encoding "ebcdic"; there are utf-8, ascii, iso-8859-1, gbk, gb18030, shift-jis, utf-16be and utf-16le`},
		{resource("r", "String", "HOLDING_REGISTERS", 1, stringRegisterSize, 1, stringPadding, "x"), `resource "r", attribute "stringPadding": unknown padding "x"; there are nul and space`},
		{resource("r", "Int16", "HOLDING_REGISTERS", 1, isByteSwap, "maybe"), `resource "r", attribute "isByteSwap": "maybe" is neither true nor false`},
		{resource("r", "String", "HOLDING_REGISTERS", 1), `resource "r", attribute "stringRegisterSize": is missing: a String needs its number of registers`},
		{resource("r", "String", "HOLDING_REGISTERS", 1, stringRegisterSize, 124), `resource "r", attribute "stringRegisterSize": 124 is not between 1 and 123`},
	}
	for _, c := range cases {
		_, err := parseAddress(c.resource, addressing{})
		if err == nil || err.Error() != c.want {
			t.Errorf("%v:\n got %v\nwant %s", c.resource.Attributes, err, c.want)
		}
		if err != nil && len(driver.Findings(err)) != strings.Count(c.want, "\n")+1 {
			t.Errorf("%v: findings %v", c.resource.Attributes, driver.Findings(err))
		}
	}
}

// A device may count its addresses from 1, as manuals do.
func TestAddressBase(t *testing.T) {
	for _, c := range []struct {
		start any
		want  int
	}{{1, 0}, {"65536", 65535}, {"4.3", 3}} {
		kind := driver.Type("Uint16")
		if c.start == "4.3" {
			kind = "Bool"
		}
		if a, err := parseAddress(resource("r", kind, "HOLDING_REGISTERS", c.start), addressing{base: 1}); err != nil || a.start != c.want {
			t.Errorf("%v: %+v, %v, want %d", c.start, a, err, c.want)
		}
	}
	if _, err := parseAddress(word(0), addressing{base: 1}); err == nil || !strings.Contains(err.Error(), "0 is not between 1 and 65536") {
		t.Error(err)
	}
}

func FuzzAddress(f *testing.F) {
	f.Add("HOLDING_REGISTERS", "3.1", "Bool", "", "", "")
	f.Add("COILS", "65535", "Bool", "INT16", "true", "1")
	f.Add("DISCRETES_INPUT", "1", "Float64", "INT16", "true", "")
	f.Add("INPUT_REGISTERS", "1e400", "String", "", "x", "9223372036854775808")
	f.Fuzz(func(t *testing.T, table, start, kind, raw, swap, size string) {
		r := resource("r", driver.Type(kind), table, start, rawType, raw, isWordSwap, swap, stringRegisterSize, size)
		a, err := parseAddress(r, addressing{})
		if err != nil {
			if len(driver.Findings(err)) == 0 {
				t.Fatalf("%v is no finding", err)
			}
			return
		}
		if a.start < 0 || a.count < 1 || a.end() > addresses || a.count > maxReadRegisters {
			t.Fatalf("%+v is out of range", a)
		}
		if a.table.bits() {
			_, err = decodeBits(a, make([]bool, a.count))
		} else {
			_, err = decode(a, make([]uint16, a.count))
		}
		if err != nil { // whatever is accepted can be read
			t.Fatal(err)
		}
	})
}

func TestIntegerBounds(t *testing.T) {
	for _, v := range []any{math.Inf(1), math.NaN(), "1e400", "NaN", "", nil, true, []int{1}, uint64(math.MaxUint64)} {
		if n, err := integer(v, 0, 10); err == nil {
			t.Errorf("%v is taken for %d", v, n)
		}
	}
}

func TestFindingsKeepTheirOrder(t *testing.T) {
	_, one := parseAddress(driver.Resource{Name: "one", Type: "Bool"}, addressing{})
	_, two := parseAddress(driver.Resource{Name: "two", Type: "Bool"}, addressing{})
	found := driver.Findings(errors.Join(nil, one, errors.New("other"), errors.Join(two)))
	if len(found) != 2 || found[0].Resource != "one" || found[1].Resource != "two" {
		t.Errorf("%v", found)
	}
}
