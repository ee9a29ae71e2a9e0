package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/simonvetter/modbus"

	"sluice/tests/servers"
	"sluice/tests/stack"
)

// plant is a running box with ports of its own.
type plant struct {
	*stack.Process
	args                                                       []string
	bin                                                        string
	bus, metadata, modbus, opcua, rules, sim, opcsim, receiver int
	received                                                   string
}

// startBox starts a box. Variables of its services name the usual ports.
func startBox(t *testing.T, env ...string) *plant {
	t.Helper()
	port := func() int { return servers.FreePort(t) }
	p := &plant{bin: filepath.Join(stack.Binaries(t), "box"),
		bus: port(), metadata: port(), modbus: port(), opcua: port(), rules: port(), sim: port(), opcsim: port(), receiver: port()}
	p.received = fmt.Sprintf("http://127.0.0.1:%d/received", p.receiver)
	p.args = []string{"--data", filepath.Join(t.TempDir(), "data")}
	for flag, n := range map[string]int{"bus": p.bus, "cloud": port(), "metadata": p.metadata, "modbus": p.modbus, "opcua": p.opcua,
		"rules-sdk": port(), "rules": p.rules, "modbus-sim": p.sim, "opcua-sim": p.opcsim, "receiver": p.receiver} {
		p.args = append(p.args, fmt.Sprintf("--%s-port=%d", flag, n))
	}
	for i := range env {
		env[i] = p.moved(env[i])
	}
	p.Process = stack.Start(t, env, p.bin, p.args...)
	return p
}

func (p *plant) url(port int, path string) string {
	return fmt.Sprintf("http://127.0.0.1:%d%s", port, path)
}

// alarmText is what each target shows of an alarm of boiler-hot.
var alarmText = map[string]*regexp.Regexp{
	"wecom": regexp.MustCompile(`^Boiler too hot · temperature: 8\d\.\d degC$`),
	"erp":   regexp.MustCompile(`^boiler too hot \(temperature 8\d(\.\d)? degC, high\)$`),
	"cloud": regexp.MustCompile(`^boiler too hot: 8\d\.\d degC$`),
}

// targets that have received something since a time. What none of them should
// show is an error.
func (p *plant) targets(ctx context.Context, since time.Time) (map[string]int, error) {
	status, text, err := stack.Call(ctx, "GET", p.received, "")
	if err != nil || status != 200 {
		return nil, fmt.Errorf("%s: %d %v", p.received, status, err)
	}
	var messages []struct {
		Time                 time.Time
		Target, Device, Text string
	}
	if err := json.Unmarshal([]byte(text), &messages); err != nil {
		return nil, err
	}
	seen := map[string]int{}
	for _, m := range messages {
		if strings.HasPrefix(m.Text, "much flows ") {
			continue // of the README's rule
		}
		if want := alarmText[m.Target]; want == nil || !want.MatchString(m.Text) || m.Device != "boiler-1" {
			return nil, fmt.Errorf("this is no alarm: %+v", m)
		}
		if m.Time.After(since) {
			seen[m.Target]++
		}
	}
	return seen, nil
}

// alarms waits until all three targets have received one since a time.
func (p *plant) alarms(t *testing.T, since time.Time) {
	t.Helper()
	stack.Eventually(t, func(ctx context.Context) error {
		seen, err := p.targets(ctx, since)
		if err == nil && (seen["wecom"] == 0 || seen["erp"] == 0 || seen["cloud"] == 0) {
			err = fmt.Errorf("alarms so far: %v", seen)
		}
		return err
	})
}

// burner reads the coil of the simulated boiler, past all services.
func (p *plant) burner(t *testing.T) func(context.Context) (bool, error) {
	t.Helper()
	c, err := modbus.NewClient(&modbus.ClientConfiguration{URL: fmt.Sprintf("tcp://127.0.0.1:%d", p.sim), Timeout: stack.Patience})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Open(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return func(context.Context) (bool, error) { return c.ReadCoil(0) }
}

// child finds the process of a service below the box.
func (p *plant) child(t *testing.T, name string) int {
	t.Helper()
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		t.Fatal(err)
	}
	for _, stat := range stats {
		b, _ := os.ReadFile(stat) // it may have ended
		var pid, parent int
		var comm, state string
		if n, _ := fmt.Sscan(string(b), &pid, &comm, &state, &parent); n == 4 && comm == "("+name+")" && parent == p.Cmd.Process.Pid {
			return pid
		}
	}
	t.Fatalf("the box has no child %s", name)
	return 0
}

