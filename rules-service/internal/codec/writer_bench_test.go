package codec

import (
	"testing"

	"github.com/fxamacker/cbor/v2"

	"sluice/sqlengine/value"
)

// BenchmarkWrite writes one row in each format, JSON for comparison.
func BenchmarkWrite(b *testing.B) {
	form, _ := plant(b)
	in := map[string]any{"device": "boiler-1", "temperature": 81.5, "i32": 45.0, "i64": 1013.0, "on": true, "f": 0.5, "text": "running", "self": "x"}
	rows := rowsOf(b, in)
	s := &value.Schema{}
	row := value.Row{}
	for i, name := range rows[0].Names {
		s.Columns, row.Cols = append(s.Columns, value.Column{Name: name}), append(row.Cols, rows[0].Values[i])
	}
	for _, format := range []string{"binary", "cbor", "delimited", "protobuf", "urlencoded"} {
		b.Run(format, func(b *testing.B) {
			w, err := NewWriter(format, form)
			if err != nil {
				b.Fatal(err)
			}
			var out []byte
			b.ReportAllocs()
			for b.Loop() {
				if out, err = w.Append(out[:0], rows, true); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("json", func(b *testing.B) {
		e := NewEncoder(s)
		var out []byte
		b.ReportAllocs()
		for b.Loop() {
			out, _ = e.Append(out[:0], row)
		}
	})
	b.Run("fxamacker", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := cbor.Marshal(in); err != nil {
				b.Fatal(err)
			}
		}
	})
}
