package api

import (
	"strings"
	"testing"
)

// Aliases make gigabytes of a small text.
func TestNoAliasesInYAML(t *testing.T) {
	text := "streams: {}\nrules:\n  r1:\n    id: &a " + strings.Repeat("x", 1000) + "\n    tags: [" + strings.Repeat("*a, ", 1000) + "*a]\n"
	if _, err := readYAML(text); err == nil || !strings.Contains(err.Error(), "line 5: the alias *a is not possible; write what it stands for") {
		t.Error(err)
	}
	if b, err := readYAML("rules: {r1: {id: &a r1}}"); err != nil || b.Rules["r1"] != `{"id":"r1"}` {
		t.Errorf("%+v, %v", b, err)
	}
}
