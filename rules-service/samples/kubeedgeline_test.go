package samples

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"sluice/tests/servers"
	"sluice/tests/stack"
)

// boxPorts are what a test needs of a box.
type boxPorts struct{ rules, modbus, modbusSim, opcuaSim int }

// startBox starts the box with ports of its own, without samples.
func startBox(t *testing.T) boxPorts {
	t.Helper()
	port := func() int { return servers.FreePort(t) }
	p := boxPorts{port(), port(), port(), port()}
	args := []string{"--no-samples", "--data", filepath.Join(t.TempDir(), "data")}
	for flag, n := range map[string]int{"bus": port(), "cloud": port(), "metadata": port(), "modbus": p.modbus, "opcua": port(),
		"rules-sdk": port(), "rules": p.rules, "modbus-sim": p.modbusSim, "opcua-sim": p.opcuaSim, "receiver": port()} {
		args = append(args, fmt.Sprintf("--%s-port=%d", flag, n))
	}
	box := stack.Start(t, nil, filepath.Join(stack.Binaries(t), "box"), args...)
	stack.Answers(t, fmt.Sprintf("http://127.0.0.1:%d/readyz", p.rules))
	stack.Eventually(t, func(context.Context) error { // the device services too
		if !strings.Contains(box.Output(), fmt.Sprintf("http://127.0.0.1:%d/rules", p.rules)) {
			return fmt.Errorf("the box is not ready:\n%s", box.Output())
		}
		return nil
	})
	return p
}

// TestKubeEdgeLine runs the commands of the page against a box, and waits for
// readings of all sensors.
func TestKubeEdgeLine(t *testing.T) {
	p := startBox(t)
	dir := t.TempDir()
	addresses := strings.NewReplacer("port: 1502", fmt.Sprintf("port: %d", p.modbusSim), ":4840", fmt.Sprintf(":%d", p.opcuaSim))
	for _, name := range []string{"models.yaml", "sensors.yaml"} {
		b, err := os.ReadFile(filepath.Join("kubeedge-line", name))
		if err != nil {
			t.Fatal(err)
		}
		stack.WriteFile(t, dir, filepath.Join("rules-service/samples/kubeedge-line", name), addresses.Replace(string(b)))
	}
	page, err := os.ReadFile("kubeedge-line/README.md")
	if err != nil {
		t.Fatal(err)
	}
	rules := fmt.Sprintf("http://127.0.0.1:%d", p.rules)
	env := append(os.Environ(), "PATH="+stack.Binaries(t)+":"+os.Getenv("PATH"), "SLUICE_SERVER="+rules, fmt.Sprintf("SLUICE_DEVICE_SERVICE=http://127.0.0.1:%d", p.modbus))
	ran := 0
	for i, block := range strings.Split(string(page), "```") {
		if console, ok := strings.CutPrefix(block, "console\n"); ok && i%2 == 1 {
			ran += shown(t, dir, env, console)
		}
	}
	if ran != 5 {
		t.Errorf("%d commands were run", ran)
	}
	allRead(t, rules)
}

// shown runs the commands of a console and compares what they print; … stands
// for anything.
func shown(t *testing.T, dir string, env []string, console string) (commands int) {
	t.Helper()
	gaps := regexp.MustCompile(` {2,}`)
	for _, part := range strings.Split("\n"+console, "\n$ ")[1:] {
		command, want, _ := strings.Cut(part, "\n")
		pattern := gaps.ReplaceAllLiteralString(regexp.QuoteMeta(strings.TrimSpace(want)), " +")
		pattern = "^" + strings.ReplaceAll(pattern, "…", `(?s:.*)`) + "$"
		cmd := exec.CommandContext(t.Context(), "bash", "-c", command)
		cmd.Dir, cmd.Env = dir, env
		out, err := cmd.CombinedOutput()
		if err != nil || !regexp.MustCompile(pattern).MatchString(strings.TrimSpace(string(out))) {
			t.Errorf("%s: %v\ngot\n%swant\n%s", command, err, out, want)
		}
		commands++
	}
	return commands
}

// allRead waits until a rule on each stream has had a value of its sensor.
func allRead(t *testing.T, rules string) {
	t.Helper()
	for _, sensor := range []string{"temperature", "flow", "level", "setpoint", "runtime", "burner", "flame", "pressure", "steam", "valve"} {
		sql := fmt.Sprintf("SELECT %s FROM line1_%[1]s WHERE meta(deviceName) = 'line1-%[1]s' AND isnull(%[1]s) = false", sensor)
		stack.MustCall(t, 201, "POST", rules+"/rules", fmt.Sprintf(`{"id":"read-%s","sql":%q,"actions":[{"nop":{}}]}`, sensor, sql))
	}
	for _, sensor := range []string{"temperature", "flow", "level", "setpoint", "runtime", "burner", "flame", "pressure", "steam", "valve"} {
		stack.Eventually(t, func(ctx context.Context) error {
			return stack.Received(ctx, rules+"/rules/read-"+sensor+"/status")
		})
	}
}
