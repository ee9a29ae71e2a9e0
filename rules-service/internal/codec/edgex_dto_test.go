package codec

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/edgexfoundry/go-mod-core-contracts/v3/dtos"
	"github.com/edgexfoundry/go-mod-core-contracts/v3/dtos/requests"
	"github.com/fxamacker/cbor/v2"
	"pgregory.net/rapid"

	"sluice/sqlengine/value"
)

// drawn is a reading made with EdgeX's own types and the value that it is.
type drawn struct {
	valueType string
	in        any
	want      value.Value
}

func number[T int8 | int16 | int32 | int64 | uint8 | uint16 | uint32 | uint64](valueType string, gen *rapid.Generator[T]) *rapid.Generator[drawn] {
	of := func(n T) value.Value {
		if n > 0 && uint64(n) > math.MaxInt64 {
			return value.OfFloat(float64(n))
		}
		return value.OfInt(int64(n))
	}
	return simple(valueType, gen, of)
}

// simple draws a value of a type, or an array of them.
func simple[T any](valueType string, gen *rapid.Generator[T], of func(T) value.Value) *rapid.Generator[drawn] {
	return rapid.Custom(func(t *rapid.T) drawn {
		if rapid.Bool().Draw(t, "one") {
			v := gen.Draw(t, "value")
			return drawn{valueType, v, of(v)}
		}
		list := rapid.SliceOfN(gen, 0, 5).Draw(t, "values")
		want := make([]value.Value, len(list))
		for i, v := range list {
			want[i] = of(v)
		}
		return drawn{valueType + "Array", list, value.OfList(want)}
	})
}

// float is what EdgeX's text of a float says: it has seven digits.
func float(f float64) value.Value {
	f, _ = strconv.ParseFloat(strconv.FormatFloat(f, 'e', 6, 64), 64)
	return value.OfFloat(f)
}

// readings draw each of EdgeX's simple types. Its texts of arrays are torn
// apart at blanks, so that texts of these have none.
func readings() []*rapid.Generator[drawn] {
	word := rapid.StringMatching(`[a-zäöüA-Z0-9+.-][a-z0-9_.:;/'-]*`)
	return []*rapid.Generator[drawn]{
		number("Int8", rapid.Int8()), number("Int16", rapid.Int16()), number("Int32", rapid.Int32()), number("Int64", rapid.Int64()),
		number("Uint8", rapid.Uint8()), number("Uint16", rapid.Uint16()), number("Uint32", rapid.Uint32()), number("Uint64", rapid.Uint64()),
		simple("Float32", rapid.Float32Range(-1e30, 1e30), func(f float32) value.Value { return float(float64(f)) }),
		simple("Float64", rapid.Float64Range(-1e300, 1e300), float),
		simple("Bool", rapid.Bool(), value.OfBool),
		simple("String", word, value.OfString),
	}
}

// Events that EdgeX's own types write, in all four forms, are read with the
// values that went in.
func TestEdgeXReadsWhatTheSDKWrites(t *testing.T) {
	s := &value.Schema{Columns: []value.Column{{Name: "*", Role: value.Whole}, {Name: "origin", Role: value.Meta}, {Name: "r0", Role: value.Meta}}}
	rapid.Check(t, func(rt *rapid.T) {
		e := dtos.NewEvent("P", "d", "s")
		e.Origin = rapid.Int64().Draw(rt, "origin")
		want := map[string]value.Value{}
		for i, g := range readings() {
			d, name := g.Draw(rt, "reading"), "r"+strconv.Itoa(i)
			if err := e.AddSimpleReading(name, d.valueType, d.in); err != nil {
				rt.Fatal(err)
			}
			want[name] = d.want
		}
		blob := rapid.SliceOfN(rapid.Byte(), 1, 30).Draw(rt, "blob")
		e.AddBinaryReading("blob", blob, "image/png")
		want["blob"] = value.OfBytes(blob)
		object := map[string]any{"text": rapid.String().Draw(rt, "text"), "list": []any{true, nil, rapid.Float64Range(-1e9, 1e9).Draw(rt, "f")}}
		e.AddObjectReading("obj", object)
		want["obj"] = FromGo(object)
		for form, payload := range encodings(rt, e) {
			rows, err := decoder(t, "edgex", s, DecoderOptions{}).Decode(nil, payload, nil, 0)
			if err != nil || len(rows) != 1 {
				rt.Fatalf("%s: %v %v", form, rows, err)
			}
			c := rows[0].Cols
			for name, v := range want {
				if got := c[0].Object().Get(name); !equalText(got, v) {
					rt.Fatalf("%s: %s is %s %v, want %s %v", form, name, got.Kind(), got, v.Kind(), v)
				}
			}
			m := c[2].Object()
			if c[1].Int() != e.Origin || m.Get("origin").Int() != e.Readings[0].Origin || m.Get("valueType").Str() != e.Readings[0].ValueType {
				rt.Fatalf("%s: origin %d, reading %v", form, c[1].Int(), c[2])
			}
		}
	})
}

// equalText compares kinds and contents.
func equalText(a, b value.Value) bool {
	x, errX := a.AppendJSON(nil)
	y, errY := b.AppendJSON(nil)
	return errX == nil && errY == nil && a.Kind() == b.Kind() && string(x) == string(y)
}

func encodings(t *rapid.T, e dtos.Event) map[string][]byte {
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

// Texts of a StringArray stay what they are, though EdgeX writes them without
// quotes.
func TestEdgeXBareTexts(t *testing.T) {
	s := fields("a")
	for _, words := range [][]string{{"007", "1.50", "1e5"}, {"e0", "-", "x"}, {"true", "null", "false"}, {"nan", "inf"}, {"", "a"}, {"-inf", "+1"}, {}} {
		e := dtos.NewEvent("P", "d", "s")
		if err := e.AddSimpleReading("a", "StringArray", words); err != nil {
			t.Fatal(err)
		}
		payload, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		want, _ := json.Marshal(words)
		if got := decoded(t, decoder(t, "edgex", s, DecoderOptions{}), s, string(payload)); got != "ARRAY "+string(want) {
			t.Errorf("%s: %s, want ARRAY %s", e.Readings[0].Value, got, want)
		}
	}
}

// A reading's text in any of the forms that services write is read.
func TestEdgeXTexts(t *testing.T) {
	s := fields("a")
	for text, want := range map[string]string{"2.288153e+01": "FLOAT 22.88153", "22.88153": "FLOAT 22.88153", "1E3": "FLOAT 1000", "-0": "FLOAT 0"} {
		payload := strings.Replace(readingText("Float64", text), `,{"resourceName":"b","valueType":"Int8","value":"1"}`, "", 1)
		if got := decoded(t, decoder(t, "edgex", s, DecoderOptions{}), s, payload); strings.Replace(got, "-0", "0", 1) != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}
