package opcua

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/gopcua/opcua/ua"

	"sluice/device-service/internal/driver"
)

var noon = time.Date(2026, 3, 4, 12, 0, 0, 250_000_000, time.UTC)

func TestDecode(t *testing.T) {
	guid := "09087E75-8E5E-499B-954F-F2A9603DB28A"
	for _, tc := range []struct {
		from any
		to   driver.Type
		want any
	}{
		{true, "Bool", true},
		{int8(-8), "Int8", int8(-8)},
		{int16(-300), "Int16", int16(-300)},
		{int32(70000), "Int32", int32(70000)},
		{int64(math.MinInt64), "Int64", int64(math.MinInt64)},
		{uint8(200), "Uint8", uint8(200)},
		{uint16(60000), "Uint16", uint16(60000)},
		{uint32(4e9), "Uint32", uint32(4e9)},
		{uint64(math.MaxUint64), "Uint64", uint64(math.MaxUint64)},
		{float32(0.1), "Float32", float32(0.1)},
		{0.1, "Float64", 0.1},
		{"warm", "String", "warm"},
		{[]byte{1, 2}, "Binary", []byte{1, 2}},
		{ua.ByteArray{1, 2}, "Binary", []byte{1, 2}},

		{int32(-8), "Int8", int8(-8)},
		{uint64(127), "Int8", int8(127)},
		{int8(127), "Uint64", uint64(127)},
		{uint64(math.MaxInt64), "Int64", int64(math.MaxInt64)},
		{21.0, "Int16", int16(21)},
		{float32(-3), "Int32", int32(-3)},
		{math.Ldexp(1, 63), "Uint64", uint64(1 << 63)},
		{-math.Ldexp(1, 63), "Int64", int64(math.MinInt64)},
		{int32(5), "Float64", 5.0},
		{uint64(math.MaxUint64), "Float64", math.Ldexp(1, 64)},
		{float32(2.5), "Float64", 2.5},
		{2.5, "Float32", float32(2.5)},
		{math.Inf(1), "Float32", float32(math.Inf(1))},
		{ua.StatusBadTimeout, "Uint32", uint32(0x800A0000)},

		{noon, "String", "2026-03-04T12:00:00.25Z"},
		{noon, "Int64", noon.UnixMilli()},
		{noon, "Uint64", uint64(noon.UnixMilli())},
		{ua.NewLocalizedText("Kessel"), "String", "Kessel"},
		{&ua.QualifiedName{NamespaceIndex: 2, Name: "Q"}, "String", "Q"},
		{ua.NewGUID(guid), "String", guid},
		{ua.NewStringNodeID(2, "a"), "String", "ns=2;s=a"},
		{ua.XMLElement("<a/>"), "String", "<a/>"},
		{ua.StatusBadTimeout, "String", "BadTimeout"},
		{float32(0.1), "String", "0.1"},
		{1e21, "String", "1e+21"},
		{uint64(math.MaxUint64), "String", "18446744073709551615"},
		{int8(-1), "String", "-1"},
		{false, "String", "false"},

		{[]float64{1, 2.5}, "Float64Array", []float64{1, 2.5}},
		{[]float64{1, 2.5}, "Float32Array", []float32{1, 2.5}},
		{[]int32{1, -2}, "Int8Array", []int8{1, -2}},
		{[]uint16{1, 2}, "Int64Array", []int64{1, 2}},
		{ua.ByteArray{1, 2}, "Uint8Array", []uint8{1, 2}},
		{[]bool{true, false}, "BoolArray", []bool{true, false}},
		{[]string{"a", "b"}, "StringArray", []string{"a", "b"}},
		{[]time.Time{noon}, "StringArray", []string{"2026-03-04T12:00:00.25Z"}},
		{[]float64(nil), "Float64Array", []float64(nil)},

		{int32(5), "Object", int32(5)},
		{noon, "Object", "2026-03-04T12:00:00.25Z"},
		{[][]int32{{1, 2}, {3, 4}}, "Object", []any{[]any{int32(1), int32(2)}, []any{int32(3), int32(4)}}},
	} {
		got, err := decode(ua.MustVariant(tc.from), tc.to)
		if err != nil {
			t.Errorf("%T %v to %s: %v", tc.from, tc.from, tc.to, err)
			continue
		}
		if diff := cmp.Diff(tc.want, got); diff != "" {
			t.Errorf("%T %v to %s: %s", tc.from, tc.from, tc.to, diff)
		}
	}
}

