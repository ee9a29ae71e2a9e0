package delivery

import (
	"strings"
	"testing"
	"testing/synctest"

	"sluice/sqlengine/value"
)

func TestRender(t *testing.T) {
	nested := &value.Schema{Columns: []value.Column{{Name: "a"}, {Name: "list"}}}
	inner := value.OfList([]value.Value{value.OfObject(value.FieldsOf([]string{"x", "y"}, []value.Value{value.OfInt(1), value.OfInt(2)}))})
	deep := &value.Batch{Schema: nested, Rows: []value.Row{{Cols: []value.Value{value.OfInt(1), inner}}}}
	for _, c := range []struct {
		name   string
		props  map[string]any
		window bool
		in     *value.Batch
		want   string
	}{
		{"each row is an array", nil, false, rows(nil, 1, 2), `[{"a":1,"b":"x"}] | [{"a":2,"b":"x"}]`},
		{"single", map[string]any{"sendSingle": true}, false, rows(nil, 1, 2), `{"a":1,"b":"x"} | {"a":2,"b":"x"}`},
		{"a window is an array", nil, true, rows(nil, 1, 2), `[{"a":1,"b":"x"},{"a":2,"b":"x"}]`},
		{"window, single", map[string]any{"sendSingle": "true"}, true, rows(nil, 1, 2), `{"a":1,"b":"x"} | {"a":2,"b":"x"}`},
		{"empty window", nil, true, rows(nil), `[]`},
		{"empty window omitted", map[string]any{"omitIfEmpty": true}, true, rows(nil), ``},
		{"fields", map[string]any{"fields": []any{"b", "z"}}, false, rows(nil, 1), `[{"b":"x","z":null}]`},
		{"excludeFields", map[string]any{"excludeFields": []any{"b"}}, false, rows(nil, 1), `[{"a":1}]`},
		{"dataField", map[string]any{"dataField": "list"}, false, deep, `[{"x":1,"y":2}]`},
		{"dataField and fields", map[string]any{"dataField": "list", "fields": []any{"y"}, "sendSingle": true}, false, deep, `[{"y":2}]`},
		{"template over an array", map[string]any{"dataTemplate": `{{(index . 0).a}}/{{len .}}`}, true, rows(nil, 7, 8), `7/2`},
		{"template over a map", map[string]any{"sendSingle": true, "dataTemplate": `{"v":{{.a}},"t":{{json .b}},"none":"{{.z}}","u":"{{upper .b}}","b":"{{base64 .b}}"}`},
			false, rows(nil, 7), `{"v":7,"t":"x","none":"<no value>","u":"X","b":"eA=="}`},
		{"template and fields", map[string]any{"sendSingle": true, "dataTemplate": `{"v":{{.a}},"w":1}`, "fields": []any{"v"}}, false, rows(nil, 7), `{"v":7}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &fake{}
				target := open(t, f.pool(), c.props, Form{Windowed: c.window})
				if err := target.Push(c.in); err != nil {
					t.Fatal(err)
				}
				if err := target.Finish(t.Context()); err != nil {
					t.Fatal(err)
				}
				if got := strings.Join(f.sent(), " | "); got != c.want {
					t.Errorf("\n got %s\nwant %s", got, c.want)
				}
				if s := target.Stats(); s.Exceptions != 0 {
					t.Error(s.LastException)
				}
			})
		})
	}
}

func TestPropertiesPerMessage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{}
		target := open(t, f.pool(), map[string]any{"sendSingle": true, "topic": "t/{{.a}}"}, Form{})
		_ = target.Push(rows(nil, 1, 2))
		_ = target.Finish(t.Context())
		if len(f.values) != 2 || f.values[0]["topic"] != "t/1" || f.values[1]["topic"] != "t/2" {
			t.Fatal(f.values)
		}
	})
}

// A result that cannot be encoded is counted; the others are sent.
func TestRenderError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{}
		target := open(t, f.pool(), map[string]any{"sendSingle": true, "dataTemplate": `{{div 10 .a}}`}, Form{})
		_ = target.Push(rows(nil, 0, 5))
		_ = target.Finish(t.Context())
		s := target.Stats()
		if got := f.sent(); len(got) != 1 || got[0] != "2" || s.Exceptions != 1 || s.Dropped != 1 || !strings.Contains(s.LastException, "divide by zero") {
			t.Fatal(got, s)
		}
	})
}

func TestCheck(t *testing.T) {
	p := (&fake{}).pool()
	for want, props := range map[string]map[string]any{
		`sink fake: unknown property "topc"; did you mean "topic"?`:                              {"topc": "x"},
		`sink fake: property "resendPriority" must be -1, 0 or 1`:                                {"resendPriority": 2},
		`sink fake: property "batchSize" must not be negative`:                                   {"batchSize": -1},
		`sink fake: property "lingerInterval" must not be negative`:                              {"lingerInterval": -1},
		`sink fake: property "rateLimit": "20" is no rate such as "20/1m", 20 messages a minute`: {"rateLimit": "20"},
		`sink fake: unknown format "jsn"; did you mean "json"?`:                                  {"format": "jsn"},
		`sink fake: property "server": a template is not possible here`:                          {"server": "{{.a}}"},
		`sink fake: fields and excludeFields exclude each other; leave one out`:                  {"fields": []any{"a"}, "excludeFields": "b"},
		`sink fake: property "dataTemplate": dataTemplate:1: function "nosuch" not defined`:      {"dataTemplate": "{{nosuch .a}}"},
		`sink fake: property "sendSingle": true or false is wanted, not a text`:                  {"sendSingle": "maybe"},
	} {
		if err := p.Check("fake", props); err == nil || err.Error() != want {
			t.Errorf("%v\n got %v\nwant %s", props, err, want)
		}
	}
	if err := p.Check("fale", nil); err == nil || err.Error() != `unknown sink type "fale"; did you mean "fake"?` {
		t.Error(err)
	}
	if err := p.Check("fake", map[string]any{"topic": "x", "runAsync": true, "compression": "", "concurrency": "4", "enableCache": true}); err != nil {
		t.Error(err)
	}
}
