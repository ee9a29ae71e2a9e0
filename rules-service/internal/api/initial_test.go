package api_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sluice/rules-service/internal/apitest"
)

// The ruleset init.json is imported once for each of its forms.
func TestInitialRuleset(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "init.json")
	write := func(text string, age time.Duration) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		when := time.Now().Add(-age)
		if err := os.Chtimes(path, when, when); err != nil {
			t.Fatal(err)
		}
	}
	write(`{"streams":{"demo":`+quote(plainDemo)+`,"bad":"x"},"rules":{"hot":`+quote(hot)+`}}`, time.Hour)
	b := &bench{apitest.Start(t, dir, ""), t}
	for range 2 {
		if err := b.API.ImportInitial(); err != nil {
			t.Fatal(err)
		}
		b.want("GET", "/streams", "", 200, `["demo"]`+"\n")
	}
	b.want("DELETE", "/rules/hot", "", 200, "Rule hot is dropped.")
	if err := b.API.ImportInitial(); err != nil {
		t.Fatal(err)
	}
	b.want("GET", "/rules", "", 200, "[]\n")
	write(`{"rules":{"hot":`+quote(hot)+`}}`, time.Minute)
	if err := b.API.ImportInitial(); err != nil {
		t.Fatal(err)
	}
	b.want("GET", "/rules", "", 200, `[{"id":"hot",…`)
	if marks, err := filepath.Glob(filepath.Join(dir, "initialized*")); err != nil || len(marks) != 1 {
		t.Errorf("%v, %v", marks, err)
	}
	write(`{`, time.Second)
	if err := b.API.ImportInitial(); err == nil || !strings.Contains(err.Error(), "init.json: the content must be JSON") {
		t.Errorf("error %v", err)
	}
}
