package sqltest

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the golden files with what really comes out")

// TestGolden runs every golden file. With the flag -update it rewrites them
// instead.
func TestGolden(t *testing.T) {
	for _, name := range goldenFiles(t) {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			c := readCase(t, name)
			got, err := c.Run()
			if err != nil {
				t.Fatal(err)
			}
			if *update {
				if err := os.WriteFile(name, []byte(got.Format()), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := c.Diff(got); diff != "" {
				t.Errorf("%s (- expected, + received)\n%s", name, diff)
			}
		})
	}
}

func goldenFiles(t *testing.T) []string {
	t.Helper()
	names, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(names) == 0 {
		t.Fatalf("no golden files: %v", err)
	}
	return names
}

func readCase(t *testing.T, name string) *Case {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	c, err := Parse(name, data)
	if err != nil {
		t.Fatal(err)
	}
	return c
}
