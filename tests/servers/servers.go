// Package servers starts real servers for tests: Redis, Mosquitto, Consul and
// databases, each of its own on a free port of loopback, ended with the test.
package servers

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"
)

// Process is a server that a test can kill and start again on the same port.
type Process struct {
	Port  int
	name  string
	args  []string
	ready func(ctx context.Context) error
	cmd   *exec.Cmd
}

// Addr is host:port of the server.
func (p *Process) Addr() string { return addr(p.Port) }

// Start starts the server and waits until it answers.
func (p *Process) Start(t testing.TB) {
	t.Helper()
	out, err := os.Create(filepath.Join(t.TempDir(), filepath.Base(p.name)+".log"))
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	p.cmd = exec.Command(p.name, p.args...)
	p.cmd.Stdout, p.cmd.Stderr = out, out
	if err := p.cmd.Start(); err != nil {
		t.Fatalf("%s: %v", p.name, err)
	}
	cmd := p.cmd
	t.Cleanup(func() { kill(cmd) })
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := Poll(ctx, p.ready); err != nil {
		text, _ := os.ReadFile(out.Name())
		t.Fatalf("%s does not answer on %s: %v\n%s", p.name, p.Addr(), err, text)
	}
}

// Kill ends the server at once, as a power failure does.
func (p *Process) Kill() { kill(p.cmd) }

func kill(cmd *exec.Cmd) {
	if cmd == nil || cmd.ProcessState != nil {
		return
	}
	_ = cmd.Process.Signal(syscall.SIGKILL)
	_ = cmd.Wait()
}

// Poll calls f every 20 ms until it succeeds or ctx ends, and then returns
// the last error of f.
func Poll(ctx context.Context, f func(context.Context) error) error {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		err := f(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return err
		case <-tick.C:
		}
	}
}

// Missing ends a test that needs a server that is not installed: it is
// skipped, but fails where CI is set, for there every server must be.
func Missing(t testing.TB, name string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatalf("%s is not installed: tests/servers/install installs it", name)
	}
	t.Skipf("%s is not installed: run tests/servers/install as root", name)
}

func need(t testing.TB, program string) {
	t.Helper()
	if _, err := exec.LookPath(program); err != nil {
		Missing(t, program)
	}
}

func dial(port int) func(context.Context) error {
	return func(ctx context.Context) error {
		c, err := new(net.Dialer).DialContext(ctx, "tcp", addr(port))
		if err != nil {
			return err
		}
		return c.Close()
	}
}

// Redis starts a Redis that keeps nothing; args go to it as well.
func Redis(t testing.TB, args ...string) *Process {
	t.Helper()
	need(t, "redis-server")
	port := FreePort(t)
	p := &Process{Port: port, name: "redis-server", ready: dial(port), args: append([]string{"--bind", "127.0.0.1",
		"--port", strconv.Itoa(port), "--save", "", "--appendonly", "no", "--dir", t.TempDir()}, args...)}
	p.Start(t)
	return p
}

// Mosquitto starts an MQTT broker that queues without bound, so that a test
// that loses messages lost them itself.
func Mosquitto(t testing.TB) *Process {
	t.Helper()
	need(t, "mosquitto")
	port := FreePort(t)
	conf := filepath.Join(t.TempDir(), "mosquitto.conf")
	text := fmt.Sprintf("listener %d 127.0.0.1\nallow_anonymous true\nmax_queued_messages 0\nmax_inflight_messages 1000\nset_tcp_nodelay true\n", port)
	if err := os.WriteFile(conf, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	p := &Process{Port: port, name: "mosquitto", ready: dial(port), args: []string{"-c", conf}}
	p.Start(t)
	return p
}

// Consul starts an agent in development mode: in memory, its own leader.
func Consul(t testing.TB) *Process {
	t.Helper()
	need(t, "consul")
	port := FreePort(t)
	p := &Process{Port: port, name: "consul", args: []string{"agent", "-dev", "-bind=127.0.0.1", "-client=127.0.0.1",
		"-dns-port=-1", "-grpc-port=-1", "-log-level=warn", fmt.Sprintf("-http-port=%d", port),
		fmt.Sprintf("-server-port=%d", FreePort(t)), fmt.Sprintf("-serf-lan-port=%d", FreePort(t)),
		fmt.Sprintf("-serf-wan-port=%d", FreePort(t))}}
	p.ready = func(ctx context.Context) error { return leader(ctx, p.Addr()) }
	p.Start(t)
	return p
}

func leader(ctx context.Context, addr string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+addr+"/v1/status/leader", nil)
	if err != nil {
		return err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	var b [64]byte
	if n, _ := res.Body.Read(b[:]); res.StatusCode != http.StatusOK || n < 5 {
		return fmt.Errorf("no leader yet: %s %q", res.Status, b[:n])
	}
	return nil
}
