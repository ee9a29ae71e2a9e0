package main

import (
	"bytes"
	"os"
	"testing"

	"sluice/sqlengine/function"
)

func TestDocumentIsFresh(t *testing.T) {
	const path = "../../docs/functions.md"
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, document(function.Builtin())) {
		t.Errorf("%s is stale: run go run ./sqlengine/function/gendocs", path)
	}
}

// TestEveryFunctionIsThere: a section that is not listed would lose its
// functions.
func TestEveryFunctionIsThere(t *testing.T) {
	set := function.Builtin()
	text := document(set)
	for _, name := range set.Names() {
		if !bytes.Contains(text, []byte("\n### "+name+"\n")) && !bytes.Contains(text, []byte(", "+name)) && !bytes.Contains(text, []byte("\n### "+name+", ")) {
			t.Errorf("%s is missing", name)
		}
	}
}
