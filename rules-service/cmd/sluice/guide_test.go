package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestTestingGuide runs what docs/testing.md shows: each fence with a file
// name is a file, each console is commands with what they print. Cases that no
// command names are run too.
func TestTestingGuide(t *testing.T) {
	page, err := os.ReadFile("../../../sqlengine/docs/testing.md")
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	fences := fencesOf(string(page))
	files := map[string]bool{}
	commands := 0
	for _, f := range fences {
		if f.file != "" {
			files[f.file] = true
			write(t, f)
		}
	}
	for _, f := range fences {
		if f.kind == "console" {
			commands += runConsole(t, f.text, files)
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

// fence is a fenced block: ```kind file.
type fence struct{ kind, file, text string }

func fencesOf(page string) (list []fence) {
	for i, part := range strings.Split(page, "\n```") {
		if i%2 == 0 {
			continue // between two blocks
		}
		head, text, _ := strings.Cut(part, "\n")
		kind, file, _ := strings.Cut(head, " ")
		list = append(list, fence{kind, file, text + "\n"})
	}
	return list
}

func write(t *testing.T, f fence) {
	t.Helper()
	if err := os.WriteFile(f.file, []byte(f.text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// runConsole runs the lines that begin with $ and takes the files they name
// from the list.
func runConsole(t *testing.T, text string, files map[string]bool) (commands int) {
	t.Helper()
	for _, part := range strings.Split("\n"+text, "\n$ ")[1:] {
		command, want, _ := strings.Cut(part, "\n")
		for _, word := range strings.Fields(command) {
			delete(files, word)
		}
		runCommand(t, command, strings.TrimSuffix(want, "\n")+"\n")
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
