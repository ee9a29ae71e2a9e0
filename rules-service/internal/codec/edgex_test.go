package codec

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/edgexfoundry/go-mod-core-contracts/v3/dtos"
	"github.com/edgexfoundry/go-mod-core-contracts/v3/dtos/requests"
	"github.com/fxamacker/cbor/v2"

	"sluice/sqlengine"
	"sluice/sqlengine/value"
)

// testEvent has a reading of each kind.
func testEvent(t testing.TB) dtos.Event {
	t.Helper()
	e := dtos.NewEvent("P", "boiler-1", "Values")
	e.Origin = 1795208750604391329
	e.Tags = dtos.Tags{"site": "lab"}
	add := func(name, valueType string, v any) {
		if err := e.AddSimpleReading(name, valueType, v); err != nil {
			t.Fatal(err)
		}
	}
	add("Temperature", "Float64", 22.88153)
	add("Count", "Int64", int64(9007199254740993))
	add("Big", "Uint64", uint64(18446744073709551615))
	add("On", "Bool", true)
	add("Name", "String", "Kessel")
	add("Vec", "Float32Array", []float32{1, 2.5})
	add("Words", "StringArray", []string{"a", "b"})
	e.AddBinaryReading("Blob", []byte("hi"), "text/plain")
	e.AddObjectReading("Obj", map[string]any{"x": 1.5})
	return e
}

// shapes are the four forms in which an event comes.
func shapes(t testing.TB) map[string][]byte {
	e := testEvent(t)
	out := map[string][]byte{}
	for name, v := range map[string]any{"event": e, "request": requests.NewAddEventRequest(e)} {
		j, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		c, err := cbor.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		out[name+" json"], out[name+" cbor"] = j, c
	}
	return out
}

func TestEdgeXShapes(t *testing.T) {
	s := fields("Temperature", "Count", "Big", "On", "Name", "Vec", "Words", "Blob", "Obj", "Gone")
	want := `FLOAT 22.88153, BIGINT 9007199254740993, FLOAT 18446744073709552000, BOOLEAN true, STRING "Kessel", ARRAY [1,2.5], ARRAY ["a","b"], BYTEA "aGk=", STRUCT {"x":1.5}, missing`
	for name, payload := range shapes(t) {
		if got := decoded(t, decoder(t, "edgex", s, DecoderOptions{}), s, string(payload)); got != want {
			t.Errorf("%s\n got %s\nwant %s", name, got, want)
		}
	}
}

func TestEdgeXMeta(t *testing.T) {
	s := &value.Schema{}
	for _, k := range []string{"deviceName", "profileName", "sourceName", "origin", "tags", "topic", "Blob", "none"} {
		s.Columns = append(s.Columns, value.Column{Name: k, Role: value.Meta})
	}
	for name, payload := range shapes(t) {
		rows, err := decoder(t, "edgex", s, DecoderOptions{}).Decode(nil, payload, fixedMeta{}, 0)
		if err != nil || len(rows) != 1 {
			t.Fatal(name, rows, err)
		}
		c := rows[0].Cols
		if c[0].Str() != "boiler-1" || c[1].Str() != "P" || c[2].Str() != "Values" || c[3].Int() != 1795208750604391329 ||
			c[4].Object().Get("site").Str() != "lab" || c[5].Str() != "t/1" || c[6].Object().Get("mediaType").Str() != "text/plain" ||
			c[6].Object().Get("origin").Int() == 0 || !c[7].IsMissing() {
			b, _ := value.OfList(c).AppendJSON(nil)
			t.Errorf("%s: %s", name, b)
		}
	}
}

func readingText(valueType, text string) string {
	return fmt.Sprintf(`{"deviceName":"d","readings":[{"resourceName":"a","valueType":%q,"value":%q},{"resourceName":"b","valueType":"Int8","value":"1"}]}`, valueType, text)
}

func TestEdgeXReadings(t *testing.T) {
	s := fields("a", "b")
	for _, c := range []struct{ valueType, text, want string }{
		{"Float32", "2.288153e+01", "FLOAT 22.88153, BIGINT 1"},
		{"Int8", "x", "missing, BIGINT 1\nerror: decode event: reading \"a\": \"x\" as Int8: no such value"},
		{"Int64", "9223372036854775808", "missing, BIGINT 1\nerror: decode event: reading \"a\": \"9223372036854775808\" as Int64: value out of range"},
		{"Int32Array", "[1, 2, 3]", "ARRAY [1,2,3], BIGINT 1"},
		{"Float64Array", `["1.5", 2e3]`, "ARRAY [1.5,2000], BIGINT 1"},
		{"BoolArray", "[true, false]", "ARRAY [true,false], BIGINT 1"},
		{"Float64Array", "1", "missing, BIGINT 1\nerror: decode event: reading \"a\": \"1\" is no array of Float64"},
		{"Nonsense", "1", "missing, BIGINT 1\nerror: decode event: reading \"a\": unknown valueType \"Nonsense\""},
	} {
		if got := decoded(t, decoder(t, "edgex", s, DecoderOptions{}), s, readingText(c.valueType, c.text)); got != c.want {
			t.Errorf("%s %s\n got %s\nwant %s", c.valueType, c.text, got, c.want)
		}
	}
	if got := decoded(t, decoder(t, "edgex", s, DecoderOptions{}), s, `{"readings":[]}`); got != "" {
		t.Errorf("an event without readings gives %s", got)
	}
	declared := []sqlengine.Field{{Name: "a", Kind: value.Float}}
	if got := decoded(t, decoder(t, "edgex", s, DecoderOptions{Fields: declared}), s, readingText("Int16", "3")); got != "FLOAT 3, BIGINT 1" {
		t.Errorf("declared FLOAT: %s", got)
	}
}

func FuzzEdgeX(f *testing.F) {
	for _, payload := range shapes(f) {
		f.Add(payload)
	}
	f.Add([]byte(readingText("Int8Array", "[1")))
	s := &value.Schema{Columns: []value.Column{{Name: "*", Role: value.Whole}, {Name: "a"}, {Name: "*", Role: value.Meta}}}
	f.Fuzz(func(t *testing.T, payload []byte) {
		rows, _ := decoder(t, "edgex", s, DecoderOptions{}).Decode(nil, payload, nil, 0)
		for _, r := range rows {
			if r.Cols[0].Kind() != value.Object {
				t.Fatalf("%q: whole row is %s", payload, r.Cols[0].Kind())
			}
		}
	})
}

func BenchmarkEdgeXDecode(b *testing.B) {
	payload := shapes(b)["request json"]
	d := decoder(b, "edgex", fields("Temperature", "On"), DecoderOptions{})
	b.ReportAllocs()
	var rows []value.Row
	for b.Loop() {
		rows, _ = d.Decode(rows[:0], payload, nil, 0)
	}
}
