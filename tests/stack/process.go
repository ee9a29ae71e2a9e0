package stack

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"sluice/tests/servers"
)

// Process is a running program of ours, with its output.
type Process struct {
	Cmd  *exec.Cmd
	out  *log
	done chan struct{}
}

// Start runs a program; it is ended with the test. env is added to that of
// the test, less what would configure an EdgeX service by accident. It knows
// nothing of upstream services from before, unless env says where that is.
func Start(t testing.TB, env []string, program string, args ...string) *Process {
	t.Helper()
	p := &Process{Cmd: exec.Command(program, args...), out: &log{}, done: make(chan struct{})}
	inherited := slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "EDGEX_") })
	p.Cmd.Env = append(append(inherited, "EDGEX_SECURITY_SECRET_STORE=false", "AUTONOMY_DIR="+t.TempDir()), env...)
	p.Cmd.Stdout, p.Cmd.Stderr = p.out, p.out
	if err := p.Cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = p.Cmd.Wait()
		close(p.done)
	}()
	t.Cleanup(func() {
		p.Stop(10 * time.Second)
		if t.Failed() {
			t.Logf("output of %s:\n%s", filepath.Base(program), p.Output())
		}
	})
	return p
}

// Output is what the program printed so far.
func (p *Process) Output() string { return p.out.String() }

// Running is true until the program has ended.
func (p *Process) Running() bool {
	select {
	case <-p.done:
		return false
	default:
		return true
	}
}

// Stop asks the program to end and kills it after the grace period. It
// returns whether the program ended by itself.
func (p *Process) Stop(grace time.Duration) bool {
	_ = p.Cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.done:
		return true
	case <-time.After(grace):
		p.Kill()
		return false
	}
}

// Kill ends the program as a power failure does.
func (p *Process) Kill() {
	_ = p.Cmd.Process.Kill()
	<-p.done
}

// CPU is the processor time the program has used, user and system.
func (p *Process) CPU(t testing.TB) time.Duration {
	t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.Cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	f := strings.Fields(string(b[bytes.LastIndexByte(b, ')')+1:]))
	user, _ := strconv.Atoi(f[11])
	system, _ := strconv.Atoi(f[12])
	return time.Duration(user+system) * 10 * time.Millisecond // USER_HZ is 100 on every Linux that Go knows
}

// RSS is the resident size of the program in bytes.
func (p *Process) RSS(t testing.TB) int {
	t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", p.Cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	pages, _ := strconv.Atoi(strings.Fields(string(b))[1])
	return pages * os.Getpagesize()
}

// log keeps what a program prints.
type log struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// Patience is how long a condition may take to come true. It is far above what
// a slow, loaded machine needs: a test says what happens, not how fast.
const Patience = 90 * time.Second

// Eventually polls f until it succeeds, and fails the test when Patience is
// over, with the last error.
func Eventually(t testing.TB, f func(ctx context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), Patience)
	defer cancel()
	if err := servers.Poll(ctx, f); err != nil {
		t.Fatalf("after %v: %v", Patience, err)
	}
}

// Call makes an HTTP request and returns the status and the body.
func Call(ctx context.Context, method, url, body string) (int, string, error) {
	req, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	if err != nil {
		return 0, "", err
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	return res.StatusCode, string(b), err
}

// MustCall fails the test unless the answer has the wanted status.
func MustCall(t testing.TB, want int, method, url, body string) string {
	t.Helper()
	status, text, err := Call(t.Context(), method, url, body)
	if err != nil {
		t.Fatal(err)
	}
	if status != want {
		t.Fatalf("%s %s: status %d, want %d: %s", method, url, status, want, text)
	}
	return text
}

// Answers polls a URL until it answers 200.
func Answers(t testing.TB, url string) {
	t.Helper()
	Eventually(t, func(ctx context.Context) error {
		status, text, err := Call(ctx, http.MethodGet, url, "")
		if err == nil && status != http.StatusOK {
			err = fmt.Errorf("%s: %d %s", url, status, text)
		}
		return err
	})
}
