// Package stack runs the services as a plant runs them, for tests: the built
// binaries as processes, with configuration in files or in Consul.
package stack

import (
	"fmt"
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

// buildTags are those of the Makefile.
const buildTags = "include_nats_messaging,grpcnotrace"

var built struct {
	sync.Once
	dir string
	err error
}

// Binaries returns a folder with all programs, built once per test process.
// Clean removes it.
func Binaries(t testing.TB) string {
	t.Helper()
	built.Do(func() { built.dir, built.err = build() })
	if built.err != nil {
		t.Fatal(built.err)
	}
	return built.dir
}

func build() (dir string, err error) {
	if dir, err = os.MkdirTemp("", "sluice-bin-"); err != nil {
		return "", err
	}
	for name, pkg := range programs {
		// As the Makefile builds them: size and memory are those of what users run.
		cmd := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-tags", buildTags, "-o", filepath.Join(dir, name), pkg)
		cmd.Dir, cmd.Env = Root(), append(os.Environ(), "CGO_ENABLED=0")
		if out, err := cmd.CombinedOutput(); err != nil {
			return dir, fmt.Errorf("build %s: %w\n%s", name, err, out)
		}
	}
	return dir, nil
}

// Clean removes what Binaries built; TestMain calls it at the end.
func Clean() {
	if built.dir != "" {
		_ = os.RemoveAll(built.dir)
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
