package main

import (
	"os"
	"slices"
	"strings"
	"testing"

	"sluice/rules-service/internal/apitest"
	"sluice/tests/guide"
)

// TestCommandLineGuide runs what docs/cli.md shows, in a shell, against a
// service in memory.
func TestCommandLineGuide(t *testing.T) {
	t.Parallel()
	page := guide.Page(t, "rules-service/docs/cli.md")
	service := apitest.StartBuiltin(t, t.TempDir(), "sesame")
	g := newGuide(t, "SLUICE_SERVER="+service.URL, "SLUICE_TOKEN=sesame")
	g.Write(t, guide.Block{File: "token", Text: "sesame\n"})
	followGuide(t, g, page, 45)
	var ran []string
	for _, command := range g.Ran {
		ran = append(ran, strings.Fields(command + " -")[1])
	}
	for _, n := range commandsOf(t) {
		if !slices.Contains(ran, n) && !strings.Contains(page, "`sluice "+n) {
			t.Errorf("the page does not show %s", n)
		}
	}
}

// commandsOf are the names of all commands that help shows.
func commandsOf(t *testing.T) (names []string) {
	t.Helper()
	var c command
	k, err := newParser(&c, os.Stdout, os.Stderr)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range k.Model.Children {
		if !n.Hidden {
			names = append(names, n.Name)
		}
	}
	return names
}
