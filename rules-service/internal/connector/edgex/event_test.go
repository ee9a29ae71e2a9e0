package edgex

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/edgexfoundry/go-mod-core-contracts/v3/dtos"
	"github.com/edgexfoundry/go-mod-core-contracts/v3/dtos/requests"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"sluice/rules-service/internal/codec"
	"sluice/sqlengine/value"
)

var anyNames = names{device: "d", profile: "P", source: "s"}

func fieldsOf(t testing.TB, m map[string]any) *value.Fields {
	t.Helper()
	v, err := value.Of(m)
	if err != nil {
		t.Fatal(err)
	}
	return v.Object()
}

// shown is a reading in short.
func shown(r dtos.BaseReading) string {
	switch r.ValueType {
	case "Binary":
		return fmt.Sprintf("Binary %s %q", r.MediaType, r.BinaryValue)
	case "Object":
		b, err := json.Marshal(r.ObjectValue)
		return fmt.Sprintf("Object %s%v", b, map[bool]any{true: "", false: err}[err == nil])
	}
	return r.ValueType + " " + r.Value
}

// What nothing is known of gets the type of its SQL type.
func TestTypesWithoutMetadata(t *testing.T) {
	k := maker{now: func() int64 { return 7 }}
	for _, c := range []struct {
		in   any
		want string
	}{
		{true, "Bool true"}, {int64(math.MaxInt64), "Int64 9223372036854775807"}, {22.88153, "Float64 22.88153"}, {1e-300, "Float64 1e-300"},
		{"x", "String x"}, {[]byte("hi"), `Binary application/text "hi"`}, {map[string]any{"a": 1.5}, `Object {"a":1.5}`},
		{[]any{true, false}, "BoolArray [true, false]"}, {[]any{int64(1), int64(-2)}, "Int64Array [1, -2]"},
		{[]any{1.5, int64(2)}, "Float64Array [1.5, 2]"}, {[]any{"a b", `"`}, `StringArray ["a b","\""]`},
		{[]any{}, "StringArray []"}, {[]any{[]any{1.0}}, "Object [[1]]"}, {[]any{map[string]any{"a": "b"}}, `Object [{"a":"b"}]`},
		{time.Unix(0, 1500000000).UTC(), "String 1970-01-01T00:00:01.5Z"},
		{nil, ""},
		{[]any{nil, 1.0}, `column "c": the first element of the array is NULL, so it has no type`},
		{[]any{int64(1), "x"}, `column "c": [1]: STRING does not fit Int64`},
		{[]any{int64(1), 1.5}, `column "c": [1]: 1.5 is not whole, as Int64 wants`},
	} {
		e, _, unfit := k.event([]*value.Fields{fieldsOf(t, map[string]any{"c": c.in})}, anyNames)
		got := ""
		switch {
		case unfit != nil:
			got = unfit.Error()
		case len(e.Readings) == 1:
			got = shown(e.Readings[0])
		}
		if got != c.want {
			t.Errorf("%v: %s, want %s", c.in, got, c.want)
		}
	}
}

// With metadata a value takes the type that it had.
func TestTypesWithMetadata(t *testing.T) {
	k := maker{column: "m", now: func() int64 { return 7 }}
	for _, c := range []struct {
		in        any
		valueType string
		want      string
	}{
		{int64(-128), "Int8", "Int8 -128"}, {int64(128), "Int8", "128 is out of the range of Int8"}, {3.0, "Int16", "Int16 3"},
		{3.5, "Int32", "3.5 is not whole"}, {int64(-1), "Uint8", "-1 is out of the range of Uint8"}, {int64(255), "Uint8", "Uint8 255"},
		{float64(1 << 63), "Uint64", "Uint64 9223372036854775808"}, {float64(1 << 63), "Int64", "out of the range of Int64"},
		{math.Inf(1), "Int64", "is not whole"}, {int64(2), "Float32", "Float32 2"}, {0.1, "Float32", "Float32 0.1"}, {0.1, "Float64", "Float64 0.1"},
		{"1", "Float64", "STRING does not fit Float64"}, {1.0, "Bool", "FLOAT does not fit Bool"}, {1.0, "String", "FLOAT does not fit String"},
		{[]any{int64(1), 2.0}, "Uint16Array", "Uint16Array [1, 2]"}, {[]any{0.1}, "Float32Array", "Float32Array [0.1]"},
		{int64(1), "Int64Array", "BIGINT does not fit Int64Array"}, {[]any{}, "BoolArray", "BoolArray []"},
		{[]byte("x"), "Binary", `Binary image/png "x"`}, {"eA==", "Binary", `Binary image/png "x"`}, {"?", "Binary", "a text for Binary is base64"},
		{int64(4), "Object", "Object 4"}, {int64(4), "Nonsense", `unknown valueType "Nonsense"`},
	} {
		row := fieldsOf(t, map[string]any{"c": c.in, "m": map[string]any{"c": map[string]any{"valueType": c.valueType, "mediaType": "image/png"}}})
		e, _, unfit := k.event([]*value.Fields{row}, anyNames)
		got := fmt.Sprint(unfit)
		if len(e.Readings) == 1 {
			got = shown(e.Readings[0])
		}
		if !strings.Contains(got, c.want) {
			t.Errorf("%v as %s: %s, want %s", c.in, c.valueType, got, c.want)
		}
	}
}

