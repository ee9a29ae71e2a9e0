package delivery

import (
	"strings"
	"testing"
	"testing/synctest"

	"sluice/rules-service/internal/codec"
	"sluice/sqlengine/value"
)

// rowsPool is a pool whose sinks take rows.
func rowsPool(f *fake) *Pool {
	spec := specOf(fakeSink{f})
	spec.Rows = true
	return poolWith(spec)
}

// sentRows is everything that Write was given, as JSON with its types.
func (f *fake) sentRows(t *testing.T) string {
	t.Helper()
	var out []string
	for _, payload := range f.sent() {
		list, err := codec.ParseRows([]byte(payload))
		if err != nil {
			t.Fatal(err)
		}
		text := ""
		for _, row := range list {
			b, err := value.OfObject(row).AppendJSON(nil)
			if err != nil {
				t.Fatal(err)
			}
			text += string(b)
		}
		out = append(out, text)
	}
	return strings.Join(out, " | ")
}

func TestRenderRows(t *testing.T) {
	nested := &value.Schema{Columns: []value.Column{{Name: "a"}, {Name: "list"}}}
	inner := value.OfList([]value.Value{
		value.OfObject(value.FieldsOf([]string{"x", "y"}, []value.Value{value.OfInt(1), value.OfInt(2)})),
		value.OfObject(value.FieldsOf([]string{"x"}, []value.Value{value.OfInt(3)})),
	})
	deep := &value.Batch{Schema: nested, Rows: []value.Row{{Cols: []value.Value{value.OfInt(1), inner}}}}
	for _, c := range []struct {
		name   string
		props  map[string]any
		window bool
		in     *value.Batch
		want   string
		fails  string
	}{
		{"each row", nil, false, rows(nil, 1, 2), `{"a":1,"b":"x"} | {"a":2,"b":"x"}`, ""},
		{"a window", nil, true, rows(nil, 1, 2), `{"a":1,"b":"x"}{"a":2,"b":"x"}`, ""},
		{"a window, single", map[string]any{"sendSingle": true}, true, rows(nil, 1, 2), `{"a":1,"b":"x"} | {"a":2,"b":"x"}`, ""},
		{"fields", map[string]any{"fields": []any{"b", "z"}}, false, rows(nil, 1), `{"b":"x","z":null}`, ""},
		{"excludeFields", map[string]any{"excludeFields": []any{"b"}}, false, rows(nil, 1), `{"a":1}`, ""},
		{"dataField", map[string]any{"dataField": "list"}, false, deep, `{"x":1,"y":2}{"x":3}`, ""},
		{"dataField and fields", map[string]any{"dataField": "list", "fields": []any{"x"}, "sendSingle": true}, false, deep, `{"x":1}{"x":3}`, ""},
		{"empty window", nil, true, rows(nil), ``, ""},
		{"empty window omitted", map[string]any{"omitIfEmpty": true}, true, rows(nil), ``, ""},
		{"empty row omitted", map[string]any{"omitIfEmpty": true, "excludeFields": []any{"a", "b"}, "sendSingle": true}, true, rows(nil, 1), ``, ""},
		{"template", map[string]any{"sendSingle": true, "dataTemplate": `{"v":{{.a}},"t":{{json .b}}}`}, false, rows(nil, 7), `{"t":"x","v":7}`, ""},
		{"template, array", map[string]any{"dataTemplate": `[{{range .}}{"v":{{.a}}},{{end}}{"v":0}]`}, true, rows(nil, 7, 8), `{"v":7}{"v":8}{"v":0}`, ""},
		{"template and fields", map[string]any{"sendSingle": true, "dataTemplate": `{"v":{{.a}},"w":1}`, "fields": []any{"v"}}, false, rows(nil, 7), `{"v":7}`, ""},
		{"template without JSON", map[string]any{"dataTemplate": `seven`}, false, rows(nil, 7), ``, "dataTemplate must give JSON, of which rows are made"},
		{"template without rows", map[string]any{"dataTemplate": `[7]`}, false, rows(nil, 7), ``, "encode: rows are wanted: [0] is FLOAT, not an object"},
		{"template with a text", map[string]any{"dataTemplate": `"7"`}, false, rows(nil, 7), ``, "encode: rows are wanted: an object or an array of objects, not STRING"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &fake{}
				target := open(t, rowsPool(f), c.props, Form{Windowed: c.window})
				_ = target.Push(c.in)
				if err := target.Finish(t.Context()); err != nil {
					t.Fatal(err)
				}
				if got := f.sentRows(t); got != c.want {
					t.Errorf("\n got %s\nwant %s", got, c.want)
				}
				if n := len(f.sent()); c.name == "empty window" && n != 1 || strings.HasSuffix(c.name, "omitted") && n != 0 {
					t.Errorf("%d messages", n)
				}
				if s := target.Stats(); !strings.Contains(s.LastException, c.fails) || (c.fails == "") != (s.Exceptions == 0) {
					t.Error(s.LastException)
				}
			})
		})
	}
}

// Types survive: what JSON cannot say, such as a whole number that is a FLOAT,
// arrives as it was.
func TestRowsKeepTypes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{}
		target := open(t, rowsPool(f), nil, Form{})
		in := &value.Batch{Schema: ab, Rows: []value.Row{{Cols: []value.Value{value.OfFloat(1), value.OfBytes([]byte{0, 255})}}}}
		_ = target.Push(in)
		_ = target.Finish(t.Context())
		list, err := codec.ParseRows([]byte(f.sent()[0]))
		if err != nil {
			t.Fatal(err)
		}
		if a, b := list[0].Get("a"), list[0].Get("b"); a.Kind() != value.Float || b.Kind() != value.Bytes || string(b.Bytes()) != "\x00\xff" {
			t.Errorf("%v %v", a, b)
		}
	})
}
