package stack

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Every program is built, and has help.
func TestBinaries(t *testing.T) {
	dir := Binaries(t)
	for _, p := range programs {
		name := filepath.Base(p)
		out, err := exec.CommandContext(t.Context(), filepath.Join(dir, name), "--help").CombinedOutput()
		if err != nil || !strings.Contains(string(out), name) {
			t.Errorf("%s --help: %v\n%s", name, err, out)
		}
	}
}
