package main

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"sluice/tests/stack"
)

// The test binary is also the service.
const serviceRole = "RULES_SERVICE_TEST_ROLE"

func TestMain(m *testing.M) {
	if os.Getenv(serviceRole) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// asService is the service as a process.
func asService(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, args...)
	cmd.Env = append(os.Environ(), serviceRole+"=1")
	return cmd
}

// A service that waits for its secret store ends when it is told to.
func TestSignalWhileTheSDKWaits(t *testing.T) {
	stack.EndsWithoutSecretStore(t, serviceRole+"=1")
}

func TestVersion(t *testing.T) {
	out, err := asService(t, "--version").Output()
	name, version, found := strings.Cut(strings.TrimSuffix(string(out), "\n"), " ")
	if err != nil || !found || name != "rules-service" || version == "" || strings.ContainsAny(version, " \n") {
		t.Errorf("%q, %v", out, err)
	}
}
