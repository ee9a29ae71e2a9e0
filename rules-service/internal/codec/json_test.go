package codec

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"sluice/sqlengine"
	"sluice/sqlengine/value"
)

func fields(names ...string) *value.Schema {
	s := &value.Schema{}
	for _, n := range names {
		s.Columns = append(s.Columns, value.Column{Name: n})
	}
	return s
}

func decoder(t testing.TB, format string, s *value.Schema, o DecoderOptions) Decoder {
	t.Helper()
	d, err := NewDecoder(format, s, o)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// decoded is what a payload gives, one line a row, or the error.
func decoded(t testing.TB, d Decoder, s *value.Schema, payload string) string {
	t.Helper()
	rows, err := d.Decode(nil, []byte(payload), nil, 7)
	var out []string
	for _, r := range rows {
		if r.Time != 7 || len(r.Cols) != len(s.Columns) {
			t.Fatalf("row %v has not the shape of the schema", r)
		}
		var cols []string
		for _, v := range r.Cols {
			if v.IsMissing() {
				cols = append(cols, "missing")
				continue
			}
			b, err := v.AppendJSON(nil)
			if err != nil {
				t.Fatal(err)
			}
			cols = append(cols, v.Kind().String()+" "+string(b))
		}
		out = append(out, strings.Join(cols, ", "))
	}
	if err != nil {
		out = append(out, "error: "+err.Error())
	}
	return strings.Join(out, "\n")
}

func TestJSONSchemaless(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"number is FLOAT", `{"a":5}`, "FLOAT 5"},
		{"exponent", `{"a":-1.5e3}`, "FLOAT -1500"},
		{"text", `{"a":"x\u4e2d"}`, `STRING "x中"`},
		{"boolean", `{"a":true}`, "BOOLEAN true"},
		{"null is not missing", `{"a":null}`, "NULL null"},
		{"missing", `{"b":1}`, "missing"},
		{"list", `{"a":[1,"x",null]}`, `ARRAY [1,"x",null]`},
		{"object", `{"a":{"z":1,"y":{"x":2}}}`, `STRUCT {"y":{"x":2},"z":1}`},
		{"last key wins", `{"a":1,"a":2}`, "FLOAT 2"},
		{"array of rows", `[{"a":1},{"a":2}]`, "FLOAT 1\nFLOAT 2"},
		{"wrong element", `[{"a":1},3,{"a":2}]`, "FLOAT 1\nFLOAT 2\nerror: decode json: [1]: an object is wanted, not number"},
		{"no object", `"x"`, "error: decode json: an object or an array of objects is wanted, not string"},
		{"empty", ``, "error: decode json: cannot parse JSON: cannot parse empty string; unparsed tail: \"\""},
		{"no JSON number", `{"a":01}`, `error: decode json: column "a": "01" is no number that FLOAT can hold`},
		{"NaN", `{"a":NaN}`, `error: decode json: column "a": "NaN" is no number that FLOAT can hold`},
		{"other columns are not looked at", `{"b":01,"a":1}`, "FLOAT 1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := fields("a")
			if got := decoded(t, decoder(t, "json", s, DecoderOptions{}), s, c.in); got != c.want {
				t.Errorf("%s\n got %s\nwant %s", c.in, got, c.want)
			}
		})
	}
}

func TestJSONWholeNumbers(t *testing.T) {
	s := fields("a")
	d := decoder(t, "json", s, DecoderOptions{Int64ForWholeNumber: true})
	for in, want := range map[string]string{
		`{"a":9007199254740993}`:    "BIGINT 9007199254740993",
		`{"a":1e3}`:                 "FLOAT 1000",
		`{"a":1.0}`:                 "FLOAT 1",
		`{"a":9223372036854775808}`: "FLOAT 9223372036854776000",
	} {
		if got := decoded(t, d, s, in); got != want {
			t.Errorf("%s: got %s, want %s", in, got, want)
		}
	}
}

