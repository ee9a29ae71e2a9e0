package containers

import (
	"errors"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sluice/tests/stack"
)

var update = flag.Bool("update", false, "write docker/box anew from profiles/boilerhouse")

// TestBoxPlant: the plant of the containers, docker/box, is that of the box but
// for the addresses.
func TestBoxPlant(t *testing.T) {
	from, to := filepath.Join(stack.Root(), "profiles", "boilerhouse"), filepath.Join(stack.Root(), "docker", "box")
	wanted := map[string]bool{"common.yaml": true}
	each(t, from, func(rel string) {
		wanted[rel] = true
		text, err := os.ReadFile(filepath.Join(from, rel))
		if err != nil {
			t.Fatal(err)
		}
		want := strings.ReplaceAll(string(text), "127.0.0.1", "simulators")
		path := filepath.Join(to, rel)
		if *update {
			if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(want), 0o644)); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := os.ReadFile(path); err != nil || string(got) != want {
			t.Errorf("docker/box/%s is not that of profiles/boilerhouse with other addresses: go test ./tests/containers -run TestBoxPlant -update", rel)
		}
	})
	if len(wanted) < 5 {
		t.Errorf("the plant has only %v", wanted)
	}
	each(t, to, func(rel string) {
		if !wanted[rel] {
			t.Errorf("docker/box/%s is not in profiles/boilerhouse", rel)
		}
	})
}

// each calls f for the files below a folder.
func each(t *testing.T, dir string, f func(rel string)) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		if err == nil {
			f(rel)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
