package e2e

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

// guide goes through pages of the documentation as their reader does: fences
// with a file name are files in its folder, consoles are commands with what they
// print, where … stands for anything.
type guide struct {
	dir   string
	env   []string
	ports map[string]string // what a page has as a port, and what it is in the test
	ran   int
}

// newGuide has the programs in its path, and in the folder bin as the
// repository has them.
func newGuide(t *testing.T, ports map[string]string, env ...string) *guide {
	t.Helper()
	g := &guide{dir: t.TempDir(), ports: ports}
	bin := stack.Binaries(t)
	for name, target := range map[string]string{"bin": bin, "box": filepath.Join(stack.Root(), "box")} {
		if err := os.Symlink(target, filepath.Join(g.dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	g.env = append(append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"), "NO_COLOR=1"), env...)
	return g
}

// page is the text of a page, from the root of the repository.
func page(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(stack.Root(), name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// section is the part of a page below a heading.
func section(t *testing.T, text, heading string) string {
	t.Helper()
	_, after, ok := strings.Cut(text, "\n## "+heading+"\n")
	if !ok {
		t.Fatalf("the page has no section %q", heading)
	}
	part, _, _ := strings.Cut(after, "\n## ")
	return part
}

var portNumber = regexp.MustCompile(`\b\d{1,5}\b`)

// here is a text with the ports of the test.
func (g *guide) here(text string) string {
	return portNumber.ReplaceAllStringFunc(text, func(n string) string {
		if port, ok := g.ports[n]; ok {
			return port
		}
		return n
	})
}

// follow does what a text shows, in its order.
func (g *guide) follow(t *testing.T, text string) {
	t.Helper()
	for _, block := range fenced(text) {
		kind, file, _ := strings.Cut(block.language, " ")
		if file != "" {
			stack.WriteFile(t, g.dir, file, g.here(block.text)+"\n")
		}
		if kind != "console" {
			continue
		}
		for _, step := range strings.Split("\n"+block.text, "\n$ ")[1:] {
			command, want, _ := strings.Cut(step, "\n")
			g.run(t, g.here(command), g.here(want))
		}
	}
}

// repeatable are commands that change nothing. What they show may come a little
// later: connections are made, and rows come, in the background.
var repeatable = regexp.MustCompile(`^(bin/)?sluice (status|get|device (list|get|read)|trial .*--live)|^curl (-s|-sf|-sS) http`)

// wideGap is between columns, whose widths differ from run to run.
var wideGap = regexp.MustCompile(` {2,}`)

func (g *guide) run(t *testing.T, command, want string) {
	t.Helper()
	g.ran++
	pattern := wideGap.ReplaceAllLiteralString(regexp.QuoteMeta(strings.TrimSpace(want)), " +")
	wanted := regexp.MustCompile("^" + strings.ReplaceAll(pattern, "…", `(?s:.*)`) + "$")
	for deadline := time.Now().Add(stack.Patience); ; time.Sleep(100 * time.Millisecond) {
		ctx, cancel := context.WithTimeout(t.Context(), stack.Patience)
		cmd := exec.CommandContext(ctx, "bash", "-c", command)
		cmd.Dir, cmd.Env, cmd.WaitDelay = g.dir, g.env, time.Second
		out, _ := cmd.CombinedOutput() // some end with an error, and show it
		cancel()
		lines := slices.Collect(strings.Lines(string(out)))
		for i, line := range lines {
			lines[i] = strings.TrimRight(line, " \n")
		}
		if wanted.MatchString(strings.TrimSpace(strings.Join(lines, "\n"))) {
			return
		}
		if !repeatable.MatchString(command) || time.Now().After(deadline) {
			t.Fatalf("$ %s\ngot\n%swant\n%s", command, out, want)
		}
	}
}
