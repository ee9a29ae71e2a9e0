package kubernetes

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// A folder is as the node has it: links through ..data, all of which change at
// once, and what is gone from the ConfigMap is gone.
func TestWriteFolder(t *testing.T) {
	dir := t.TempDir()
	if err := WriteFolder(dir, map[string]string{"a.sql": "1", "edge-1/b.yaml": "2"}); err != nil {
		t.Fatal(err)
	}
	holds(t, filepath.Join(dir, "a.sql"), "1")
	holds(t, filepath.Join(dir, "edge-1/b.yaml"), "2")
	if target, err := os.Readlink(filepath.Join(dir, "a.sql")); err != nil || target != "..data/a.sql" {
		t.Errorf("a.sql leads to %q, %v", target, err)
	}
	if err := WriteFolder(dir, map[string]string{"a.sql": "3"}); err != nil {
		t.Fatal(err)
	}
	holds(t, filepath.Join(dir, "a.sql"), "3")
	if _, err := os.Lstat(filepath.Join(dir, "edge-1")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("edge-1 is still there: %v", err)
	}
}

func holds(t *testing.T, path, want string) {
	t.Helper()
	if got, err := os.ReadFile(path); err != nil || string(got) != want {
		t.Errorf("%s holds %q, %v", path, got, err)
	}
}
