package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"sluice/rules-service/internal/apitest"
)

// TestCommandLineGuide runs what docs/cli.md shows, in a shell, against a
// service in memory: each fence with a file name is a file, each console is
// commands with what they print.
func TestCommandLineGuide(t *testing.T) {
	page, err := os.ReadFile("../../docs/cli.md")
	if err != nil {
		t.Fatal(err)
	}
	program, err := os.Executable() // it is sluice when it is called so, see TestMain
	if err != nil {
		t.Fatal(err)
	}
	service := apitest.StartBuiltin(t, t.TempDir(), "sesame")
	bin := t.TempDir()
	if err := os.Symlink(program, filepath.Join(bin, "sluice")); err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	write(t, fence{file: "token", text: "sesame\n"})
	env := append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"), "SLUICE_SERVER="+service.URL, "SLUICE_TOKEN=sesame")
	var ran []string
	for _, f := range fencesOf(string(page)) {
		if f.file != "" {
			if err := os.MkdirAll(filepath.Dir(f.file), 0o755); err != nil {
				t.Fatal(err)
			}
			write(t, f)
		}
		if f.kind != "console" {
			continue
		}
		for _, part := range strings.Split("\n"+f.text, "\n$ ")[1:] {
			command, want, _ := strings.Cut(part, "\n")
			runShell(t, env, command, want)
			ran = append(ran, strings.Fields(command + " -")[1])
		}
	}
	for _, n := range commandsOf(t) {
		if !slices.Contains(ran, n) && !strings.Contains(string(page), "`sluice "+n) {
			t.Errorf("the page does not show %s", n)
		}
	}
	if len(ran) < 45 {
		t.Errorf("only %d commands were run", len(ran))
	}
}

// wide is the gap between columns, whose widths differ from run to run.
var wide = regexp.MustCompile(` {2,}`)

// harmless are the commands that change nothing: connections are made, and rows
// come, in the background, so what they show may come a little later.
var harmless = regexp.MustCompile(`^sluice (status|describe|getstatus) `)

// runShell runs a command and compares what it prints; … stands for anything.
func runShell(t *testing.T, env []string, command, want string) {
	t.Helper()
	pattern := regexp.QuoteMeta(strings.TrimSpace(want))
	pattern = strings.ReplaceAll(wide.ReplaceAllLiteralString(pattern, " +"), "…", `(?s:.*)`)
	wanted := regexp.MustCompile("^" + pattern + "$")
	for deadline := time.Now().Add(patience); ; {
		cmd := exec.CommandContext(t.Context(), "bash", "-c", command)
		cmd.Env = env
		out, _ := cmd.CombinedOutput() // some end with an error, and show it
		if wanted.MatchString(strings.TrimSpace(string(out))) {
			return
		}
		if !harmless.MatchString(command) || time.Now().After(deadline) {
			t.Errorf("%s\ngot\n%swant\n%s", command, out, want)
			return
		}
		time.Sleep(10 * time.Millisecond)
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
