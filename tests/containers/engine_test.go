package containers

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"sluice/tests/servers"
	"sluice/tests/stack"
)

// engine is a container engine with our images.
type engine struct {
	once   sync.Once
	dir    string
	daemon *exec.Cmd
	ended  chan struct{}
	err    error
}

var own engine

// tag is the version of the images that are tested.
const tag = "containers-test"

// need returns the engine, started once for all tests, with our images in it.
// Where none can be had, the test is skipped; it fails where CI is set.
func need(t *testing.T) *engine {
	t.Helper()
	for _, program := range []string{"dockerd", "docker", "docker-compose"} {
		needProgram(t, program)
	}
	if os.Getuid() != 0 {
		servers.Missing(t, "a container engine (dockerd, which only root can start)")
	}
	own.once.Do(func() { own.err = own.start() })
	if own.err != nil {
		t.Fatal(own.err)
	}
	return &own
}

func needProgram(t *testing.T, name string) {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		servers.Missing(t, name)
	}
}

func (e *engine) start() (err error) {
	if e.dir, err = os.MkdirTemp("", "sluice-engine-"); err != nil {
		return err
	}
	log, err := os.Create(filepath.Join(e.dir, "log"))
	if err != nil {
		return err
	}
	defer log.Close()
	e.daemon = exec.Command("dockerd", "--data-root", filepath.Join(e.dir, "data"), "--exec-root", filepath.Join(e.dir, "exec"),
		"--pidfile", filepath.Join(e.dir, "pid"), "--host", e.host(), "--bridge=none")
	e.daemon.Stdout, e.daemon.Stderr = log, log
	if err := e.daemon.Start(); err != nil {
		return fmt.Errorf("dockerd: %w", err)
	}
	e.ended = make(chan struct{})
	go func() { _ = e.daemon.Wait(); close(e.ended) }()
	ctx, cancel := context.WithTimeout(context.Background(), stack.Patience)
	defer cancel()
	err = servers.Poll(ctx, func(ctx context.Context) error {
		select {
		case <-e.ended:
			cancel() // nobody will answer
			return errors.New("it has ended")
		default:
		}
		_, err := e.run(ctx, "docker", "version")
		return err
	})
	if err != nil {
		text, _ := os.ReadFile(log.Name())
		return fmt.Errorf("dockerd does not start: %w\n%s", err, text)
	}
	return e.load()
}

func (e *engine) host() string { return "unix://" + filepath.Join(e.dir, "sock") }

// load builds our images as make images does, and loads them.
func (e *engine) load() error {
	out := filepath.Join(e.dir, "images")
	if text, err := makeImages(out, "host", tag); err != nil {
		return fmt.Errorf("make images: %w\n%s", err, text)
	}
	archives, err := filepath.Glob(filepath.Join(out, "host", "*.tar"))
	if err != nil {
		return err
	}
	for _, a := range archives {
		if _, err := e.run(context.Background(), "docker", "load", "-i", a); err != nil {
			return err
		}
	}
	return nil
}

func makeImages(out, platforms, tag string) (string, error) {
	cmd := exec.Command("make", "images", "IMAGES="+out, "PLATFORMS="+platforms, "VERSION="+tag)
	cmd.Dir = stack.Root()
	text, err := cmd.CombinedOutput()
	return string(text), err
}

// stop ends the engine and removes all it had.
func (e *engine) stop() {
	if e.daemon != nil && e.daemon.Process != nil {
		_ = e.daemon.Process.Signal(syscall.SIGTERM)
		select {
		case <-e.ended:
		case <-time.After(time.Minute):
			_ = e.daemon.Process.Kill()
			<-e.ended
		}
	}
	if e.dir != "" {
		_ = os.RemoveAll(e.dir)
	}
}

// run runs a client of the engine and returns what it prints.
func (e *engine) run(ctx context.Context, program string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Env = append(os.Environ(), "DOCKER_HOST="+e.host(), "SLUICE_TAG="+tag, "COMPOSE_HTTP_TIMEOUT=300")
	cmd.Dir = stack.Root()
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		return out.String(), fmt.Errorf("%s %s: %w\n%s%s", program, strings.Join(args, " "), err, out.String(), errs.String())
	}
	return out.String(), nil
}

// docker runs the client and fails the test when it fails.
func (e *engine) docker(t *testing.T, args ...string) string {
	t.Helper()
	text, err := e.run(context.Background(), "docker", args...)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(text)
}
