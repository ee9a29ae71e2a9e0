package codec

import (
	"math"
	"testing"

	"sluice/sqlengine/value"
)

func rowsOf(t testing.TB, rows ...map[string]any) []*value.Fields {
	t.Helper()
	var out []*value.Fields
	for _, r := range rows {
		v, err := value.Of(r)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, v.Object())
	}
	return out
}

// Rows come back with the types that JSON would lose.
func TestRowsKeepTypes(t *testing.T) {
	in := rowsOf(t, map[string]any{"i": int64(math.MaxInt64), "f": 2.0, "b": []byte("x"), "n": nil}, map[string]any{})
	out, err := ParseRows(AppendRows([]byte("before")[6:], in))
	if err != nil {
		t.Fatal(err)
	}
	for i := range in {
		if !value.Equal(value.OfObject(in[i]), value.OfObject(out[i])) {
			t.Errorf("row %d is %v", i, out[i])
		}
	}
	if k := out[0].Get("b").Kind(); k != value.Bytes {
		t.Errorf("b is %s", k)
	}
}

func TestRowsDecoder(t *testing.T) {
	schema := &value.Schema{Columns: []value.Column{{Name: "a"}, {Name: "gone"}, {Name: "*", Role: value.Whole}}}
	d, err := NewDecoder("rows", schema, DecoderOptions{})
	if err != nil {
		t.Fatal(err)
	}
	rows, err := d.Decode(nil, AppendRows(nil, rowsOf(t, map[string]any{"a": int64(1), "b": "x"})), nil, 7)
	if err != nil || len(rows) != 1 || rows[0].Time != 7 {
		t.Fatal(rows, err)
	}
	if c := rows[0].Cols; c[0].Int() != 1 || !c[1].IsMissing() || c[2].Object().Len() != 2 {
		t.Errorf("%v", c)
	}
}

func FuzzParseRows(f *testing.F) {
	f.Add(AppendRows(nil, rowsOf(f, map[string]any{"a": int64(1), "l": []any{"x", 2.5}})))
	f.Add([]byte{rowsVersion, 200})
	f.Fuzz(func(t *testing.T, b []byte) {
		rows, err := ParseRows(b)
		if err != nil {
			return
		}
		if again, err := ParseRows(AppendRows(nil, rows)); err != nil || len(again) != len(rows) {
			t.Fatal(again, err)
		}
	})
}
