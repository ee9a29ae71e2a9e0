package sqlengine_test

import (
	"slices"
	"strings"
	"testing"

	"sluice/sqlengine"
)

func TestStatements(t *testing.T) {
	for text, want := range map[string][]string{
		"":                             nil,
		" ; ;\n":                       nil,
		"-- only words; here":          nil,
		"a; b":                         {"a", "b"},
		"a":                            {"a"},
		`a "x;y" 'p;\'q;' ;b`:          {`a "x;y" 'p;\'q;'`, "b"},
		"a `x;y`; /* ; */ b -- ;\n c;": {"a `x;y`", "/* ; */ b -- ;\n c"},
		`a "never closed; b`:           {`a "never closed; b`},
		"/* never closed; a":           nil,
		"-":                            {"-"},
		"a - b; c / d":                 {"a - b", "c / d"},
	} {
		var got []string
		for at, sql := range sqlengine.Statements(text) {
			if got = append(got, sql); !strings.HasPrefix(text[at:], sql) {
				t.Errorf("%q: %q does not stand at %d", text, sql, at)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q: %q", text, got)
		}
	}
}

func TestStatementsStop(t *testing.T) {
	for _, sql := range sqlengine.Statements("a; b; c") {
		if sql == "b" {
			return
		}
	}
	t.Error("b was not found")
}
