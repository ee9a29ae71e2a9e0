package codec

import (
	"strings"
	"testing"

	"sluice/sqlengine"
	"sluice/sqlengine/value"
)

func TestRowMaker(t *testing.T) {
	declared := []sqlengine.Field{
		{Name: "n", Kind: value.Int}, {Name: "f", Kind: value.Float}, {Name: "s", Kind: value.String},
		{Name: "d", Kind: value.Int, Default: value.OfInt(7)},
	}
	schema := &value.Schema{Columns: []value.Column{
		{Name: "n", Kind: value.Int}, {Name: "f", Kind: value.Float}, {Name: "s", Kind: value.String}, {Name: "d", Kind: value.Int},
		{Name: "topic", Role: value.Meta},
	}}
	lenient := NewRowMaker(schema, DecoderOptions{Fields: declared})
	strict := NewRowMaker(schema, DecoderOptions{Fields: declared, Strict: true})
	for _, c := range []struct {
		in           map[string]any
		want, strict string // an error begins with !
	}{
		{map[string]any{"n": 2.0, "f": int64(3), "s": 1.5, "d": int64(1)}, `2 3 "1.5" 1`, `2 3 "1.5" 1`},
		{map[string]any{"s": int64(12)}, `missing missing "12" 7`, `!column "n" is missing`},
		{map[string]any{"n": 1.5}, `!column "n": FLOAT where BIGINT is declared`, `!column "n": FLOAT where BIGINT is declared`},
		{map[string]any{"n": "1", "f": 1.0, "s": ""}, `!column "n": STRING where BIGINT is declared`, `!column "n"`},
		{map[string]any{"n": nil, "f": 1.0, "s": ""}, `null 1 "" 7`, `null 1 "" 7`},
	} {
		fields := rowsOf(t, c.in)[0]
		for maker, want := range map[*RowMaker]string{lenient: c.want, strict: c.strict} {
			row, err := maker.Row(fields, nil, 9)
			if message, wrong := strings.CutPrefix(want, "!"); wrong {
				if err == nil || !strings.Contains(err.Error(), message) {
					t.Errorf("%v: %v, want %s", c.in, err, message)
				}
				continue
			}
			var got []string
			for _, v := range row.Cols[:4] {
				switch {
				case v.IsMissing():
					got = append(got, "missing")
				default:
					b, _ := v.AppendJSON(nil)
					got = append(got, string(b))
				}
			}
			if strings.Join(got, " ") != want || err != nil || row.Time != 9 || !row.Cols[4].IsMissing() {
				t.Errorf("%v: %v %v, want %s", c.in, got, err, want)
			}
		}
	}
}

// One wrong row of a payload does not take the others with it.
func TestRowsDecoderKeepsRightRows(t *testing.T) {
	schema := &value.Schema{Columns: []value.Column{{Name: "n", Kind: value.Int}}}
	d, err := NewDecoder("rows", schema, DecoderOptions{Fields: []sqlengine.Field{{Name: "n", Kind: value.Int}}})
	if err != nil {
		t.Fatal(err)
	}
	payload := AppendRows(nil, rowsOf(t, map[string]any{"n": int64(1)}, map[string]any{"n": "x"}, map[string]any{"n": int64(3)}))
	rows, err := d.Decode(nil, payload, nil, 0)
	if len(rows) != 2 || rows[1].Cols[0].Int() != 3 || err == nil || !strings.Contains(err.Error(), "row 1: ") {
		t.Error(rows, err)
	}
	if rows, err = d.Decode(nil, []byte("{}"), nil, 0); len(rows) != 0 || err == nil {
		t.Error(rows, err)
	}
}
