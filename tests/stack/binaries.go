// Package stack runs the services as a plant runs them, for tests: the built
// binaries as processes, with configuration in files or in Consul.
package stack

import (
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// programs are the binaries and the packages they are built from.
var programs = map[string]string{
	"rules-service": "./rules-service",
	"sluice":        "./rules-service/cmd/sluice",
	"device-modbus": "./device-service/cmd/device-modbus",
	"device-opcua":  "./device-service/cmd/device-opcua",
	"box":           "./box",
}

var build = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "sluice-bin-")
	if err != nil {
		return "", err
	}
	for name, pkg := range programs {
		cmd := exec.Command("go", "build", "-o", filepath.Join(dir, name), pkg)
		cmd.Dir = Root()
		if out, err := cmd.CombinedOutput(); err != nil {
			return string(out), err
		}
	}
	return dir, nil
})

// Binaries returns a folder with all programs, built once per test process.
// Clean removes it.
func Binaries(t testing.TB) string {
	t.Helper()
	dir, err := build()
	if err != nil {
		t.Fatalf("build: %v\n%s", err, dir)
	}
	return dir
}

// Clean removes what Binaries built; TestMain calls it at the end.
func Clean() {
	if dir, err := build(); err == nil {
		_ = os.RemoveAll(dir)
	}
}

// Root is the folder of go.mod.
func Root() string {
	dir, err := os.Getwd()
	for err == nil {
		if _, e := os.Stat(filepath.Join(dir, "go.mod")); e == nil {
			return dir
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			break
		}
		dir = parent
	}
	return "."
}
