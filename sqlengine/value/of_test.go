package value_test

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"sluice/sqlengine/value"
)

func TestOf(t *testing.T) {
	type reading float32
	for _, tc := range []struct {
		in   any
		kind value.Kind
		want string
	}{
		{nil, value.Null, "null"}, {true, value.Bool, "true"}, {1.5, value.Float, "1.5"}, {"a", value.String, "a"},
		{[]byte("raw"), value.Bytes, `"cmF3"`}, {time.Unix(1, 0), value.Time, `"1970-01-01T00:00:01Z"`},
		{7, value.Int, "7"}, {int8(-7), value.Int, "-7"}, {uint32(7), value.Int, "7"}, {reading(2.5), value.Float, "2.5"},
		{json.Number("7"), value.Int, "7"}, {json.Number("7.5"), value.Float, "7.5"},
		{[]any{1, "a", nil}, value.List, `[1,"a",null]`},
		{map[string]any{"b": []any{}, "a": map[string]any{}}, value.Object, `{"a":{},"b":[]}`},
		{value.OfInt(3), value.Int, "3"},
	} {
		v, err := value.Of(tc.in)
		if err != nil || v.Kind() != tc.kind || v.String() != tc.want {
			t.Errorf("%v: %s %s, %v", tc.in, v.Kind(), v, err)
		}
	}
	for want, in := range map[string]any{
		"is no value of SQL":                     make(chan int),
		"[1]: ":                                  []any{1, struct{}{}},
		"a: [0]: 18446744073709551615, a uint64": map[string]any{"a": []any{uint64(math.MaxUint64)}},
		`"1e999" is no number`:                   json.Number("1e999"),
	} {
		if _, err := value.Of(in); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v, want %s", in, err, want)
		}
	}
}

// TestRowOfAnObject: each column finds its field, as its declared kind where
// that can hold the number.
func TestRowOfAnObject(t *testing.T) {
	s := value.Schema{Columns: []value.Column{{Name: "i", Kind: value.Int}, {Name: "f", Kind: value.Float}, {Name: "none"},
		{Name: "topic", Role: value.Meta}, {Name: "*", Role: value.Meta}, {Name: "*", Role: value.Whole}}}
	object, meta := fieldsOf(t, `{"i":3,"f":2,"more":null}`), fieldsOf(t, `{"topic":"x"}`)
	r := s.Row(7, object, meta)
	if r.Time != 7 || r.Cols[0].Kind() != value.Int || r.Cols[1].Kind() != value.Float || !r.Cols[2].IsMissing() ||
		r.Cols[3].Str() != "x" || r.Cols[4].String() != `{"topic":"x"}` || r.Cols[5].String() != `{"f":2,"i":3,"more":null}` {
		t.Errorf("%v", r)
	}
	if got := value.OfObject(s.Object(value.Row{Cols: append([]value.Value{value.OfString("wins")}, r.Cols[1:]...)})).String(); got != `{"*":{"topic":"x"},"f":2,"i":"wins","more":null,"topic":"x"}` {
		t.Error(got)
	}
	if object.Len() != 3 || object.Get("i").Kind() != value.Float {
		t.Error("the object has changed")
	}
	for _, f := range []float64{2.5, 1 << 63, math.Inf(1), math.NaN()} {
		object := value.FieldsOf([]string{"i"}, []value.Value{value.OfFloat(f)})
		if v := s.Row(0, object, nil).Cols[0]; v.Kind() != value.Float {
			t.Errorf("%g has become %s", f, v)
		}
	}
	r = s.Row(0, nil, nil)
	if !r.Cols[0].IsMissing() || !r.Cols[3].IsMissing() || !r.Cols[4].IsMissing() || r.Cols[5].String() != "{}" {
		t.Errorf("%v", r)
	}
	if v := s.Row(0, value.FieldsOf([]string{"f"}, []value.Value{value.OfInt(2)}), nil).Cols[1]; v.Kind() != value.Float {
		t.Errorf("a %s", v.Kind())
	}
}

func fieldsOf(t *testing.T, text string) *value.Fields {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal([]byte(text), &m); err != nil {
		t.Fatal(err)
	}
	v, err := value.Of(m)
	if err != nil {
		t.Fatal(err)
	}
	return v.Object()
}
