// Package e2e tests the programs as a plant runs them: built binaries, real
// brokers, a real Consul, and the whole box.
package e2e

import (
	"os"
	"path/filepath"
	"testing"

	"sluice/tests/guide"
	"sluice/tests/stack"
)

// newGuide has the programs in its path, and in the folder bin as the
// repository has them.
func newGuide(t *testing.T, ports map[string]string, env ...string) *guide.Guide {
	t.Helper()
	bin := stack.Binaries(t)
	g := guide.New(t, bin, env...)
	g.Ports = ports
	for name, target := range map[string]string{"bin": bin, "box": filepath.Join(stack.Root(), "box")} {
		if err := os.Symlink(target, filepath.Join(g.Dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	return g
}
