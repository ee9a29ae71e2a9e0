package opcua

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/gopcua/opcua/ua"
)

// Lists of lists become arrays of several dimensions, as the server counts them.
func TestMatrix(t *testing.T) {
	cube := []any{[]any{[]any{1.0, 2.0}, []any{3.0, 4.0}}, []any{[]any{5.0, 6.0}, []any{7.0, 8.0}}, []any{[]any{9.0, 0.0}, []any{1.0, 2.0}}}
	for _, c := range []struct {
		v    any
		node ua.TypeID
		want any
	}{
		{[]any{[]any{1.0, 2.0, 3.0}, []any{4.0, 5.0, 6.0}}, ua.TypeIDInt16, [][]int16{{1, 2, 3}, {4, 5, 6}}},
		{[]any{[]any{"a"}}, ua.TypeIDString, [][]string{{"a"}}},
		{[]any{[]any{1.0}, []any{2.0}}, ua.TypeIDByte, []ua.ByteArray{{1}, {2}}},
		{cube, ua.TypeIDFloat, [][][]float32{{{1, 2}, {3, 4}}, {{5, 6}, {7, 8}}, {{9, 0}, {1, 2}}}},
		{listed(" [[1, 2], [3, 4]]", ua.TypeIDInt32), ua.TypeIDInt32, [][]int32{{1, 2}, {3, 4}}},
		{listed("[true]", ua.TypeIDBoolean), ua.TypeIDBoolean, []bool{true}},
		{listed("[a]", ua.TypeIDString), ua.TypeIDString, "[a]"},
	} {
		v, err := encode(c.v, c.node)
		if err != nil {
			t.Errorf("%v: %v", c.v, err)
			continue
		}
		if diff := cmp.Diff(c.want, v.Value()); diff != "" || v.Type() != c.node {
			t.Errorf("%v: %v %s", c.v, v.Type(), diff)
		}
		b, err := v.Encode()
		if err != nil {
			t.Errorf("%v: %v", c.v, err)
			continue
		}
		var back ua.Variant
		if _, err := back.Decode(b); err != nil || !cmp.Equal(back.Value(), c.want) {
			t.Errorf("%v comes back as %v, %v", c.v, back.Value(), err)
		}
	}
	for _, c := range []struct {
		v    any
		want string
	}{
		{[]any{[]any{}, []any{}}, "a list in a list is empty"},
		{[]any{[]any{1.0}, 2.0}, "element 1: it is not as long as those before it"},
		{[]any{[]any{1.0, "x"}}, "element 1: a value of type String does not fit Int16"},
		{listed("[1", ua.TypeIDInt16), "a value of type String does not fit Int16"},
	} {
		if _, err := encode(c.v, ua.TypeIDInt16); err == nil || err.Error() != c.want {
			t.Errorf("%v: %v, want %s", c.v, err, c.want)
		}
	}
}
