package main

import (
	"bytes"
	"flag"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
)

func TestDocumentIsFresh(t *testing.T) {
	const path = "../../docs/errors.md"
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	fresh := filepath.Join(t.TempDir(), "errors.md")
	os.Args, flag.CommandLine = []string{"gendocs", "-o", fresh}, flag.NewFlagSet("gendocs", flag.PanicOnError)
	main()
	want, err := os.ReadFile(fresh)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s is stale: run go run ./sqlengine/diag/gendocs", path)
	}
}

// TestEveryCodeIsThere compares the classes with the constants of diag.
func TestEveryCodeIsThere(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "../diag.go", nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	var declared []string
	ast.Inspect(file, func(n ast.Node) bool {
		if spec, ok := n.(*ast.ValueSpec); ok && len(spec.Values) == 1 && isCode(spec.Type) {
			code, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			declared = append(declared, code)
		}
		return true
	})
	var shown []string
	for _, c := range classes {
		shown = append(shown, string(c.code))
	}
	slices.Sort(declared)
	slices.Sort(shown)
	if len(declared) < 10 || !slices.Equal(declared, shown) {
		t.Errorf("diag has %q, the page has %q", declared, shown)
	}
}

func isCode(e ast.Expr) bool {
	id, ok := e.(*ast.Ident)
	return ok && id.Name == "Code"
}

func TestMistakesAreToTheCode(t *testing.T) {
	cat, err := catalog()
	if err != nil {
		t.Fatal(err)
	}
	if err := writeMistake(new(bytes.Buffer), cat, "cycle", "SELECT nope FROM demo"); err == nil {
		t.Error("a mistake of another class is not found")
	}
	if err := writeMistake(new(bytes.Buffer), cat, "cycle", "SELECT device FROM demo"); err == nil {
		t.Error("a right query is not found")
	}
	for what, f := range map[string]failure{
		"a right row":     {"", "SELECT a FROM s", `{"a":1}`},
		"a wrong column":  {"a NOPE", "SELECT a FROM s", `{"a":1}`},
		"a wrong section": {"", "SELECT a FROM s\n-- nope --", `{"a":1}`},
	} {
		if err := writeFailure(new(bytes.Buffer), f); err == nil {
			t.Errorf("%s is not found", what)
		}
	}
}
