package main

import (
	"regexp"
	"strings"

	"sluice/rules-service/internal/builtin"
	"sluice/rules-service/internal/connector"
	"sluice/rules-service/internal/connector/edgex"
	"sluice/rules-service/internal/named"
	"sluice/sqlengine"
)

// masker hides secrets as the service does when it exports definitions.
type masker struct{ registry *connector.Registry }

func newMasker() masker { return masker{builtin.Registry(edgex.Bus{})} }

// rule hides the secrets in the actions of a rule that was decoded.
func (m masker) rule(v any) {
	keys, _ := v.(map[string]any)
	for key, v := range keys {
		if !strings.EqualFold(key, "actions") {
			continue
		}
		actions, _ := v.([]any)
		for _, a := range actions {
			m.action(a)
		}
	}
}

func (m masker) action(v any) {
	sinks, _ := v.(map[string]any)
	for sink, v := range sinks {
		props, ok := v.(map[string]any)
		if !ok {
			continue
		}
		var fields []connector.Field
		if info, err := m.registry.Sink(sink); err == nil {
			fields = info.Fields
		}
		sinks[sink] = named.Mask(props, fields)
	}
}

// extra is the option that holds the properties of a source, as JSON in a text.
var extra = regexp.MustCompile(`(?i)\bEXTRA\s*=\s*("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')`)

// statements hides EXTRA in both statements when one of them has a secret in it.
func (m masker) statements(before, after string) (string, string) {
	if !m.secret(before) && !m.secret(after) {
		return before, after
	}
	const hidden = `EXTRA="<secret>"`
	return extra.ReplaceAllLiteralString(before, hidden), extra.ReplaceAllLiteralString(after, hidden)
}

// secret tells whether a statement has secrets, or what stands for them.
func (m masker) secret(sql string) bool {
	st, err := sqlengine.ParseStatement(sql)
	if err != nil || st.Stream == nil {
		return extra.MatchString(sql)
	}
	props := st.Stream.Options.Extra
	return strings.Contains(props, "<secret>") || props != "" && named.MaskObject(props, nil) != props
}