func TestJSONDeclared(t *testing.T) {
	field := func(k value.Kind) sqlengine.Field { return sqlengine.Field{Name: "a", Kind: k, Default: value.Missing} }
	list := field(value.List)
	list.Elem = &sqlengine.Field{Kind: value.Int}
	object := field(value.Object)
	object.Fields = []sqlengine.Field{{Name: "x", Kind: value.Int}}
	defaulted := field(value.Int)
	defaulted.Default = value.OfInt(42)
	for _, c := range []struct {
		field    sqlengine.Field
		strict   bool
		in, want string
	}{
		{field(value.Int), false, `{"a":9007199254740993}`, "BIGINT 9007199254740993"},
		{field(value.Int), false, `{"a":1.5}`, `error: decode json: column "a": "1.5" is no whole number that BIGINT can hold`},
		{field(value.Int), false, `{"a":9223372036854775808}`, `error: decode json: column "a": "9223372036854775808" is no whole number that BIGINT can hold`},
		{field(value.Int), false, `{"a":"1"}`, `error: decode json: column "a": string where BIGINT is declared`},
		{field(value.Int), false, `{"a":null}`, "NULL null"},
		{field(value.Int), false, `{}`, "missing"},
		{field(value.Int), true, `{}`, `error: decode json: column "a" is missing, and STRICT_VALIDATION wants it`},
		{defaulted, true, `{}`, "BIGINT 42"},
		{field(value.Float), false, `{"a":2}`, "FLOAT 2"},
		{field(value.String), false, `{"a":12.50}`, `STRING "12.50"`},
		{field(value.String), false, `{"a":true}`, `error: decode json: column "a": boolean where STRING is declared`},
		{field(value.Bool), false, `{"a":"true"}`, "BOOLEAN true"},
		{field(value.Bool), false, `{"a":0}`, "BOOLEAN false"},
		{field(value.Bool), false, `{"a":2}`, `error: decode json: column "a": number where BOOLEAN is declared`},
		{field(value.Bytes), false, `{"a":"aGk="}`, `BYTEA "aGk="`},
		{field(value.Bytes), false, `{"a":"!"}`, `error: decode json: column "a": BYTEA wants base64: illegal base64 data at input byte 0`},
		{field(value.Time), false, `{"a":1700000000000}`, "BIGINT 1700000000000"},
		{field(value.Time), true, `{"a":1700000000000}`, `DATETIME "2023-11-14T22:13:20Z"`},
		{field(value.Time), true, `{"a":"2023-11-14 22:13:20"}`, `DATETIME "2023-11-14T22:13:20Z"`},
		{list, false, `{"a":[1,2]}`, "ARRAY [1,2]"},
		{list, false, `{"a":[1,"x"]}`, `error: decode json: column "a"[1]: string where BIGINT is declared`},
		{object, false, `{"a":{"x":1,"y":2}}`, `STRUCT {"x":1}`},
		{object, false, `{"a":{"x":"1"}}`, `error: decode json: column "a".x: string where BIGINT is declared`},
	} {
		s := fields("a")
		d := decoder(t, "json", s, DecoderOptions{Fields: []sqlengine.Field{c.field}, Strict: c.strict})
		if got := decoded(t, d, s, c.in); got != c.want {
			t.Errorf("%s as %s\n got %s\nwant %s", c.in, c.field.Kind, got, c.want)
		}
	}
}

type fixedMeta struct{}

func (fixedMeta) Get(key string) value.Value {
	if key == "topic" {
		return value.OfString("t/1")
	}
	return value.Missing
}

func (m fixedMeta) All() value.Value {
	return value.OfObject(value.FieldsOf([]string{"topic"}, []value.Value{m.Get("topic")}))
}

func TestJSONWholeAndMeta(t *testing.T) {
	s := &value.Schema{Columns: []value.Column{{Name: "*", Role: value.Whole}, {Name: "a"}, {Name: "topic", Role: value.Meta},
		{Name: "qos", Role: value.Meta}, {Name: "*", Role: value.Meta}}}
	rows, err := decoder(t, "json", s, DecoderOptions{}).Decode(nil, []byte(`{"b":"x","a":1}`), fixedMeta{}, 0)
	if err != nil {
		t.Fatal(err)
	}
	c := rows[0].Cols
	if got, _ := c[0].AppendJSON(nil); string(got) != `{"a":1,"b":"x"}` {
		t.Errorf("whole row: %s", got)
	}
	if c[1].Float() != 1 || c[2].Str() != "t/1" || !c[3].IsMissing() || c[4].Object().Get("topic").Str() != "t/1" {
		t.Errorf("columns: %v", c)
	}
}

