// Package containers tests the images and the compose files in a container
// engine: one of its own, in a folder of its own, which ends with the tests.
package containers

import (
	"os"
	"testing"
)

func TestMain(m *testing.M) {
	code := m.Run()
	own.stop()
	os.Exit(code)
}