// kill ends a service as a power failure does; the box starts it again.
func (p *plant) kill(t *testing.T, name string) {
	t.Helper()
	victim, err := os.FindProcess(p.child(t, name))
	if err != nil {
		t.Fatal(err)
	}
	if err := victim.Kill(); err != nil {
		t.Fatal(err)
	}
}

func TestBox(t *testing.T) {
	stack.Binaries(t) // the start of the box counts, not their build
	start := time.Now()
	p := startBox(t)
	p.alarms(t, start)
	took := time.Since(start)
	t.Logf("first alarm at all three targets %.1f s after the start", took.Seconds())
	if took > 15*time.Second {
		t.Errorf("the first alarms came after %s, want 15 s at most", took)
	}

	t.Run("the terminal shows them", func(t *testing.T) {
		stack.Eventually(t, func(context.Context) error {
			out := p.Output()
			for _, part := range []string{"wecom", "erp", "cloud", "boiler-1", fmt.Sprintf(":%d/rules", p.rules)} {
				if !strings.Contains(out, part) {
					return fmt.Errorf("%q is not on the terminal:\n%s", part, out)
				}
			}
			return nil
		})
	})
	t.Run("pressure switches the burner off and on", func(t *testing.T) { burnerSwitches(t, p) })
	t.Run("devices change at run time", func(t *testing.T) { devicesChange(t, p) })
	t.Run("the README's commands work", func(t *testing.T) { readmeWorks(t, p) })
	t.Run("a PLC is connected as the guide says", func(t *testing.T) { plcConnects(t, p) })
	t.Run("a killed rules service keeps its rules", func(t *testing.T) { rulesSurvive(t, p) })
	t.Run("a taken port is told", func(t *testing.T) { portIsTold(t, p) })
	t.Run("nothing is left", func(t *testing.T) { nothingIsLeft(t, p) })
}

func burnerSwitches(t *testing.T, p *plant) {
	read := p.burner(t)
	for _, want := range []bool{false, true} {
		stack.Eventually(t, func(ctx context.Context) error {
			on, err := read(ctx)
			if err == nil && on != want {
				err = fmt.Errorf("burner is %t", on)
			}
			return err
		})
	}
}

func devicesChange(t *testing.T, p *plant) {
	devices := p.url(p.metadata, "/api/v3/device")
	value := p.url(p.modbus, "/api/v3/device/name/boiler-9/Level")
	device := func(attributes string) string {
		return fmt.Sprintf(`[{"apiVersion":"v3","device":{"name":"boiler-9","serviceName":"device-modbus","profileName":"Modbus-Boiler","adminState":"UNLOCKED","operatingState":"UP",`+
			`"protocols":{"modbus-tcp":{%s}},"autoEvents":[{"interval":"200ms","sourceName":"Level"}]}}]`, attributes)
	}
	answer := stack.MustCall(t, 207, "POST", devices, device(`"Address":"127.0.0.1","Port":"no number","UnitID":1`))
	if !strings.Contains(answer, `Port`) || strings.Contains(answer, `"statusCode":201`) {
		t.Errorf("a bad port is answered: %s", answer)
	}
	stack.MustCall(t, 404, "GET", devices+"/name/boiler-9", "")

	stack.MustCall(t, 207, "POST", p.url(p.metadata, "/api/v3/deviceprofile"), `[{"apiVersion":"v3","profile":{"name":"Misspelt","deviceResources":[`+
		`{"name":"Level","properties":{"valueType":"Uint16","readWrite":"R"},"attributes":{"primaryTable":"HOLDING_REGISTERS","startingAdress":4,"isByteSwap":"maybe"}}]}}]`)
	answer = stack.MustCall(t, 207, "POST", devices, strings.Replace(device(fmt.Sprintf(`"Address":"127.0.0.1","Port":%d,"UnitID":1`, p.sim)), "Modbus-Boiler", "Misspelt", 1))
	for _, part := range []string{`Level`, `startingAdress`, `Did you mean \"startingAddress\"?`, `isByteSwap`, `maybe`} {
		if !strings.Contains(answer, part) {
			t.Errorf("%q is not in the answer to bad attributes: %s", part, answer)
		}
	}
	stack.MustCall(t, 404, "GET", devices+"/name/boiler-9", "")

	answer = stack.MustCall(t, 207, "POST", devices, device(fmt.Sprintf(`"Address":"127.0.0.1","Port":%d,"UnitID":1`, p.sim)))
	if !strings.Contains(answer, `"statusCode":201`) {
		t.Fatalf("device is not added: %s", answer)
	}
	becomes := func(want int) {
		t.Helper()
		stack.Eventually(t, func(ctx context.Context) error {
			status, text, err := stack.Call(ctx, "GET", value, "")
			if err == nil && status != want {
				err = fmt.Errorf("status %d: %s", status, text)
			}
			return err
		})
	}
	becomes(200)
	p.comesFrom(t, "boiler-9")

	patch := func(fields string) {
		t.Helper()
		stack.Eventually(t, func(ctx context.Context) error { // a busy device service may be asked in vain
			_, text, err := stack.Call(ctx, "PATCH", devices, `[{"apiVersion":"v3","device":{"name":"boiler-9",`+fields+`}}]`)
			if err == nil && !strings.Contains(text, `"statusCode":200`) {
				err = fmt.Errorf("patch %s: %s", fields, text)
			}
			return err
		})
	}
	patch(fmt.Sprintf(`"protocols":{"modbus-tcp":{"Address":"127.0.0.1","Port":%d,"UnitID":1}}`, servers.FreePort(t)))
	becomes(500) // nobody is there
	patch(fmt.Sprintf(`"protocols":{"modbus-tcp":{"Address":"127.0.0.1","Port":%d,"UnitID":1}}`, p.sim))
	becomes(200)
	patch(`"adminState":"LOCKED"`)
	becomes(423)
	patch(`"adminState":"UNLOCKED"`)
	becomes(200)
	p.comesFrom(t, "boiler-9")
	stack.MustCall(t, 200, "DELETE", devices+"/name/boiler-9", "")
	becomes(404)
}

