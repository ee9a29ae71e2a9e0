package codec

import (
	"errors"
	"net/url"
	"slices"
	"strings"
	"testing"

	"sluice/sqlengine"
	"sluice/sqlengine/value"
)

func TestURLEncoded(t *testing.T) {
	list := sqlengine.Field{Name: "a", Kind: value.List, Elem: &sqlengine.Field{Kind: value.Int}, Default: value.Missing}
	for _, c := range []struct {
		name, columns string
		declared      []sqlengine.Field
		in, want      string
	}{
		{"texts", "a b", nil, "b=x+y&a=1%2C2", `STRING "1,2", STRING "x y"`},
		{"missing", "a", nil, "b=1", "missing"},
		{"without a value", "a b", nil, "a&b=", `STRING "", STRING ""`},
		{"repeated", "a", nil, "a=1&a=2&a=3", `ARRAY ["1","2","3"]`},
		{"declared", "a", declaredFields("a", value.Int), "a=12", "BIGINT 12"},
		{"repeated and declared", "a", []sqlengine.Field{list}, "a=1&a=2", "ARRAY [1,2]"},
		{"one of an array", "a", []sqlengine.Field{list}, "a=1", "ARRAY [1]"},
		{"an array as JSON", "a", []sqlengine.Field{list}, "a=%5B1,2%5D", "ARRAY [1,2]"},
		{"repeated where one is declared", "a", declaredFields("a", value.Int), "a=1&a=2", `error: decode urlencoded: column "a" comes several times where BIGINT is declared`},
		{"wrong type", "a", declaredFields("a", value.Int), "a=x", `error: decode urlencoded: column "a": "x" is no BIGINT`},
		{"wrong escape", "a", nil, "a=%zz", `error: decode urlencoded: column "a": invalid URL escape "%zz"`},
		{"semicolon", "a", nil, "a=1;b=2", "error: decode urlencoded: a semicolon between the columns; & is wanted, and %3B in a value"},
		{"columns that no rule names are not looked at", "a", nil, "b=%zz&a=1", `STRING "1"`},
		{"empty", "a", nil, "", "missing"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := fields(strings.Fields(c.columns)...)
			d := decoder(t, "urlencoded", s, DecoderOptions{Fields: c.declared})
			for range 2 { // a decoder keeps nothing of the payload before
				if got := decoded(t, d, s, c.in); got != c.want {
					t.Errorf("%q\n got %s\nwant %s", c.in, got, c.want)
				}
			}
		})
	}
}

func TestURLWriter(t *testing.T) {
	w, err := NewWriter("urlencoded", Form{})
	if err != nil {
		t.Fatal(err)
	}
	rows := rowsOf(t, map[string]any{"b": "x &=y", "a": []any{1.0, "2"}, "c": nil, "ü": map[string]any{"k": true}})
	got, err := w.Append(nil, rows, false)
	if want := "a=1&a=2&b=x+%26%3Dy&c=&%C3%BC=%7B%22k%22%3Atrue%7D"; err != nil || string(got) != want {
		t.Errorf("%v\n got %s\nwant %s", err, got, want)
	}
	if _, err := w.Append(nil, append(rows, rows...), false); err == nil || !strings.Contains(err.Error(), "set sendSingle") {
		t.Error(err)
	}
	if _, err := w.Append(nil, nil, false); !errors.Is(err, ErrNoRow) {
		t.Error(err)
	}
}

// What net/url reads is read the same way.
func FuzzURLEncoded(f *testing.F) {
	for _, s := range []string{"a=1&b=2", "a=1&a=2", "a=%41+b", "=x", "&&a", "a=%", "a;b=1", "a=b=c"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, in string) {
		schema := &value.Schema{Columns: []value.Column{{Name: "*", Role: value.Whole}}}
		rows, err := decoder(t, "urlencoded", schema, DecoderOptions{}).Decode(nil, []byte(in), nil, 7)
		want, wrong := url.ParseQuery(in)
		if (err == nil) != (wrong == nil) {
			t.Fatalf("%v; the reference says %v", err, wrong)
		}
		if err != nil {
			return
		}
		got := rows[0].Cols[0].Object()
		if got.Len() != len(want) {
			t.Fatalf("%d columns, want %v", got.Len(), want)
		}
		for name, texts := range want {
			list := []value.Value{got.Get(name)}
			if list[0].Kind() == value.List {
				list = list[0].List()
			}
			var out []string
			for _, v := range list {
				out = append(out, v.Str())
			}
			if !slices.Equal(out, texts) {
				t.Fatalf("column %q: %q, want %q", name, out, texts)
			}
		}
	})
}
