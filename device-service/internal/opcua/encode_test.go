package opcua

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/gopcua/opcua/ua"
)

func TestEncode(t *testing.T) {
	guid := "09087e75-8e5e-499b-954f-f2a9603db28a"
	for _, tc := range []struct {
		from any
		to   ua.TypeID
		want any
	}{
		{true, ua.TypeIDBoolean, true},
		{int64(-5), ua.TypeIDSByte, int8(-5)},
		{int64(300), ua.TypeIDInt16, int16(300)},
		{int64(70000), ua.TypeIDInt32, int32(70000)},
		{int8(5), ua.TypeIDInt64, int64(5)},
		{int64(255), ua.TypeIDByte, uint8(255)},
		{int16(9), ua.TypeIDUint16, uint16(9)},
		{float64(9), ua.TypeIDUint32, uint32(9)},
		{uint64(math.MaxUint64), ua.TypeIDUint64, uint64(math.MaxUint64)},
		{21.5, ua.TypeIDFloat, float32(21.5)},
		{int32(21), ua.TypeIDDouble, 21.0},
		{"x", ua.TypeIDString, "x"},
		{int32(21), ua.TypeIDString, "21"},
		{"2026-03-04T12:00:00.25Z", ua.TypeIDDateTime, noon},
		{noon.UnixMilli(), ua.TypeIDDateTime, noon},
		{uint64(noon.UnixMilli()), ua.TypeIDDateTime, noon},
		{guid, ua.TypeIDGUID, ua.NewGUID(guid)},
		{[]byte{1}, ua.TypeIDByteString, []byte{1}},
		{"Kessel", ua.TypeIDLocalizedText, ua.NewLocalizedText("Kessel")},
		{"Q", ua.TypeIDQualifiedName, &ua.QualifiedName{Name: "Q"}},
		{"<a/>", ua.TypeIDXMLElement, ua.XMLElement("<a/>")},

		{[]bool{true}, ua.TypeIDBoolean, []bool{true}},
		{[]int64{1, -2}, ua.TypeIDSByte, []int8{1, -2}},
		{[]int64{1, 2}, ua.TypeIDByte, ua.ByteArray{1, 2}},
		{[]byte{1, 2}, ua.TypeIDByte, ua.ByteArray{1, 2}},
		{[]int64{1, -2}, ua.TypeIDInt16, []int16{1, -2}},
		{[]int64{1, -2}, ua.TypeIDInt32, []int32{1, -2}},
		{[]int8{1, -2}, ua.TypeIDInt64, []int64{1, -2}},
		{[]byte{1, 2}, ua.TypeIDUint16, []uint16{1, 2}},
		{[]int64{1, 2}, ua.TypeIDUint32, []uint32{1, 2}},
		{[]int64{1, 2}, ua.TypeIDUint64, []uint64{1, 2}},
		{[]float64{1, 2.5}, ua.TypeIDFloat, []float32{1, 2.5}},
		{[]float32{1, 2.5}, ua.TypeIDDouble, []float64{1, 2.5}},
		{[]string{"a"}, ua.TypeIDString, []string{"a"}},
		{[]string{"2026-03-04T12:00:00.25Z"}, ua.TypeIDDateTime, []time.Time{noon}},
	} {
		got, err := encode(tc.from, tc.to)
		if err != nil {
			t.Errorf("%T %v to %v: %v", tc.from, tc.from, tc.to, err)
			continue
		}
		if got.Type() != tc.to {
			t.Errorf("%T %v: type %v, want %v", tc.from, tc.from, got.Type(), tc.to)
		}
		if diff := cmp.Diff(tc.want, got.Value(), cmp.Comparer(time.Time.Equal)); diff != "" {
			t.Errorf("%T %v to %v: %s", tc.from, tc.from, tc.to, diff)
		}
	}
}

func TestEncodeRefusals(t *testing.T) {
	for _, tc := range []struct {
		from any
		to   ua.TypeID
		want string
	}{
		{int64(1), ua.TypeIDBoolean, "a value of type Int64 does not fit Boolean"},
		{true, ua.TypeIDInt32, "a value of type Boolean does not fit Int32"},
		{int64(math.MaxInt64), ua.TypeIDInt32, "out of range of Int32"},
		{"x", ua.TypeIDDouble, "a value of type String does not fit Double"},
		{"x", ua.TypeIDByteString, `"x" is not base64, which ByteString needs`},
		{"noon", ua.TypeIDDateTime, `"noon" is not a time`},
		{true, ua.TypeIDDateTime, "a value of type Boolean does not fit DateTime"},
		{int64(math.MaxInt64), ua.TypeIDDateTime, "out of range of DateTime"},
		{"x", ua.TypeIDGUID, `"x" is not a GUID`},
		{"x", ua.TypeIDExtensionObject, "values of type ExtensionObject cannot be written"},
		{[]string{"x"}, ua.TypeIDGUID, `element 0: "x" is not a GUID`},
		{[]int64{1, 300}, ua.TypeIDByte, "element 1: 300 is out of range of Byte"},
		{[]string{"x"}, ua.TypeIDInt32, "element 0: a value of type String does not fit Int32"},
		{map[string]any{}, ua.TypeIDString, "does not fit String"},
		{nil, ua.TypeIDInt32, "does not fit Int32"},
	} {
		got, err := encode(tc.from, tc.to)
		if err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%T %v to %v: %v, %v; want an error with %q", tc.from, tc.from, tc.to, got, err, tc.want)
		}
	}
}