// Rows keep their texts when the decoder goes on.
func TestJSONRowsOutliveTheBuffer(t *testing.T) {
	s := fields("a", "b")
	d := decoder(t, "json", s, DecoderOptions{})
	long := strings.Repeat("y", internedSize+1)
	var rows []value.Row
	for i := range interned + 10 {
		payload := fmt.Appendf(nil, `{"a":"text %d","b":["%s%d"]}`, i, long, i)
		var err error
		if rows, err = d.Decode(rows, payload, nil, 0); err != nil {
			t.Fatal(err)
		}
		for j := range payload {
			payload[j] = '#'
		}
	}
	for i, r := range rows {
		if want := fmt.Sprintf("text %d", i); r.Cols[0].Str() != want {
			t.Fatalf("row %d: %q", i, r.Cols[0].Str())
		}
		if want := fmt.Sprintf("%s%d", long, i); r.Cols[1].List()[0].Str() != want {
			t.Fatalf("row %d: %q", i, r.Cols[1].List()[0].Str())
		}
	}
}

// Differential against encoding/json: what that takes, ours takes with the
// same values.
func FuzzJSON(f *testing.F) {
	for _, seed := range []string{`{"a":1}`, `[{"a":"x"},{"b":[1,{"c":null}]}]`, `{"a":"\u00e9\ud83d\ude00"}`, `{"a":1e400}`, `{"":0}`,
		`{"a":-0}`, `{"a":[[[]]]}`, "{\"a\":\"\xff\"}", `{"a":1,"a":{"b":2}}`, `{`, `[1]`} {
		f.Add([]byte(seed))
	}
	s := &value.Schema{Columns: []value.Column{{Name: "*", Role: value.Whole}, {Name: "a"}}}
	f.Fuzz(func(t *testing.T, payload []byte) {
		d := decoder(t, "json", s, DecoderOptions{})
		rows, err := d.Decode(nil, payload, nil, 0)
		var object map[string]any
		if json.Unmarshal(payload, &object) != nil || object == nil || strings.Contains(strings.ToLower(string(payload)), `\ud`) || !utf8.Valid(payload) {
			return // lone surrogates stay as they are written
		}
		if depth(payload) > 250 {
			return // the parser's bound is 300
		}
		if err != nil {
			t.Fatalf("%q: %v", payload, err)
		}
		want, err := json.Marshal(object)
		if err != nil {
			t.Fatal(err)
		}
		got, err := AppendJSON(nil, &value.Schema{Columns: s.Columns[:1]}, rows[0])
		if err != nil {
			t.Fatal(err)
		}
		var again map[string]any
		if err := json.Unmarshal(got, &again); err != nil {
			t.Fatalf("%s: %v", got, err)
		}
		if normal, _ := json.Marshal(again); string(normal) != string(want) {
			t.Fatalf("%q\n got %s\nwant %s", payload, normal, want)
		}
	})
}

func depth(payload []byte) int {
	return strings.Count(string(payload), "[") + strings.Count(string(payload), "{")
}

const message = `{"device":"boiler-17","temperature":81.53,"humidity":44.2,"pressure":5.127,"status":"running","count":18273645,"online":true,"remark":"line 1, hall 3, shift B, next service in 214 hours, operator on duty: 4711, lot 5512"}`

func BenchmarkJSONDecode2Of8(b *testing.B) {
	s := fields("device", "temperature")
	d := decoder(b, "json", s, DecoderOptions{})
	payload := []byte(message)
	b.SetBytes(int64(len(payload)))
	b.ReportAllocs()
	var rows []value.Row
	for b.Loop() {
		var err error
		if rows, err = d.Decode(rows[:0], payload, nil, 0); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkJSONDecodeAll(b *testing.B) {
	s := &value.Schema{Columns: []value.Column{{Name: "*", Role: value.Whole}}}
	d := decoder(b, "json", s, DecoderOptions{})
	payload := []byte(message)
	b.ReportAllocs()
	var rows []value.Row
	for b.Loop() {
		var err error
		if rows, err = d.Decode(rows[:0], payload, nil, 0); err != nil {
			b.Fatal(err)
		}
	}
}