// known is what meta(*) of the source gives for an event of one reading.
func known(t testing.TB, id string, origin int64) map[string]any {
	t.Helper()
	return map[string]any{"id": id, "deviceName": "boiler-1", "profileName": "Boiler", "sourceName": "All", "origin": origin,
		"tags": map[string]any{"site": "lab"}, "correlationid": "corr-" + id, "topic": "edgex/events/device/x",
		"T": map[string]any{"id": "r-" + id, "deviceName": "boiler-1", "profileName": "Boiler", "origin": origin + 1, "valueType": "Float32"}}
}

// Ids, names, tags and origins to the nanosecond are used again, the column
// itself is not sent, and columns of other names take what the event has.
func TestMetadata(t *testing.T) {
	k := maker{column: "m", now: func() int64 { return 7 }}
	id := uuid.NewString()
	e, correlation, unfit := k.event([]*value.Fields{fieldsOf(t, map[string]any{"T": 1.5, "twice": 3.0, "m": known(t, id, 1795208750604391329)})}, anyNames)
	if unfit != nil || correlation != "corr-"+id || e.Id != id || e.DeviceName != "boiler-1" || e.ProfileName != "Boiler" || e.SourceName != "All" ||
		e.Origin != 1795208750604391329 || e.Tags["site"] != "lab" || len(e.Readings) != 2 {
		t.Fatalf("%s %v %+v", correlation, unfit, e)
	}
	r := e.Readings[slices.IndexFunc(e.Readings, func(r dtos.BaseReading) bool { return r.ResourceName == "T" })]
	if r.Id != "r-"+id || r.Origin != 1795208750604391330 || r.ValueType != "Float32" || r.DeviceName != "boiler-1" {
		t.Errorf("%+v", r)
	}
	r = e.Readings[slices.IndexFunc(e.Readings, func(r dtos.BaseReading) bool { return r.ResourceName == "twice" })]
	if r.Id == "" || r.Origin != e.Origin || r.ValueType != "Float64" || r.ProfileName != "Boiler" {
		t.Errorf("%+v", r)
	}

	// Without a schema the origin comes as FLOAT; a column that is no metadata is only left out.
	e, _, _ = k.event([]*value.Fields{fieldsOf(t, map[string]any{"T": 1.5, "m": map[string]any{"origin": 1e18}})}, anyNames)
	if e.Origin != 1e18 || e.DeviceName != "d" {
		t.Errorf("%+v", e)
	}
	e, correlation, _ = k.event([]*value.Fields{fieldsOf(t, map[string]any{"T": 1.5, "m": "none"})}, anyNames)
	if e.Origin != 7 || len(e.Readings) != 1 || uuid.Validate(correlation) != nil {
		t.Errorf("%s %+v", correlation, e)
	}
}

// An event of several is a new one; its readings keep what is theirs.
func TestMetadataOfSeveralEvents(t *testing.T) {
	k := maker{column: "m", now: func() int64 { return 7 }}
	row := func(id string, origin int64) *value.Fields {
		return fieldsOf(t, map[string]any{"T": 1.5, "m": known(t, id, origin)})
	}
	e, correlation, _ := k.event([]*value.Fields{row("a", 100), row("b", 200)}, anyNames)
	if e.Id == "a" || e.Id == "b" || uuid.Validate(correlation) != nil || e.Origin != 100 || len(e.Readings) != 2 {
		t.Fatalf("%s %+v", correlation, e)
	}
	if e.Readings[0].Origin != 101 || e.Readings[1].Origin != 201 || e.Readings[1].Id != "r-b" {
		t.Errorf("%+v", e.Readings)
	}
	if e, correlation, _ = k.event([]*value.Fields{row("a", 100), row("a", 100)}, anyNames); e.Id != "a" || correlation != "corr-a" {
		t.Errorf("rows of one event: %s %s", e.Id, correlation)
	}
}

