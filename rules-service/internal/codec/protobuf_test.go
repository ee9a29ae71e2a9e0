package codec

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"

	"sluice/sqlengine/value"
)

const plantProto = `syntax = "proto3";
package plant.v1;
import "google/protobuf/timestamp.proto";
import "google/protobuf/wrappers.proto";
import "parts.proto";

message Reading {
  string device = 1;
  double temperature = 2;
  int32 i32 = 3;
  int64 i64 = 4;
  uint32 u32 = 5;
  uint64 u64 = 6;
  sint32 s32 = 7;
  sint64 s64 = 8;
  fixed32 f32 = 9;
  fixed64 f64 = 10;
  sfixed32 sf32 = 11;
  sfixed64 sf64 = 12;
  float f = 13;
  bool on = 14;
  bytes raw = 15;
  State state = 16;
  optional int32 maybe = 17;
  repeated double values = 18;
  repeated string tags = 19;
  map<string, int32> counts = 20;
  map<int32, Reading> children = 21;
  parts.Pump pump = 22;
  repeated parts.Pump pumps = 23;
  google.protobuf.DoubleValue wrapped = 24;
  google.protobuf.Timestamp at = 25;
  oneof choice { string text = 26; int64 number = 27; parts.Pump other = 28; }
  message Inner { int32 x = 1; }
  Inner inner = 29;
  enum State { OFF = 0; RUNNING = 1; }
}
`

const partsProto = `syntax = "proto2";
package parts;
message Pump {
  required string name = 1;
  optional int32 speed = 2 [default = 1500];
  optional Pump next = 3;
  optional group Detail = 4 { optional string maker = 1; }
}
`

// registryOf is a registry of texts.
func registryOf(texts map[string]string) *Messages {
	return NewMessages(func(name string) (string, error) {
		if text, ok := texts[name]; ok {
			return text, nil
		}
		return "", fmt.Errorf("schema %s: %w", name, fs.ErrNotExist)
	})
}

func plant(t testing.TB) (Form, protoreflect.MessageDescriptor) {
	t.Helper()
	m := registryOf(map[string]string{"plant": plantProto, "parts": partsProto})
	d, err := m.Message("plant.Reading")
	if err != nil {
		t.Fatal(err)
	}
	return Form{SchemaID: "plant.Reading", Schemas: m}, d
}

