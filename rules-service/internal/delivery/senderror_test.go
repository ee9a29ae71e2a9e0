package delivery

import (
	"errors"
	"slices"
	"testing"
	"testing/synctest"
)

// The error of a row comes in its place: as a text to a sink of bytes, as a row
// to one of rows; a batch in front of it is sent before.
func TestPushError(t *testing.T) {
	for _, c := range []struct {
		name  string
		props map[string]any
		want  []string
	}{
		{"plain", map[string]any{"fields": "a"}, []string{`[{"a":1}]`, "filter: no number", `[{"a":2}]`}},
		{"batch", map[string]any{"fields": "a", "batchSize": 10}, []string{`[[{"a":1}]]`, "filter: no number", `[[{"a":2}]]`}},
		{"template", map[string]any{"sendSingle": true, "dataTemplate": "v{{.a}}"}, []string{`v1`, "filter: no number", `v2`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &fake{}
				c.props["topic"] = "errors"
				target := open(t, f.pool(), c.props, Form{})
				_ = target.Push(rows(nil, 1))
				target.PushError(errors.New("filter: no number"))
				_ = target.Push(rows(nil, 2))
				_ = target.Finish(t.Context())
				if got := f.sent(); !slices.Equal(got, c.want) {
					t.Errorf("\n got %q\nwant %q", got, c.want)
				}
				if f.values[1]["topic"] != "errors" {
					t.Error(f.values)
				}
				if st := target.Stats(); st.RecordsIn != 2 || st.RecordsOut != 3 || st.Exceptions != 0 {
					t.Errorf("%+v", st)
				}
			})
		})
	}
	synctest.Test(t, func(t *testing.T) {
		f := &fake{}
		target := open(t, rowsPool(f), map[string]any{"topic": "{{.error}}", "sendSingle": true}, Form{})
		target.PushError(errors.New("no \"number\" \xff"))
		_ = target.Finish(t.Context())
		if got := f.sentRows(t); got != `{"error":"no \"number\" �"}` || f.values[0]["topic"] != "no \"number\" \ufffd" {
			t.Error(got, f.values)
		}
	})
}
