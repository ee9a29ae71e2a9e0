package codec

import (
	"bytes"
	"encoding/csv"
	"strconv"
	"strings"
	"testing"

	"sluice/sqlengine"
	"sluice/sqlengine/value"
)

// declaredFields are columns in the order of a declaration.
func declaredFields(kinds ...any) []sqlengine.Field {
	var out []sqlengine.Field
	for i := 0; i < len(kinds); i += 2 {
		out = append(out, sqlengine.Field{Name: kinds[i].(string), Kind: kinds[i+1].(value.Kind), Default: value.Missing})
	}
	return out
}

func TestDelimited(t *testing.T) {
	abc := declaredFields("a", value.Int, "b", value.Float, "c", value.String)
	for _, c := range []struct {
		name, columns string
		form          Form
		declared      []sqlengine.Field
		in, want      string
	}{
		{"undeclared columns are texts", "col0 col2", Form{}, nil, "1,2,x", `STRING "1", STRING "x"`},
		{"a row a line, empty ones left out", "col0", Form{}, nil, "1\n\n2\r\n3\n", "STRING \"1\"\nSTRING \"2\"\nSTRING \"3\""},
		{"quotes", "col0 col1", Form{}, nil, `"a ""b"", c","d` + "\n" + `e"`, `STRING "a \"b\", c", STRING "d\ne"`},
		{"a quote elsewhere stands for itself", "col0 col1", Form{}, nil, `5" pipe,"a"b"`, `STRING "5\" pipe", STRING "a\"b"`},
		{"open quote", "col0", Form{}, nil, "1\n\"2,3", "STRING \"1\"\nerror: decode delimited: row 2: field 0: a quote that begins a field has no end"},
		{"empty fields", "col0 col1", Form{}, nil, ",", `STRING "", STRING ""`},
		{"too few fields", "col0 col1", Form{}, nil, "1", `STRING "1", missing`},
		{"tab", "col1", Form{Delimiter: "\t"}, nil, "1\t2", `STRING "2"`},
		{"tab as forms write it", "col1", Form{Delimiter: `\t`}, nil, "1\t2", `STRING "2"`},
		{"long delimiter", "col1", Form{Delimiter: "::"}, nil, "1:2::3", `STRING "3"`},
		{"given names", "y x", Form{Columns: []string{"x", "y"}}, nil, "1,2", `STRING "2", STRING "1"`},
		{"header", "y x", Form{HasHeader: true, Columns: []string{"q"}}, nil, "x,\"y\"\n1,2\n3,4", "STRING \"2\", STRING \"1\"\nSTRING \"4\", STRING \"3\""},
		{"header alone", "x", Form{HasHeader: true}, nil, "x,y\n", ""},
		{"declared names and types", "a b c", Form{}, abc, " 1,2.5,3", `BIGINT 1, FLOAT 2.5, STRING "3"`},
		{"empty is NULL where it is no text", "a b c", Form{}, abc, ",,", `NULL null, NULL null, STRING ""`},
		{"declared order of fields", "a c", Form{Columns: []string{"c", "b", "a"}}, abc, "x,2,1", `BIGINT 1, STRING "x"`},
		{"wrong type, the others are right", "a b", Form{}, abc, "x,1\n2,2\n3,y", "BIGINT 2, FLOAT 2\nerror: decode delimited: row 1: column \"a\": \"x\" is no BIGINT"},
		{"whole number written as such", "a", Form{}, abc, "2.0", "BIGINT 2"},
		{"fraction", "a", Form{}, abc, "2.5", `error: decode delimited: row 1: column "a": "2.5" is no BIGINT`},
		{"columns that no rule names are not looked at", "b", Form{}, abc, "x,1", "FLOAT 1"},
		{"other kinds", "t j k l", Form{}, declaredFields("t", value.Bool, "j", value.Object, "k", value.List, "l", value.Bytes), `true,"{""x"":1}","[1,2]",AQI=`,
			`BOOLEAN true, STRUCT {"x":1}, ARRAY [1,2], BYTEA "AQI="`},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := fields(strings.Fields(c.columns)...)
			d := decoder(t, "delimited", s, DecoderOptions{Form: &c.form, Fields: c.declared})
			if got := decoded(t, d, s, c.in); got != c.want {
				t.Errorf("%q\n got %s\nwant %s", c.in, got, c.want)
			}
		})
	}
}

func TestDelimitedWhole(t *testing.T) {
	s := &value.Schema{Columns: []value.Column{{Name: "*", Role: value.Whole}, {Name: "b"}}}
	d := decoder(t, "delimited", s, DecoderOptions{Form: &Form{HasHeader: true}})
	if got, want := decoded(t, d, s, "b,a\n1,2\n3"), "STRUCT {\"a\":\"2\",\"b\":\"1\"}, STRING \"1\"\nSTRUCT {\"b\":\"3\"}, STRING \"3\""; got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
	if got, want := decoded(t, d, s, "a,b\n5,6"), `STRUCT {"a":"5","b":"6"}, STRING "6"`; got != want {
		t.Errorf("another header: got %s, want %s", got, want)
	}
}

