package sqltest

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the golden files with what really comes out")

// Files runs every golden file that matches the pattern as a subtest. With the
// flag -update it rewrites them instead.
func Files(t *testing.T, pattern string) {
	t.Helper()
	names, err := filepath.Glob(pattern)
	if err != nil || len(names) == 0 {
		t.Fatalf("no file matches %s: %v", pattern, err)
	}
	for _, name := range names {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) { file(t, name) })
	}
}

func file(t *testing.T, name string) {
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	c, err := Parse(data)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	got, err := c.Run()
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if *update {
		if err := os.WriteFile(name, []byte(got.Format()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if want := c.Format(); got.Format() != want {
		t.Errorf("%s differs\n--- want\n%s\n--- got\n%s", name, want, got.Format())
	}
}