// What the source reads and the sink writes again is the same event: through
// the real DTOs, in both encodings.
func TestEventsComeBack(t *testing.T) {
	schema := &value.Schema{Columns: []value.Column{{Name: "*", Role: value.Whole}, {Name: "*", Role: value.Meta}}}
	rapid.Check(t, func(rt *rapid.T) {
		in := dtos.NewEvent("P", "boiler-1", "Values")
		in.Origin = rapid.Int64Min(1).Draw(rt, "origin")
		in.Tags = dtos.Tags{"site": "lab"}
		add := func(name, valueType string, v any) {
			if err := in.AddSimpleReading(name, valueType, v); err != nil {
				rt.Fatal(err)
			}
		}
		add("i64", "Int64", rapid.Int64().Draw(rt, "i64"))
		add("i8", "Int8", rapid.Int8().Draw(rt, "i8"))
		add("u32", "Uint32", rapid.Uint32().Draw(rt, "u32"))
		add("on", "Bool", rapid.Bool().Draw(rt, "on"))
		add("text", "String", rapid.String().Draw(rt, "text"))
		add("vec", "Uint16Array", rapid.SliceOf(rapid.Uint16()).Draw(rt, "vec"))
		in.AddBinaryReading("blob", rapid.SliceOfN(rapid.Byte(), 1, 20).Draw(rt, "blob"), "image/png")
		in.AddObjectReading("obj", map[string]any{"x": rapid.Float64Range(-1e9, 1e9).Draw(rt, "x")})
		payload, _, err := (&requests.AddEventRequest{Event: in}).Encode()
		if rapid.Bool().Draw(rt, "json") {
			payload, err = json.Marshal(in)
		}
		if err != nil {
			rt.Fatal(err)
		}
		d, err := codec.NewDecoder("edgex", schema, codec.DecoderOptions{})
		if err != nil {
			rt.Fatal(err)
		}
		rows, err := d.Decode(nil, payload, nil, 0)
		if err != nil || len(rows) != 1 {
			rt.Fatal(rows, err)
		}
		whole := rows[0].Cols[0].Object()
		row := value.FieldsOf(append(slices.Clone(whole.Names), "m"), append(slices.Clone(whole.Values), rows[0].Cols[1]))
		k := maker{column: "m", now: func() int64 { return 7 }}
		out, _, unfit := k.event([]*value.Fields{row}, anyNames)
		if unfit != nil {
			rt.Fatal(unfit)
		}
		slices.SortFunc(in.Readings, func(a, b dtos.BaseReading) int { return strings.Compare(a.ResourceName, b.ResourceName) })
		want, _ := json.Marshal(in)
		got, _ := json.Marshal(out)
		if string(got) != string(want) {
			rt.Fatalf("\n got %s\nwant %s", got, want)
		}
	})
}

func FuzzEvent(f *testing.F) {
	f.Add(codec.AppendRows(nil, []*value.Fields{fieldsOf(f, map[string]any{"c": 1.5, "m": known(f, "x", 5)})}))
	f.Add([]byte{1, 1})
	s := &sink{config: SinkConfig{MessageType: messageRequest}, maker: maker{column: "m", now: func() int64 { return 7 }}, log: env.Log}
	f.Fuzz(func(t *testing.T, payload []byte) {
		m := outbound(payload)
		p, err := s.compose(&m)
		if err == nil && p != nil && (p.topic == "" || len(p.envelope.Payload) == 0) {
			t.Fatalf("%+v", p)
		}
	})
}

func BenchmarkCompose(b *testing.B) {
	s := &sink{config: SinkConfig{MessageType: messageRequest}, maker: maker{column: "m", now: func() int64 { return 7 }}, log: env.Log}
	m := outbound(codec.AppendRows(nil, []*value.Fields{fieldsOf(b, map[string]any{"T": 1.5, "m": known(b, uuid.NewString(), 5)})}))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.compose(&m); err != nil {
			b.Fatal(err)
		}
	}
}
