package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sluice/rules-service/internal/apitest"
)

// TestKubeEdgeGuide runs what docs/kubeedge.md shows, against a service and a
// core-metadata in memory.
func TestKubeEdgeGuide(t *testing.T) {
	page, err := os.ReadFile("../../docs/kubeedge.md")
	if err != nil {
		t.Fatal(err)
	}
	program, err := os.Executable() // it is sluice when it is called so, see TestMain
	if err != nil {
		t.Fatal(err)
	}
	service := apitest.StartBuiltin(t, t.TempDir(), "")
	bin := t.TempDir()
	if err := os.Symlink(program, filepath.Join(bin, "sluice")); err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	env := append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"), "SLUICE_SERVER="+service.URL)
	ran := 0
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
			ran++
		}
	}
	if ran < 20 {
		t.Errorf("only %d commands were run", ran)
	}
}
