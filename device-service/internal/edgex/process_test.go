package edgex

import (
	"bytes"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"sluice/device-service/internal/driver"
)

// The test binary is also the service.
const serviceRole = "DEVICE_SERVICE_TEST_ROLE"

func TestMain(m *testing.M) {
	if os.Getenv(serviceRole) != "" {
		os.Exit(Run(Service{Key: "device-test", New: func(Env) driver.Driver { return newFakeDriver() }}))
	}
	os.Exit(m.Run())
}

// asService is the service as a process, with a secret store that is not there.
func asService(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable() // other tests change os.Args
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, args...)
	cmd.Env = append(os.Environ(), serviceRole+"=1", "EDGEX_SECURITY_SECRET_STORE=true", "SECRETSTORE_TOKENFILE=/nonexistent")
	return cmd
}

// A service that waits for its secret store ends when it is told to.
func TestSignalWhileTheSDKWaits(t *testing.T) {
	cmd := asService(t, "-cd", t.TempDir())
	waiting := &watchword{word: "Retryable failure while creating SecretClient", said: make(chan struct{})}
	cmd.Stdout, cmd.Stderr = waiting, waiting
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	select {
	case <-waiting.said:
	case err := <-ended:
		t.Fatalf("the service does not wait: %v\n%s", err, waiting)
	case <-time.After(time.Minute):
		t.Fatalf("the service does not wait:\n%s", waiting)
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-ended:
		if err != nil {
			t.Errorf("%v\n%s", err, waiting)
		}
	case <-time.After(30 * time.Second): // half of what the SDK waits by itself
		t.Errorf("the service does not end:\n%s", waiting)
	}
}

// watchword keeps an output, and tells when a word comes up in it.
type watchword struct {
	word string
	said chan struct{}
	once sync.Once
	mu   sync.Mutex
	text bytes.Buffer
}

func (w *watchword) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.text.Write(p)
	if strings.Contains(w.text.String(), w.word) {
		w.once.Do(func() { close(w.said) })
	}
	return len(p), nil
}

func (w *watchword) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.String()
}

func TestVersion(t *testing.T) {
	out, err := asService(t, "--version").Output()
	name, version, found := strings.Cut(strings.TrimSuffix(string(out), "\n"), " ")
	if err != nil || !found || name != "device-test" || version == "" || strings.ContainsAny(version, " \n") {
		t.Errorf("%q, %v", out, err)
	}
}
