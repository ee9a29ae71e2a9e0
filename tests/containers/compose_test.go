package containers

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"sluice/tests/servers"
	"sluice/tests/stack"
)

type tree = map[string]any

// project is a compose file in the engine. Its ports on this machine are free
// ones, so that tests can run beside a plant.
type project struct {
	*engine
	name  string
	file  string
	ports map[string]int // service:port in the container → port here
}

// resolved is a compose file as docker-compose understands it.
func resolved(t *testing.T, env []string, args ...string) tree {
	t.Helper()
	needProgram(t, "docker-compose")
	cmd := exec.Command("docker-compose", append(args, "config")...)
	cmd.Dir = filepath.Join(stack.Root(), "docker")
	cmd.Env = append(os.Environ(), env...)
	text, err := cmd.Output()
	if err != nil {
		if failed, ok := err.(*exec.ExitError); ok {
			text = failed.Stderr
		}
		t.Fatalf("docker-compose %s config: %v\n%s", strings.Join(args, " "), err, text)
	}
	var content tree
	if err := yaml.Unmarshal(text, &content); err != nil {
		t.Fatal(err)
	}
	return content
}

// newProject makes a project of a resolved compose file; it is taken down with
// the test.
func newProject(t *testing.T, e *engine, name string, content tree) *project {
	t.Helper()
	p := &project{engine: e, name: name, file: filepath.Join(t.TempDir(), name+".yml"), ports: map[string]int{}}
	for service, s := range content["services"].(tree) {
		published, _ := s.(tree)["ports"].([]any)
		for i, port := range published {
			parts := strings.Split(strings.TrimSuffix(port.(string), "/tcp"), ":")
			inside := parts[len(parts)-1]
			free := servers.FreePort(t)
			p.ports[service+":"+inside] = free
			published[i] = fmt.Sprintf("127.0.0.1:%d:%s", free, inside)
		}
	}
	text, err := yaml.Marshal(content)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(p.file, text, 0o644); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			text, _ := p.compose("logs", "--no-color", "--tail=60")
			t.Logf("logs of the containers:\n%s", text)
		}
		if _, err := p.compose("down", "-v", "-t", "2"); err != nil {
			t.Error(err)
		}
	})
	return p
}

func (p *project) compose(args ...string) (string, error) {
	return p.run(context.Background(), "docker-compose", append([]string{"-p", p.name, "-f", p.file, "--profile", "simulators", "--profile", "mqtt-bus"}, args...)...)
}

func (p *project) must(t *testing.T, args ...string) string {
	t.Helper()
	text, err := p.compose(args...)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// url is where a port of a service is on this machine.
func (p *project) url(service string, port int) string {
	return fmt.Sprintf("http://127.0.0.1:%d", p.ports[fmt.Sprintf("%s:%d", service, port)])
}

// container is the ID of a service's container.
func (p *project) container(t *testing.T, service string) string {
	t.Helper()
	id := strings.TrimSpace(p.must(t, "ps", "-q", service))
	if id == "" {
		t.Fatalf("%s has no container", service)
	}
	return id
}

// kill ends the program of a container as a crash does, from outside: an order
// to the engine would keep it from starting the container again.
func (p *project) kill(t *testing.T, id string) {
	t.Helper()
	var pid int
	if _, err := fmt.Sscan(p.docker(t, "inspect", "-f", "{{.State.Pid}}", id), &pid); err != nil || pid == 0 {
		t.Fatalf("pid of container %s: %d, %v", id, pid, err)
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	stack.Eventually(t, func(ctx context.Context) error {
		text, err := p.run(ctx, "docker", "inspect", "-f", "{{.State.Pid}} {{.State.Running}}", id)
		if err != nil {
			return err
		}
		var now int
		var running bool
		if _, err := fmt.Sscan(text, &now, &running); err != nil || !running || now == pid || now == 0 {
			return fmt.Errorf("not started again: pid and running %s", text)
		}
		return nil
	})
}

// awaitHealthy waits until the engine finds a container well.
func (p *project) awaitHealthy(t *testing.T, service string) {
	t.Helper()
	id := p.container(t, service)
	stack.Eventually(t, func(ctx context.Context) error {
		text, err := p.run(ctx, "docker", "inspect", "-f", "{{.State.Health.Status}}", id)
		if err == nil && strings.TrimSpace(text) != "healthy" {
			err = fmt.Errorf("%s is %s", service, strings.TrimSpace(text))
		}
		return err
	})
}

// noLeftovers takes the project down and looks for what it left.
func (p *project) noLeftovers(t *testing.T) {
	t.Helper()
	p.must(t, "down", "-v", "-t", "10")
	for what, args := range map[string][]string{
		"containers": {"ps", "-aq"},
		"volumes":    {"volume", "ls", "-q"},
		"networks":   {"network", "ls", "-q", "--filter", "type=custom"},
	} {
		if left := p.docker(t, args...); left != "" {
			t.Errorf("%s are left: %s", what, strings.Fields(left))
		}
	}
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.1f s", d.Seconds()) }
