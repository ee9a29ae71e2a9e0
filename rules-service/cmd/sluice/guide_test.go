package main

import (
	"os"
	"path/filepath"
	"testing"

	"sluice/tests/guide"
)

// newGuide goes through pages that call sluice.
func newGuide(t *testing.T, env ...string) *guide.Guide {
	t.Helper()
	program, err := os.Executable() // it is sluice when it is called so, see TestMain
	if err != nil {
		t.Fatal(err)
	}
	bin := t.TempDir()
	if err := os.Symlink(program, filepath.Join(bin, "sluice")); err != nil {
		t.Fatal(err)
	}
	return guide.New(t, bin, env...)
}

// followGuide goes through a page that has at least so many commands.
func followGuide(t *testing.T, g *guide.Guide, page string, least int) {
	t.Helper()
	g.Follow(t, page)
	if len(g.Ran) < least {
		t.Errorf("only %d commands were run", len(g.Ran))
	}
}
