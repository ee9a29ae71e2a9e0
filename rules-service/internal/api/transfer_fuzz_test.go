package api

import (
	"testing"

	"sluice/rules-service/internal/builtin"
	"sluice/rules-service/internal/connector/edgex"
)

// Content that comes in never panics, and what is read can be written.
func FuzzBundle(f *testing.F) {
	f.Add(`{"streams":{"demo":"CREATE STREAM demo () WITH (DATASOURCE=\"d\")"},"rules":{"r":{"id":"r"}},"sourceConfig":{"mqtt":"{\"k\":{}}"}}`)
	f.Add("streams:\n  demo:\n    sql: x\nrules:\n  r: {id: r, triggered: false}\nsourceConfig:\n  sources.mqtt.k1: {a: 1}\n")
	f.Add(`{"rules":null,"Service":{"a":{}}}`)
	f.Fuzz(func(t *testing.T, text string) {
		if b, err := readBundle(text); err == nil {
			wrong := newBundle()
			for _, e := range b.sets(wrong) {
				e.fail(errNoPing)
			}
			if _, err := compact(wrong); err != nil {
				t.Error(err)
			}
		}
		b, err := readYAML(text)
		if err != nil {
			return
		}
		if y, err := yamlOf(b); err == nil && len(y.Rules) != len(b.Rules) {
			t.Errorf("%d rules, there were %d", len(y.Rules), len(b.Rules))
		}
	})
}

// What is masked holds no secret any more, whatever the text is.
func FuzzMasking(f *testing.F) {
	f.Add(`{"id":"r","actions":[{"mqtt":{"password":"hush-hush","topic":"x"}},{"log":{}}]}`, `CREATE STREAM s () WITH (TYPE="mqtt", EXTRA="{\"password\":\"hush-hush\"}")`)
	f.Add(`{"actions":{"a":1}}`, `CREATE STREAM s () WITH (EXTRA='{"password":"hush-hush"}', DATASOURCE="EXTRA=\"x\"")`)
	f.Add(`[]`, `x`)
	a := &API{Registry: builtin.Registry(edgex.Bus{})}
	f.Fuzz(func(t *testing.T, rule, statement string) {
		if text, err := a.maskRule(rule); err == nil {
			if again, err := a.maskRule(text); err != nil || again != text {
				t.Errorf("%q masked twice: %q, %v", text, again, err)
			}
		}
		if text, err := a.maskStatement(statement); err == nil {
			if again, err := a.maskStatement(text); err != nil || again != text {
				t.Errorf("%q masked twice: %q, %v", text, again, err)
			}
		}
	})
}
