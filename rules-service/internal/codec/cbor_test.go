package codec

import (
	"encoding/hex"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/fxamacker/cbor/v2"

	"sluice/sqlengine/value"
)

func cborOf(t testing.TB, v any) string {
	t.Helper()
	b, err := cbor.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func unhex(t testing.TB, s string) string {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestCBOR(t *testing.T) {
	type m = map[string]any
	for _, c := range []struct{ name, in, want string }{
		{"integer", cborOf(t, m{"a": 5}), "BIGINT 5"},
		{"negative", cborOf(t, m{"a": math.MinInt64}), "BIGINT -9223372036854775808"},
		{"more than int64", cborOf(t, m{"a": uint64(math.MaxUint64)}), "FLOAT 18446744073709552000"},
		{"float", cborOf(t, m{"a": 21.5}), "FLOAT 21.5"},
		{"half float", unhex(t, "a1 61 61 f9 3e00"), "FLOAT 1.5"},
		{"text", cborOf(t, m{"a": "中"}), `STRING "中"`},
		{"bytes", cborOf(t, m{"a": []byte{1, 2}}), `BYTEA "AQI="`},
		{"null", cborOf(t, m{"a": nil}), "NULL null"},
		{"undefined", unhex(t, "a1 61 61 f7"), "NULL null"},
		{"nested", cborOf(t, m{"a": m{"y": []any{1, true}, "x": "z"}}), `STRUCT {"x":"z","y":[1,true]}`},
		{"missing", cborOf(t, m{"b": 1}), "missing"},
		{"instant", unhex(t, "a1 61 61 c1 1a 514b67b0"), `DATETIME "2013-03-21T20:04:00Z"`},
		{"unknown tag", unhex(t, "a1 61 61 d9 1234 05"), "BIGINT 5"},
		{"tagged map", unhex(t, "d9d9f7 a1 61 61 05"), "BIGINT 5"},
		{"indefinite map and text", unhex(t, "bf 61 62 9f 01 ff 61 61 7f 61 78 61 79 ff ff"), `STRING "xy"`},
		{"indefinite key", unhex(t, "a1 7f 61 61 ff 05"), "BIGINT 5"},
		{"keys that are no texts", unhex(t, "a2 01 02 61 61 05"), "BIGINT 5"},
		{"last key wins", unhex(t, "a2 61 61 01 61 61 02"), "BIGINT 2"},
		{"array of rows", cborOf(t, []any{m{"a": 1}, m{"a": 2}}), "BIGINT 1\nBIGINT 2"},
		{"wrong element", cborOf(t, []any{m{"a": 1}, 3, m{"a": 2}}), "BIGINT 1\nBIGINT 2\nerror: decode cbor: [1]: a map is wanted, not an integer"},
		{"no map", cborOf(t, "x"), "error: decode cbor: a map or an array of maps is wanted, not a text"},
		{"cut", cborOf(t, m{"a": "xyz"})[:4], "error: decode cbor: unexpected EOF"},
		{"empty", "", "error: decode cbor: EOF"},
		{"more behind", cborOf(t, m{"a": 5}) + "\x00", "error: decode cbor: 1 bytes of extraneous data starting at index 4"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := fields("a")
			if got := decoded(t, decoder(t, "cbor", s, DecoderOptions{}), s, c.in); got != c.want {
				t.Errorf("%x\n got %s\nwant %s", c.in, got, c.want)
			}
		})
	}
}

func TestCBORDeclared(t *testing.T) {
	s := &value.Schema{Columns: []value.Column{{Name: "i"}, {Name: "f"}, {Name: "*", Role: value.Whole}}}
	d := decoder(t, "cbor", s, DecoderOptions{Fields: declaredFields("i", value.Int, "f", value.Float)})
	if got, want := decoded(t, d, s, cborOf(t, map[string]any{"i": 2.0, "f": 3, "x": "y"})), `BIGINT 2, FLOAT 3, STRUCT {"f":3,"i":2,"x":"y"}`; got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
	if got, want := decoded(t, d, s, cborOf(t, map[string]any{"i": "2"})), `error: decode cbor: column "i": STRING where BIGINT is declared`; got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
}

func TestCBORWriter(t *testing.T) {
	w, err := NewWriter("cbor", Form{})
	if err != nil {
		t.Fatal(err)
	}
	in := map[string]any{"i": int64(-500), "big": int64(math.MaxInt64), "f": 21.5, "s": "ü", "b": []byte{9}, "n": nil, "t": true, "l": []any{1.5, map[string]any{"k": "v"}}}
	rows := rowsOf(t, in, map[string]any{"i": int64(24)})
	single, err := w.Append(nil, rows[:1], true)
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := cbor.Unmarshal(single, &got); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{"i": int64(-500), "big": uint64(math.MaxInt64), "f": 21.5, "s": "ü", "b": []byte{9}, "n": nil, "t": true, "l": []any{1.5, map[any]any{"k": "v"}}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("\n got %v\nwant %v", got, want)
	}
	both, _ := w.Append(nil, rows, false)
	one, _ := w.Append(nil, rows[1:], false)
	batch := w.(Joiner).Join(nil, [][]byte{both, one})
	var lists [][]map[string]any
	if err = cbor.Unmarshal(batch, &lists); err != nil || len(lists) != 2 || len(lists[0]) != 2 || len(lists[1]) != 1 || lists[1][0]["i"] != uint64(24) {
		t.Error(lists, err)
	}
}

// ambiguous tells of a map with two keys of one text: which of them counts, the
// library does not say.
func ambiguous(v any) bool {
	switch t := v.(type) {
	case []any:
		return slices.ContainsFunc(t, ambiguous)
	case cbor.Tag:
		return ambiguous(t.Content)
	case map[any]any:
		seen := map[string]bool{}
		for k, e := range t {
			if seen[keyText(k)] || ambiguous(e) {
				return true
			}
			seen[keyText(k)] = true
		}
	}
	return false
}

// What the library reads gives the same values, and comes back as it was.
func FuzzCBOR(f *testing.F) {
	for _, v := range []any{map[string]any{"a": 1, "b": []any{"x", 2.5, nil}}, map[any]any{1: 2, "c": []byte{1}}, []any{map[string]any{"a": true}}, 5} {
		f.Add([]byte(cborOf(f, v)))
	}
	f.Add([]byte(unhex(f, "bf 61 62 9f 01 ff 61 61 7f 61 78 61 79 ff ff")))
	f.Add([]byte(unhex(f, "a1 61 61 c2 49 010000000000000000")))
	f.Add([]byte("\xa1A0\xc2I000000000")) // a key of bytes
	f.Add([]byte("\xa1\xd7@0"))           // a tagged key
	f.Fuzz(func(t *testing.T, in []byte) {
		schema := &value.Schema{Columns: []value.Column{{Name: "*", Role: value.Whole}, {Name: "a"}}}
		rows, err := decoder(t, "cbor", schema, DecoderOptions{}).Decode(nil, in, nil, 7)
		var any any
		wrong := anyCBOR().Unmarshal(in, &any)
		if wrong != nil && anyCBOR().Wellformed(in) != nil && err == nil {
			t.Fatalf("the reference says %v", wrong)
		}
		want := fromCBOR(any)
		if wrong != nil || err != nil || ambiguous(any) || want.Kind() != value.Object && want.Kind() != value.List {
			return
		}
		list := []value.Value{want}
		if want.Kind() == value.List {
			list = want.List()
		}
		if len(rows) != len(list) {
			t.Fatalf("%d rows, want %d", len(rows), len(list))
		}
		for i, row := range rows {
			whole := row.Cols[0]
			if got, want := fmt.Sprint(whole), fmt.Sprint(list[i]); got != want {
				t.Fatalf("row %d: %s, want %s", i, got, want)
			}
			a := list[i].Object().Get("a")
			if fmt.Sprint(row.Cols[1]) != fmt.Sprint(a) || a.IsMissing() != row.Cols[1].IsMissing() {
				t.Fatalf("column a of row %d: %v, want %v", i, row.Cols[1], a)
			}
			out, err := cborWriter{}.Append(nil, []*value.Fields{whole.Object()}, true)
			if err != nil {
				t.Fatal(err)
			}
			if err := anyCBOR().Wellformed(out); err != nil {
				t.Fatalf("%x: %v", out, err)
			}
		}
	})
}

func BenchmarkCBORDecode2Of8(b *testing.B) {
	payload := []byte(cborOf(b, map[string]any{"device": "boiler-1", "temperature": 81.5, "humidity": 45.25, "pressure": 1013, "on": true,
		"state": "running", "ts": 1795213243265, "place": "hall 1"}))
	b.Run("sluice", func(b *testing.B) {
		d := decoder(b, "cbor", fields("device", "temperature"), DecoderOptions{})
		var rows []value.Row
		b.ReportAllocs()
		for b.Loop() {
			rows, _ = d.Decode(rows[:0], payload, nil, 7)
		}
	})
	b.Run("fxamacker", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			var m map[string]any
			if err := cbor.Unmarshal(payload, &m); err != nil {
				b.Fatal(err)
			}
		}
	})
}
