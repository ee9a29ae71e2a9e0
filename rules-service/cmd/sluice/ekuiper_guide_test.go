package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sluice/rules-service/internal/apitest"
)

// TestFromEKuiperGuide does what docs/from-ekuiper.md shows, one after the
// other, against a service of its own. Its cases are what the lists of
// differences say.
func TestFromEKuiperGuide(t *testing.T) {
	page, err := os.ReadFile("../../docs/from-ekuiper.md")
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
	var cases, named int
	for _, f := range fencesOf(string(page)) {
		if f.file == "" {
			continue
		}
		if err := os.MkdirAll(filepath.Dir(f.file), 0o755); err != nil {
			t.Fatal(err)
		}
		write(t, f)
		if name, ok := strings.CutSuffix(filepath.Base(f.file), ".txtar"); ok {
			cases++
			if strings.Contains(string(page), "| `"+name+"` |") {
				named++
			}
		}
	}
	if cases < 15 || named != cases {
		t.Errorf("%d cases, of which the lists name %d", cases, named)
	}
	ran := 0
	for _, f := range fencesOf(string(page)) {
		if f.kind != "console" {
			continue
		}
		for _, part := range strings.Split("\n"+f.text, "\n$ ")[1:] {
			command, want, _ := strings.Cut(part, "\n")
			runShell(t, env, command, want)
			ran++
		}
	}
	if ran < 8 {
		t.Errorf("only %d commands were run", ran)
	}
}
