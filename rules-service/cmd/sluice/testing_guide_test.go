package main

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	"sluice/tests/guide"
	"sluice/tests/stack"
)

// TestTestingGuide runs what docs/testing.md shows: each fence with a file
// name is a file, each console is commands with what they print. Cases that no
// command names are run too.
func TestTestingGuide(t *testing.T) {
	blocks := guide.Blocks(guide.Page(t, "sqlengine/docs/testing.md"))
	t.Chdir(t.TempDir())
	files := map[string]bool{}
	commands := 0
	for _, b := range blocks {
		if b.File != "" {
			files[b.File] = true
			stack.WriteFile(t, ".", b.File, b.Text)
		}
	}
	for _, b := range blocks {
		if b.Kind == "console" {
			commands += runConsole(t, b, files)
		}
	}
	for file := range files {
		if filepath.Ext(file) == ".txtar" {
			commands++
			runCommand(t, "sluice test "+file, "ok     "+file+"\ncases: 1, all right\n")
		}
	}
	if commands < 9 {
		t.Errorf("only %d commands were run", commands)
	}
}

// runConsole runs the commands and takes the files they name from the list.
func runConsole(t *testing.T, console guide.Block, files map[string]bool) (commands int) {
	t.Helper()
	for _, step := range console.Steps() {
		for _, word := range strings.Fields(step.Command) {
			delete(files, word)
		}
		runCommand(t, step.Command, strings.TrimSuffix(step.Prints, "\n")+"\n")
		commands++
	}
	return commands
}

func runCommand(t *testing.T, command, want string) {
	t.Helper()
	var out bytes.Buffer
	execute(strings.Fields(command)[1:], strings.NewReader(""), &out, &out)
	if out.String() != want {
		t.Errorf("%s\ngot\n%swant\n%s", command, out.String(), want)
	}
}
