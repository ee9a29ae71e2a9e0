// Package stack runs the services as a plant runs them, for tests: the built
// binaries as processes, with configuration in files or in Consul.
package stack

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
)

// programs are the packages of the binaries, which have the names of their folders.
var programs = []string{"./rules-service", "./rules-service/cmd/sluice", "./device-service/cmd/device-modbus", "./device-service/cmd/device-opcua", "./box"}

// buildTags are those of the Makefile.
const buildTags = "include_nats_messaging,grpcnotrace"

var built = sync.OnceValues(build)

// Binaries returns a folder with all programs, as the sources are now.
func Binaries(t testing.TB) string {
	t.Helper()
	dir, err := built()
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// build builds into a folder that stays: Go links again only what has changed.
// Test processes run side by side, so one at a time may write there.
func build() (dir string, err error) {
	dir = filepath.Join(Root(), "bin", "tests")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	lock, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return "", err
	}
	defer lock.Close()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		return "", err
	}
	// As the Makefile builds them: size and memory are those of what users run.
	args := []string{"build", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w", "-tags", buildTags, "-o", dir + string(filepath.Separator)}
	cmd := exec.Command("go", append(args, programs...)...)
	cmd.Dir, cmd.Env = Root(), append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build of the programs: %w\n%s", err, out)
	}
	return dir, nil
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
