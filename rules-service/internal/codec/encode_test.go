package codec

import (
	"testing"

	"sluice/sqlengine/value"
)

func TestAppendJSON(t *testing.T) {
	s := &value.Schema{Columns: []value.Column{{Name: "b"}, {Name: "*", Role: value.Whole}, {Name: "a"}, {Name: "topic", Role: value.Meta}}}
	whole := value.OfObject(value.FieldsOf([]string{"c", "a"}, []value.Value{value.OfInt(3), value.OfInt(9)}))
	row := value.Row{Cols: []value.Value{value.Missing, whole, value.OfString("<x>"), value.OfString("t")}}
	for _, c := range []struct {
		name   string
		choice Choice
		want   string
	}{
		{"a column wins over a field", Choice{}, `{"a":"\u003cx\u003e","c":3}`},
		{"kept and missing", Choice{Keep: []string{"c", "b"}}, `{"b":null,"c":3}`},
		{"dropped", Choice{Drop: []string{"a"}}, `{"c":3}`},
	} {
		got, err := NewChoosingEncoder(s, c.choice).Append(nil, row)
		if err != nil || string(got) != c.want {
			t.Errorf("%s: got %s %v, want %s", c.name, got, err, c.want)
		}
	}
	plain := &value.Schema{Columns: []value.Column{{Name: "b"}, {Name: "a"}}}
	rows := []value.Row{{Cols: []value.Value{{}, value.OfFloat(2)}}, {Cols: []value.Value{value.Missing, value.Missing}}}
	if got, err := AppendJSONArray(nil, plain, rows); err != nil || string(got) != `[{"a":2,"b":null},{}]` {
		t.Errorf("array: %s %v", got, err)
	}
	if got, err := NewChoosingEncoder(plain, Choice{Keep: []string{"z", "a"}}).Append(nil, rows[0]); err != nil || string(got) != `{"a":2,"z":null}` {
		t.Errorf("kept: %s %v", got, err)
	}
}

func BenchmarkAppendJSON(b *testing.B) {
	e := NewEncoder(fields("device", "temperature", "n"))
	row := value.Row{Cols: []value.Value{value.OfString("boiler-17"), value.OfFloat(81.53), value.OfInt(12)}}
	b.ReportAllocs()
	var buf []byte
	for b.Loop() {
		buf, _ = e.Append(buf[:0], row)
	}
}
