// Package e2e tests the programs as a plant runs them: built binaries, real
// brokers, a real Consul, and the whole box.
package e2e

import (
	"os"
	"testing"

	"sluice/tests/stack"
)

func TestMain(m *testing.M) {
	code := m.Run()
	stack.Clean()
	os.Exit(code)
}
