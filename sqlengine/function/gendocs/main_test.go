package main

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"sluice/sqlengine/function"
)

func TestDocumentIsFresh(t *testing.T) {
	const path = "../../docs/functions.md"
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	fresh := filepath.Join(t.TempDir(), "functions.md")
	os.Args, flag.CommandLine = []string{"gendocs", "-o", fresh}, flag.NewFlagSet("gendocs", flag.PanicOnError)
	main()
	want, err := os.ReadFile(fresh)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
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