func TestDelimitedStrict(t *testing.T) {
	s := fields("a", "b")
	d := decoder(t, "delimited", s, DecoderOptions{Fields: declaredFields("a", value.Int, "b", value.Int), Strict: true})
	if got, want := decoded(t, d, s, "1"), `error: decode delimited: row 1: column "b" is missing, and STRICT_VALIDATION wants it`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestDelimitedWriter(t *testing.T) {
	rows := rowsOf(t, map[string]any{"b": `x,"y"`, "a": 1.5}, map[string]any{"a": nil, "c": []any{1.0}, "b": true})
	for _, c := range []struct {
		form Form
		want string
	}{
		{Form{}, "1.5,\"x,\"\"y\"\"\",\n,true,[1]"},
		{Form{HasHeader: true, Delimiter: ";"}, "a;b;c\n1.5;\"x,\"\"y\"\"\";\n;true;[1]"},
		{Form{HasHeader: true, Columns: []string{"b", "z", "a"}}, "b,z,a\n\"x,\"\"y\"\"\",,1.5\ntrue,,"},
	} {
		w, err := NewWriter("delimited", c.form)
		if err != nil {
			t.Fatal(err)
		}
		got, err := w.Append([]byte("!"), rows, false)
		if err != nil || string(got) != "!"+c.want {
			t.Errorf("%+v: %v\n got %s\nwant %s", c.form, err, got, c.want)
		}
	}
	w, _ := NewWriter("delimited", Form{HasHeader: true})
	got := w.(Joiner).Join(nil, [][]byte{[]byte("a\n1"), []byte("a\n2"), []byte("b\n3"), []byte("b\n4")})
	if want := "a\n1\n2\nb\n3\n4"; string(got) != want {
		t.Errorf("joined %q, want %q", got, want)
	}
	if _, err := NewWriter("delimited", Form{Delimiter: "\n"}); err == nil || !strings.Contains(err.Error(), "line feed") {
		t.Error(err)
	}
}

// What encoding/csv reads is read the same way, and what is written comes back.
func FuzzDelimited(f *testing.F) {
	for _, s := range []string{"a,b\n1,2", `"a ""q""",b`, "a\n\n,\n", "\"x\ny\",z", ",,,", "\xff,1", `5" x,y`, "\"a", "a,\"b\"c"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, in string) {
		schema := &value.Schema{Columns: []value.Column{{Name: "*", Role: value.Whole}}}
		rows, err := decoder(t, "delimited", schema, DecoderOptions{}).Decode(nil, []byte(in), nil, 7)
		if strings.Contains(in, "\r") {
			return // the reference drops it in texts too
		}
		r := csv.NewReader(strings.NewReader(in))
		r.FieldsPerRecord = -1
		want, wrong := r.ReadAll()
		if wrong != nil {
			return // it allows less
		}
		if err != nil || len(rows) != len(want) {
			t.Fatalf("%d rows, %v; want %d", len(rows), err, len(want))
		}
		for i, record := range want {
			got := rows[i].Cols[0].Object()
			if got.Len() != len(record) {
				t.Fatalf("row %d has %d fields, want %d", i, got.Len(), len(record))
			}
			for j, s := range record {
				if v := got.Get("col" + strconv.Itoa(j)); v.Str() != text([]byte(s)) {
					t.Fatalf("row %d, field %d: %q, want %q", i, j, v.Str(), s)
				}
			}
		}
		w, _ := NewWriter("delimited", Form{})
		for i := range rows {
			out, err := w.Append(nil, []*value.Fields{rows[i].Cols[0].Object()}, true)
			if err != nil {
				t.Fatal(err)
			}
			if again, err := csv.NewReader(bytes.NewReader(out)).Read(); len(out) > 0 && (err != nil || len(again) != rows[i].Cols[0].Object().Len()) {
				t.Fatalf("%q is read as %q, %v", out, again, err)
			}
		}
	})
}

func BenchmarkDelimitedDecode2Of8(b *testing.B) {
	line := []byte("boiler-1,81.5,45.25,1013,true,running,1795213243265,hall 1")
	names := []string{"device", "temperature", "humidity", "pressure", "on", "state", "ts", "place"}
	b.Run("sluice", func(b *testing.B) {
		d := decoder(b, "delimited", fields("device", "temperature"), DecoderOptions{Form: &Form{Columns: names},
			Fields: declaredFields("device", value.String, "temperature", value.Float)})
		var rows []value.Row
		b.ReportAllocs()
		for b.Loop() {
			rows, _ = d.Decode(rows[:0], line, nil, 7)
		}
	})
	b.Run("encoding/csv", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := csv.NewReader(bytes.NewReader(line)).Read(); err != nil {
				b.Fatal(err)
			}
		}
	})
}