// written is a payload of the writer.
func written(t testing.TB, f Form, row map[string]any) string {
	t.Helper()
	w, err := NewWriter("protobuf", f)
	if err != nil {
		t.Fatal(err)
	}
	b, err := w.Append(nil, rowsOf(t, row), true)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestProtobufBothWays(t *testing.T) {
	form, _ := plant(t)
	type m = map[string]any
	for _, c := range []struct {
		column string
		in     any
		want   string
	}{
		{"device", "boiler-中", `STRING "boiler-中"`},
		{"temperature", 81.5, "FLOAT 81.5"},
		{"temperature", int64(80), "FLOAT 80"},
		{"i32", -5.7, "BIGINT -5"},
		{"i64", int64(math.MinInt64), "BIGINT -9223372036854775808"},
		{"u32", int64(math.MaxUint32), "BIGINT 4294967295"},
		{"u64", int64(math.MaxInt64), "BIGINT 9223372036854775807"},
		{"u64", float64(1 << 63), "FLOAT 9223372036854776000"},
		{"s32", int64(math.MinInt32), "BIGINT -2147483648"},
		{"s64", int64(-1), "BIGINT -1"},
		{"f32", int64(7), "BIGINT 7"},
		{"f64", int64(8), "BIGINT 8"},
		{"sf32", int64(-7), "BIGINT -7"},
		{"sf64", int64(-8), "BIGINT -8"},
		{"f", 0.5, "FLOAT 0.5"},
		{"on", true, "BOOLEAN true"},
		{"raw", []byte{0, 255}, `BYTEA "AP8="`},
		{"state", "RUNNING", "BIGINT 1"},
		{"state", int64(7), "BIGINT 7"},
		{"maybe", int64(0), "BIGINT 0"},
		{"values", []any{1.5, int64(2)}, "ARRAY [1.5,2]"},
		{"tags", []any{"x", ""}, `ARRAY ["x",""]`},
		{"counts", m{"b": int64(2), "a": int64(1)}, `STRUCT {"a":1,"b":2}`},
		{"pump", m{"name": "p1", "next": m{"name": "p2", "speed": int64(3)}}, `STRUCT {"detail":null,"name":"p1","next":{"detail":null,"name":"p2","next":null,"speed":3},"speed":1500}`},
		{"pumps", []any{m{"name": "p"}}, `ARRAY [{"detail":null,"name":"p","next":null,"speed":1500}]`},
		{"wrapped", 2.5, "FLOAT 2.5"},
		{"at", m{"seconds": int64(9)}, `STRUCT {"nanos":0,"seconds":9}`},
		{"number", int64(4), "BIGINT 4"},
		{"inner", m{"x": int64(4)}, `STRUCT {"x":4}`},
		{"other", m{"name": "o", "detail": m{"maker": "ksb"}}, `STRUCT {"detail":{"maker":"ksb"},"name":"o","next":null,"speed":1500}`},
	} {
		t.Run(c.column, func(t *testing.T) {
			s := fields(c.column)
			d := decoder(t, "protobuf", s, DecoderOptions{Form: &form})
			if got := decoded(t, d, s, written(t, form, m{c.column: c.in, "elsewhere": 1.0})); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

// What is not there has the default of its type; where the schema can tell,
// it is missing.
func TestProtobufAbsent(t *testing.T) {
	form, _ := plant(t)
	names := []string{"device", "temperature", "on", "raw", "state", "values", "counts", "pump", "wrapped", "maybe", "text"}
	s := fields(names...)
	d := decoder(t, "protobuf", s, DecoderOptions{Form: &form})
	want := `STRING "", FLOAT 0, BOOLEAN false, BYTEA "", BIGINT 0, ARRAY [], STRUCT {}, NULL null, NULL null, missing, missing`
	if got := decoded(t, d, s, ""); got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
}

func TestProtobufWire(t *testing.T) {
	form, _ := plant(t)
	tag := func(n protowire.Number, w protowire.Type) string { return string(protowire.AppendTag(nil, n, w)) }
	str := func(s string) string { return string(protowire.AppendBytes(nil, []byte(s))) }
	for _, c := range []struct{ name, columns, in, want string }{
		{"last one wins", "i32", tag(3, 0) + "\x01" + tag(3, 0) + "\x02", "BIGINT 2"},
		{"unknown field", "i32", tag(99, 2) + str("x") + tag(3, 0) + "\x01", "BIGINT 1"},
		{"other wire type is unknown", "i32", tag(3, 2) + str("x"), "BIGINT 0"},
		{"not packed", "values", tag(18, 1) + "\x00\x00\x00\x00\x00\x00\xf0\x3f" + tag(18, 1) + "\x00\x00\x00\x00\x00\x00\x00\x40", "ARRAY [1,2]"},
		{"messages are merged", "inner", tag(29, 2) + str("\x08\x01") + tag(29, 2) + str("\x08\x05"), `STRUCT {"x":5}`},
		{"the last of a choice", "text number", tag(26, 2) + str("x") + tag(27, 0) + "\x05", "missing, BIGINT 5"},
		{"the last of a choice, which no rule names", "text", tag(26, 2) + str("x") + tag(27, 0) + "\x05", "missing"},
		{"no UTF-8", "device", tag(1, 2) + str("\xff"), `error: decode protobuf: column "device": the text is not UTF-8; declare the field as bytes in the schema`},
		{"no UTF-8 in what no rule names", "i32", tag(1, 2) + str("\xff"), "BIGINT 0"},
		{"cut", "i32", tag(1, 2) + "\x05ab", "error: decode protobuf: the bytes are no such message: unexpected EOF"},
		{"JSON", "i32", `{"i32": 1}`, "error: decode protobuf: the bytes are no such message: unexpected EOF"},
		{"cut inside", "inner", tag(29, 2) + str("\x08"), `error: decode protobuf: column "inner": the bytes are no such message: unexpected EOF`},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := fields(strings.Fields(c.columns)...)
			if got := decoded(t, decoder(t, "protobuf", s, DecoderOptions{Form: &form}), s, c.in); got != c.want {
				t.Errorf("\n got %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestProtobufDeepNesting(t *testing.T) {
	form, _ := plant(t)
	var b []byte
	for range 200 {
		b = protowire.AppendBytes(protowire.AppendTag(nil, 3, protowire.BytesType), b)
	}
	b = protowire.AppendBytes(protowire.AppendTag(nil, 22, protowire.BytesType), b)
	s := fields("pump")
	if got := decoded(t, decoder(t, "protobuf", s, DecoderOptions{Form: &form}), s, string(b)); !strings.Contains(got, "nested deeper than 100") {
		t.Error(got)
	}
}

func TestProtobufDeclared(t *testing.T) {
	form, _ := plant(t)
	s := fields("i32", "temperature")
	d := decoder(t, "protobuf", s, DecoderOptions{Form: &form, Fields: declaredFields("i32", value.Float, "temperature", value.String)})
	if got, want := decoded(t, d, s, written(t, form, map[string]any{"i32": 5.0, "temperature": 2.5})), `FLOAT 5, STRING "2.5"`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestProtobufWriterRefuses(t *testing.T) {
	form, _ := plant(t)
	w, err := NewWriter("protobuf", form)
	if err != nil {
		t.Fatal(err)
	}
	type m = map[string]any
	for _, c := range []struct {
		row  m
		want string
	}{
		{m{"device": 1.0}, `column "device" is FLOAT where string is wanted`},
		{m{"i32": 1e300}, `column "i32": 1e+300 is no number that int32 can hold`},
		{m{"i32": int64(1) << 40}, `column "i32": 1099511627776 is out of the range of int32`},
		{m{"u32": int64(-1)}, `column "u32": -1 is out of the range of uint32`},
		{m{"u64": int64(-1)}, `column "u64": -1 is out of the range of uint64`},
		{m{"i64": "5"}, `column "i64" is STRING where int64 is wanted`},
		{m{"temperature": "hot"}, `column "temperature" is STRING where double is wanted`},
		{m{"on": 1.0}, `column "on" is FLOAT where bool is wanted`},
		{m{"state": "BROKEN"}, `column "state": enum State has no value "BROKEN"`},
		{m{"values": 1.5}, `column "values" is FLOAT where an ARRAY is wanted`},
		{m{"values": []any{1.5, "x"}}, `column "values"[1] is STRING where double is wanted`},
		{m{"counts": m{"a": "x"}}, `column "counts".a is STRING where int32 is wanted`},
		{m{"children": m{"a": m{}}}, `column "children": key "a" is no int32`},
		{m{"pump": "p"}, `column "pump" is STRING where a STRUCT is wanted`},
		{m{"pump": m{"speed": int64(1)}}, `column "pump": field "name" is missing, and message Pump requires it`},
		{m{"pump": m{"name": 1.5}}, `column "pump": field "name" is FLOAT where string is wanted`},
	} {
		if _, err := w.Append(nil, rowsOf(t, c.row), true); err == nil || err.Error() != c.want {
			t.Errorf("%v:\n got %v\nwant %s", c.row, err, c.want)
		}
	}
	if _, err := w.Append(nil, rowsOf(t, m{}, m{}), false); err == nil || !strings.Contains(err.Error(), "set sendSingle") {
		t.Error(err)
	}
}

// reference converts what the library reads as the contract wants it.
func reference(m protoreflect.Message) value.Value {
	list := m.Descriptor().Fields()
	if isWrapper(m.Descriptor()) {
		return ofProto(list.Get(0).Kind(), m.Get(list.Get(0)))
	}
	var names []string
	var values []value.Value
	for i := range list.Len() {
		f := list.Get(i)
		v := value.Value{}
		switch {
		case f.IsMap():
			var keys []string
			var entries []value.Value
			m.Get(f).Map().Range(func(k protoreflect.MapKey, e protoreflect.Value) bool {
				keys, entries = append(keys, k.String()), append(entries, referenceValue(f.MapValue(), e))
				return true
			})
			v = value.OfObject(value.FieldsOf(keys, entries))
		case f.IsList():
			var out []value.Value
			for j := range m.Get(f).List().Len() {
				out = append(out, referenceValue(f, m.Get(f).List().Get(j)))
			}
			v = value.OfList(out)
		case f.ContainingOneof() != nil && !m.Has(f):
			continue
		case f.Message() == nil || m.Has(f):
			v = referenceValue(f, m.Get(f))
		}
		names, values = append(names, string(f.Name())), append(values, v)
	}
	return value.OfObject(value.FieldsOf(names, values))
}

func referenceValue(f protoreflect.FieldDescriptor, v protoreflect.Value) value.Value {
	if f.Message() != nil {
		return reference(v.Message())
	}
	return ofProto(f.Kind(), v)
}

// What the library reads gives the same values.
func FuzzProtobuf(f *testing.F) {
	form, desc := plant(f)
	for _, row := range []map[string]any{
		{"device": "x", "temperature": 1.5, "values": []any{1.0, 2.0}, "counts": map[string]any{"a": 1.0}, "wrapped": 2.5},
		{"pump": map[string]any{"name": "p", "detail": map[string]any{"maker": "m"}, "next": map[string]any{"name": "n"}}, "text": "t", "raw": "r"},
		{"children": map[string]any{"5": map[string]any{"i32": 5.0}}, "s32": -5.0, "s64": -6.0, "sf32": -7.0, "f64": 8.0, "on": true, "state": 1.0},
	} {
		f.Add([]byte(written(f, form, row)))
	}
	f.Add([]byte("\xea\x01\x02\x08\x01\xea\x01\x02\x08\x05"))
	f.Add([]byte("\xb2\x01\r2\x010002\x010#\n\x01\x81$")) // a text of proto2 that is no UTF-8
	f.Add([]byte("\xb0\xd5\xd5\xd50\xd5\xd5\xd5\xd50"))   // a field number that is too large
	f.Fuzz(func(t *testing.T, in []byte) {
		schema := &value.Schema{Columns: []value.Column{{Name: "*", Role: value.Whole}, {Name: "device"}, {Name: "number"}}}
		rows, err := decoder(t, "protobuf", schema, DecoderOptions{Form: &form}).Decode(nil, in, nil, 7)
		m := dynamicpb.NewMessage(desc)
		wrong := proto.UnmarshalOptions{AllowPartial: true}.Unmarshal(in, m)
		if wrong != nil && err == nil {
			t.Fatalf("the reference says %v", wrong)
		}
		if wrong == nil && err != nil && !errors.Is(err, errTooDeep) {
			t.Fatalf("%v; the reference reads it", err)
		}
		if err != nil {
			return
		}
		want := reference(m)
		if got, want := fmt.Sprint(rows[0].Cols[0]), fmt.Sprint(want); got != want {
			t.Fatalf("\n got %s\nwant %s", got, want)
		}
		if got, want := fmt.Sprint(rows[0].Cols[1:]), fmt.Sprint([]value.Value{want.Object().Get("device"), want.Object().Get("number")}); got != want {
			t.Fatalf("got %s, want %s", got, want)
		}
	})
}

func BenchmarkProtobufDecode2Of8(b *testing.B) {
	form, desc := plant(b)
	payload := []byte(written(b, form, map[string]any{"device": "boiler-1", "temperature": 81.5, "i32": 45.0, "i64": 1013.0, "on": true, "u64": 1795213243265.0,
		"raw": "running", "f": 0.5}))
	b.Run("sluice", func(b *testing.B) {
		d := decoder(b, "protobuf", fields("device", "temperature"), DecoderOptions{Form: &form})
		var rows []value.Row
		b.ReportAllocs()
		for b.Loop() {
			rows, _ = d.Decode(rows[:0], payload, nil, 7)
		}
	})
	b.Run("dynamicpb", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if err := proto.Unmarshal(payload, dynamicpb.NewMessage(desc)); err != nil {
				b.Fatal(err)
			}
		}
	})
}
