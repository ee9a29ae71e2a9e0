// Package guide goes through pages of the documentation as their reader does,
// for tests: what a page shows is what happens.
package guide

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"sluice/tests/stack"
)

// Guide goes through pages in one folder: fences with a file name are files in
// it, consoles are commands with what they print, where … stands for anything.
type Guide struct {
	// Dir is the folder of the reader.
	Dir string
	// Ports are what a page has as a port, and what it is in the test.
	Ports map[string]string
	// Ran are the commands so far.
	Ran []string

	env []string
}

// New has the programs of a folder in its path, and variables for what they talk to.
func New(t testing.TB, programs string, env ...string) *Guide {
	t.Helper()
	return &Guide{Dir: t.TempDir(), env: append(append(os.Environ(), "PATH="+programs+":"+os.Getenv("PATH"), "NO_COLOR=1"), env...)}
}

// Follow does what a text shows, in its order.
func (g *Guide) Follow(t testing.TB, text string) {
	t.Helper()
	for _, b := range Blocks(text) {
		if b.File != "" {
			g.Write(t, b)
		}
		if b.Kind != "console" {
			continue
		}
		for _, step := range b.Steps() {
			g.run(t, g.here(step.Command), g.here(step.Prints))
		}
	}
}

// Write writes the file of a block.
func (g *Guide) Write(t testing.TB, b Block) {
	t.Helper()
	stack.WriteFile(t, g.Dir, b.File, g.here(b.Text))
}

var portNumber = regexp.MustCompile(`\b\d{1,5}\b`)

// here is a text with the ports of the test.
func (g *Guide) here(text string) string {
	return portNumber.ReplaceAllStringFunc(text, func(n string) string {
		if port, ok := g.Ports[n]; ok {
			return port
		}
		return n
	})
}

// repeatable are commands that change nothing. What they show may come a little
// later: connections are made, and rows come, in the background.
var repeatable = regexp.MustCompile(`^(bin/)?sluice (status|describe|get|getstatus|device (list|get|read)|trial .*--live)\b|^curl (-s|-sf|-sS) http`)

// run runs a command and compares what it prints.
func (g *Guide) run(t testing.TB, command, want string) {
	t.Helper()
	g.Ran = append(g.Ran, command)
	wanted := outputs(want)
	for deadline := time.Now().Add(stack.Patience); ; time.Sleep(50 * time.Millisecond) {
		out := g.shell(t, command)
		if wanted.MatchString(out) {
			return
		}
		if !repeatable.MatchString(command) || time.Now().After(deadline) {
			t.Fatalf("$ %s\ngot\n%s\nwant\n%s", command, out, want)
		}
	}
}

// shell is what a command prints, less spaces at the ends of lines. Some end
// with an error, and show it.
func (g *Guide) shell(t testing.TB, command string) string {
	ctx, cancel := context.WithTimeout(t.Context(), stack.Patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, "bash", "-c", command)
	cmd.Dir, cmd.Env, cmd.WaitDelay = g.Dir, g.env, time.Second
	out, _ := cmd.CombinedOutput()
	lines := slices.Collect(strings.Lines(string(out)))
	for i, line := range lines {
		lines[i] = strings.TrimRight(line, " \n")
	}
	return strings.TrimSpace(strings.Join(lines, "\n"))
}

// wideGap is between columns, whose widths differ from run to run.
var wideGap = regexp.MustCompile(` {2,}`)

// outputs are those that a page stands for.
func outputs(page string) *regexp.Regexp {
	pattern := wideGap.ReplaceAllLiteralString(regexp.QuoteMeta(strings.TrimSpace(page)), " +")
	return regexp.MustCompile("^" + strings.ReplaceAll(pattern, "…", `(?s:.*)`) + "$")
}

// Page is the text of a page, named from the root of the repository.
func Page(t testing.TB, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(stack.Root(), name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// Section is the part of a page below a heading.
func Section(t testing.TB, text, heading string) string {
	t.Helper()
	_, after, ok := strings.Cut(text, "\n## "+heading+"\n")
	if !ok {
		t.Fatalf("the page has no section %q", heading)
	}
	part, _, _ := strings.Cut(after, "\n## ")
	return part
}