// comesFrom waits for an event of a device.
func (p *plant) comesFrom(t *testing.T, device string) {
	t.Helper()
	seen := p.count(t, device)
	stack.Eventually(t, func(context.Context) error {
		if n := p.count(t, device); n <= seen {
			return fmt.Errorf("%d events of %s, as before", n, device)
		}
		return nil
	})
}

// count is how many events of a device a rule of its own has seen.
func (p *plant) count(t *testing.T, device string) int {
	t.Helper()
	id := "count-" + device
	rules := p.url(p.rules, "/rules")
	if status, _, err := stack.Call(t.Context(), "GET", rules+"/"+id, ""); err != nil || status != 200 {
		stack.MustCall(t, 201, "POST", rules, fmt.Sprintf(`{"id":%q,"sql":"SELECT meta(deviceName) AS d FROM boilers WHERE meta(deviceName) = '%s'","actions":[{"nop":{}}]}`, id, device))
	}
	var status map[string]any
	if err := json.Unmarshal([]byte(stack.MustCall(t, 200, "GET", rules+"/"+id+"/status", "")), &status); err != nil {
		t.Fatal(err)
	}
	n, ok := status["sink_nop_0_0_records_in_total"].(float64)
	if !ok {
		t.Fatalf("status has no count of the sink: %v", status)
	}
	return int(n)
}

func rulesSurvive(t *testing.T, p *plant) {
	before := stack.MustCall(t, 200, "GET", p.url(p.rules, "/rules"), "")
	p.kill(t, "rules-service")
	killed := time.Now()
	stack.Eventually(t, func(ctx context.Context) error {
		status, after, err := stack.Call(ctx, "GET", p.url(p.rules, "/rules"), "")
		if err == nil && (status != 200 || after != before) {
			err = fmt.Errorf("rules after the kill: %d %s\nbefore: %s", status, after, before)
		}
		return err
	})
	p.alarms(t, killed.Add(time.Second))
}

func portIsTold(t *testing.T, p *plant) {
	args := append([]string{}, p.args...)
	args[1] += "-other"
	second := stack.Start(t, nil, p.bin, args...)
	stack.Eventually(t, func(context.Context) error {
		if second.Running() {
			return fmt.Errorf("a second box runs on the ports of the first:\n%s", second.Output())
		}
		return nil
	})
	out := second.Output()
	if second.Cmd.ProcessState.ExitCode() != 3 || !strings.Contains(out, strconv.Itoa(p.rules)) || !strings.Contains(out, "rules-service") {
		t.Errorf("exit %d, told:\n%s", second.Cmd.ProcessState.ExitCode(), out)
	}
}

func nothingIsLeft(t *testing.T, p *plant) {
	pids := []int{p.child(t, "device-modbus"), p.child(t, "device-opcua"), p.child(t, "rules-service")}
	if !p.Stop(stack.Patience) {
		t.Errorf("the box did not end by itself:\n%s", p.Output())
	}
	for _, pid := range pids {
		if _, err := os.Stat(fmt.Sprintf("/proc/%d", pid)); err == nil {
			t.Errorf("process %d outlived the box", pid)
		}
	}
}