func TestDecodeRefusals(t *testing.T) {
	for _, tc := range []struct {
		from any
		to   driver.Type
		want string
	}{
		{int32(128), "Int8", "128 is out of range of Int8"},
		{int32(-129), "Int8", "-129 is out of range of Int8"},
		{int32(-1), "Uint64", "-1 is out of range of Uint64"},
		{uint32(65536), "Uint16", "65536 is out of range of Uint16"},
		{uint64(math.MaxUint64), "Int64", "18446744073709551615 is out of range of Int64"},
		{uint64(math.MaxUint64), "Uint32", "18446744073709551615 is out of range of Uint32"},
		{21.5, "Int32", "21.5 is not a whole number, which Int32 needs"},
		{math.NaN(), "Int32", "NaN is not a whole number, which Int32 needs"},
		{math.Inf(1), "Int64", "+Inf is out of range of Int64"},
		{1e300, "Uint64", "1e+300 is out of range of Uint64"},
		{1e300, "Float32", "1e+300 is out of range of Float32"},
		{"21", "Int32", "a value of type String does not fit Int32"},
		{true, "Int32", "a value of type Boolean does not fit Int32"},
		{int32(1), "Bool", "a value of type Int32 does not fit Bool"},
		{"x", "Binary", "a value of type String does not fit Binary"},
		{noon, "Float64", "a value of type DateTime does not fit Float64"},
		{noon, "Int32", "is out of range of Int32"},
		{time.Time{}, "String", "the node has no value"},
		{time.Time{}, "Int64", "the node has no value"},
		{[]int32{1}, "Int32", "a value of type Int32[] does not fit Int32"},
		{[]int32{1}, "String", "a value of type Int32[] does not fit String"},
		{int32(1), "Int32Array", "a value of type Int32 does not fit Int32Array"},
		{[]int32{1, 300}, "Int8Array", "element 1: 300 is out of range of Int8"},
		{[][]int32{{1}}, "Int32Array", "element 0: a value of type Int32[] does not fit Int32"},
		{int32(1), "Int33", `resource type "Int33" is not supported`},
		{[]int32{1}, "Int33Array", `resource type "Int33Array" is not supported`},
	} {
		got, err := decode(ua.MustVariant(tc.from), tc.to)
		if err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%T %v to %s: %v, %v; want an error with %q", tc.from, tc.from, tc.to, got, err, tc.want)
		}
	}
	for _, nothing := range []*ua.Variant{nil, new(ua.Variant)} {
		if _, err := decode(nothing, "Int32"); !errors.Is(err, errNoValue) {
			t.Errorf("no value: %v", err)
		}
	}
}

func TestFill(t *testing.T) {
	source, arrival := noon, noon.Add(time.Second)
	for _, tc := range []struct {
		name   string
		answer ua.DataValue
		want   driver.Reading
		failed error
	}{
		{"good", ua.DataValue{Value: ua.MustVariant(1.5), SourceTimestamp: source, ServerTimestamp: arrival},
			driver.Reading{Value: 1.5, Time: source}, nil},
		{"server's time", ua.DataValue{Value: ua.MustVariant(1.5), ServerTimestamp: source},
			driver.Reading{Value: 1.5, Time: source}, nil},
		{"no time", ua.DataValue{Value: ua.MustVariant(1.5)},
			driver.Reading{Value: 1.5, Time: arrival}, nil},
		{"uncertain", ua.DataValue{Value: ua.MustVariant(1.5), Status: ua.StatusUncertainLastUsableValue},
			driver.Reading{Value: 1.5, Time: arrival, Tags: map[string]string{"quality": "UncertainLastUsableValue"}}, nil},
		{"overridden", ua.DataValue{Value: ua.MustVariant(1.5), Status: ua.StatusGoodLocalOverride},
			driver.Reading{Value: 1.5, Time: arrival, Tags: map[string]string{"quality": "GoodLocalOverride"}}, nil},
		{"flags only", ua.DataValue{Value: ua.MustVariant(1.5), Status: 0x480},
			driver.Reading{Value: 1.5, Time: arrival}, nil},
		{"bad with flags", ua.DataValue{Value: ua.MustVariant(1.5), Status: ua.StatusBadSensorFailure | 0x480, SourceTimestamp: source},
			driver.Reading{Value: 1.5, Time: source, Tags: map[string]string{"quality": "BadSensorFailure"}}, nil},
		{"uncertain without value", ua.DataValue{Status: ua.StatusUncertain},
			driver.Reading{Time: arrival}, errNoValue},
		{"unfit", ua.DataValue{Value: ua.MustVariant("x")},
			driver.Reading{Time: arrival}, mismatch{"x", "Float64"}},
	} {
		var got driver.Reading
		fill(&got, &tc.answer, "Float64", arrival)
		if !errors.Is(got.Err, tc.failed) {
			t.Errorf("%s: error %v, want %v", tc.name, got.Err, tc.failed)
		}
		got.Err = nil
		if diff := cmp.Diff(tc.want, got); diff != "" {
			t.Errorf("%s: %s", tc.name, diff)
		}
	}
}

func TestStatusName(t *testing.T) {
	for code, want := range map[ua.StatusCode]string{
		ua.StatusBadNodeIDUnknown:       "BadNodeIDUnknown",
		ua.StatusBadNodeIDUnknown | 0x3: "BadNodeIDUnknown",
		0:                               "Good",
		0x0F120000:                      "Good",
		0x4F120000:                      "Uncertain",
		0x8F120000:                      "Bad",
	} {
		if got := statusName(code); got != want {
			t.Errorf("%08X is %q, want %q", uint32(code), got, want)
		}
	}
	if got, want := (statusError{ua.StatusBadNotWritable}).Error(), "server says BadNotWritable (0x803B0000)"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func BenchmarkFill(b *testing.B) {
	for name, bm := range map[string]struct {
		v any
		t driver.Type
	}{"double": {21.5, "Float64"}, "int32ToInt64": {int32(7), "Int64"}, "doubles": {make([]float64, 100), "Float64Array"}} {
		b.Run(name, func(b *testing.B) {
			answer := &ua.DataValue{Value: ua.MustVariant(bm.v), SourceTimestamp: noon}
			var r driver.Reading
			b.ReportAllocs()
			for b.Loop() {
				fill(&r, answer, bm.t, noon)
			}
		})
	}
}
