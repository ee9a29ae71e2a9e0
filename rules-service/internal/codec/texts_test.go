package codec

import (
	"strings"
	"testing"

	"sluice/sqlengine"
	"sluice/sqlengine/value"
)

func textsPayload(pairs ...string) []byte {
	var names []string
	var values []value.Value
	for i := 0; i < len(pairs); i += 2 {
		names, values = append(names, pairs[i]), append(values, value.OfString(pairs[i+1]))
	}
	return AppendRows(nil, []*value.Fields{value.FieldsOf(names, values)})
}

func textsDecoderOf(t testing.TB) Decoder {
	t.Helper()
	var s value.Schema
	var o DecoderOptions
	for name, kind := range map[string]value.Kind{"b": value.Int, "f": value.Float, "s": value.String, "t": value.Bool,
		"bytes": value.Bytes, "list": value.List, "o": value.Object, "time": value.Time} {
		s.Columns = append(s.Columns, value.Column{Name: name})
		o.Fields = append(o.Fields, sqlengine.Field{Name: name, Kind: kind})
	}
	s.Columns = append(s.Columns, value.Column{Name: "undeclared"})
	d, err := NewDecoder("texts", &s, o)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// Declared columns get their type, others stay texts.
func TestTexts(t *testing.T) {
	d := textsDecoderOf(t).(*textsDecoder)
	get := func(row value.Row, name string) string {
		for i, c := range d.maker.schema.Columns {
			if c.Name == name {
				b, err := row.Cols[i].AppendJSON(nil)
				if err != nil {
					t.Fatal(err)
				}
				return row.Cols[i].Kind().String() + " " + string(b)
			}
		}
		return ""
	}
	for _, c := range [][3]string{
		{"b", "12", "BIGINT 12"}, {"b", " -3 ", "BIGINT -3"}, {"b", "4.0", "BIGINT 4"}, {"b", "", "NULL null"},
		{"f", "1e3", "FLOAT 1000"}, {"f", "7", "FLOAT 7"}, {"s", "", `STRING ""`}, {"s", " x ", `STRING " x "`}, {"s", "12", `STRING "12"`},
		{"t", "true", "BOOLEAN true"}, {"t", "0", "BOOLEAN false"}, {"list", "[1]", "ARRAY [1]"}, {"o", `{"a":2}`, `STRUCT {"a":2}`},
		{"undeclared", "12", `STRING "12"`}, {"undeclared", "", `STRING ""`}, {"time", "2024-01-02", `STRING "2024-01-02"`},
	} {
		rows, err := d.Decode(nil, textsPayload(c[0], c[1]), nil, 0)
		if err != nil || len(rows) != 1 {
			t.Errorf("%s: %v", c, err)
			continue
		}
		if got := get(rows[0], c[0]); !strings.EqualFold(got, c[2]) {
			t.Errorf("%s %q: %s, want %s", c[0], c[1], got, c[2])
		}
	}
	for _, c := range [][3]string{
		{"b", "1.5", `column "b": "1.5" is no`}, {"b", "x", `column "b": "x" is no`}, {"f", "x", `"x" is no`},
		{"t", "maybe", `"maybe" is no`}, {"bytes", "?", `"?" is no`}, {"o", "x", "JSON is wanted"},
	} {
		if rows, err := d.Decode(nil, textsPayload(c[0], c[1]), nil, 0); err == nil || !strings.Contains(err.Error(), c[2]) || len(rows) > 0 {
			t.Errorf("%s: %v, %v", c, rows, err)
		}
	}
}

func FuzzTexts(f *testing.F) {
	f.Add("b", "1")
	f.Add("list", "[[]]")
	f.Add("bytes", "AA==")
	f.Fuzz(func(t *testing.T, name, text string) {
		rows, err := textsDecoderOf(t).Decode(nil, textsPayload(name, text), nil, 0)
		if (err == nil) != (len(rows) == 1) {
			t.Error(rows, err)
		}
	})
}
