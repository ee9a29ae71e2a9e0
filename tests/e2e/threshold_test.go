package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"sluice/tests/edgecore"
	"sluice/tests/edgecore/dmi"
	"sluice/tests/guide"
	"sluice/tests/servers"
	"sluice/tests/stack"
)

// effectWithin is how soon a desired value counts in rules that run.
const effectWithin = 2 * time.Second

// counts waits until rules have a threshold that was wanted at a time, and says
// how long that took by the moment at which each rule had it.
func (p *plant) counts(t *testing.T, value float64, wanted time.Time, rules ...string) {
	t.Helper()
	for _, rule := range rules {
		took := time.UnixMilli(p.bound(t, rule, value).Since).Sub(wanted)
		t.Logf("%s has %v %d ms after it was wanted", rule, value, took.Milliseconds())
		if took > effectWithin {
			t.Errorf("%s has %v after %v, want %v at most", rule, value, took, effectWithin)
		}
	}
}

// alarmsOf is how many alarms with a text the ERP has.
func (p *plant) alarmsOf(ctx context.Context, text string) (int, error) {
	_, received, err := stack.Call(ctx, "GET", p.received, "")
	return strings.Count(received, text), err
}

// stopsAndReleases waits until the boiler is stopped once more, with an alarm,
// and released.
func (p *plant) stopsAndReleases(t *testing.T, alarm string) {
	t.Helper()
	before, err := p.alarmsOf(t.Context(), alarm)
	if err != nil {
		t.Fatal(err)
	}
	p.becomes(t, "true", "LOCKED")
	stack.Eventually(t, func(ctx context.Context) error {
		n, err := p.alarmsOf(ctx, alarm)
		if err == nil && n <= before {
			err = fmt.Errorf("%d alarms %q, as before", n, alarm)
		}
		return err
	})
	p.becomes(t, "false", "UNLOCKED")
}

// What the cloud wants up to KubeEdge 1.14 comes over MQTT. The box is asked as
// the guide has it: the threshold is a node of its OPC UA server.
func TestThresholdByDelta(t *testing.T) {
	t.Parallel()
	p := startBox(t, boxVariables(t)...)
	const boiler = "default/boiler-2"
	broker := fmt.Sprintf("127.0.0.1:%d", p.bus)
	stack.Eventually(t, func(context.Context) error {
		conn, err := net.Dial("tcp", broker)
		if err == nil {
			err = conn.Close()
		}
		return err
	})
	edge := edgecore.New(t, broker, boiler)
	p.bound(t, "overheat", 90)
	started := p.started(t, "overheat")

	topic, payload := delta(t)
	wanted := time.Now()
	edge.Publish(topic, payload)
	p.counts(t, 75, wanted, "overheat", "overheat-end")
	p.sluice(t, "", kubeEdgeGuide(t, "console delta"))
	p.reports(t, edge, boiler, "float 75")

	wanted = time.Now()
	edge.Expect(boiler, "Threshold", "float", "74.5")
	p.counts(t, 74.5, wanted, "overheat", "overheat-end")
	p.reports(t, edge, boiler, "float 74.5")
	p.stopsAndReleases(t, "stopped over 74.5 degC")
	if again := p.started(t, "overheat"); again != started {
		t.Errorf("the rule was started at %v and at %v", started, again)
	}

	before := p.bound(t, "overheat", 74.5)
	edge.Forget(boiler) // it wants nothing any more: who has the value has it by itself
	p.kill(t, "device-opcua")
	p.kill(t, "rules-service")
	p.keeps(t, "overheat", started, before)
	p.reports(t, edge, boiler, "float 74.5")
	p.stopsAndReleases(t, "stopped over 74.5 degC")
}

// reports waits until the twin's actual threshold is a value.
func (p *plant) reports(t *testing.T, edge *edgecore.Edgecore, id, want string) {
	t.Helper()
	stack.Eventually(t, func(context.Context) error {
		if has := edge.Has(id); has["Threshold"] != want {
			return fmt.Errorf("the twin has %v", has)
		}
		return nil
	})
}

// From 1.15 on it comes over edgecore's socket. The device, the rules and the
// change are those of the guide: the threshold is a virtual resource.
func TestThresholdByMapper(t *testing.T) {
	t.Parallel()
	p := startBox(t)
	p.bound(t, "overheat", 90)
	for _, rule := range []string{"overheat", "overheat-end"} { // of the same boiler
		stack.MustCall(t, 200, "DELETE", p.url(p.rules, "/rules/"+rule), "")
	}
	m := newMapperOf(t, p)
	m.start(t)
	m.registered(t)
	if err := m.edge.Apply(p.moved(kubeEdgeGuide(t, "yaml threshold"))); err != nil {
		t.Fatal(err)
	}
	p.sluice(t, p.moved(kubeEdgeGuide(t, "json threshold")), kubeEdgeGuide(t, "console threshold"))
	connectedSource(t, p.url(p.rules, ""), "hot", "edge")
	started := p.started(t, "hot")

	property, value := patch(t)
	wanted := time.Now()
	if err := m.edge.Desire(m.device, property, value); err != nil {
		t.Fatal(err)
	}
	p.counts(t, 75, wanted, "hot", "cool")
	m.reports(t, property, value)
	p.stopsAndReleases(t, "hotter than 75 degC")
	if again := p.started(t, "hot"); again != started {
		t.Errorf("the rule was started at %v and at %v", started, again)
	}

	before := p.bound(t, "hot", 75)
	m.edge.Kill() // it cannot say again what it wants
	m.process.Kill()
	p.kill(t, "rules-service")
	m.start(t)
	stack.Eventually(t, func(ctx context.Context) error {
		_, text, err := stack.Call(ctx, "GET", p.url(m.port, "/api/v3/device/name/boiler-3/threshold"), "")
		if err == nil && !strings.Contains(text, `"value":"7.500000e+01"`) { // as EdgeX's SDK writes it
			err = fmt.Errorf("the device has %s", text)
		}
		return err
	})
	p.keeps(t, "hot", started, before)
	p.stopsAndReleases(t, "hotter than 75 degC")
	if err := m.edge.Start(); err != nil {
		t.Fatal(err)
	}
	m.registered(t)
	m.reports(t, property, value)
}

// mapper is a device-opcua beside that of the box, and its edgecore.
type mapper struct {
	edge    *dmi.Core
	device  string
	bin     string
	args    []string
	port    int
	before  int // registrations
	process *stack.Process
}

// startEdgecore listens in a folder of its own.
func startEdgecore(t *testing.T) *dmi.Core {
	t.Helper()
	dir, err := os.MkdirTemp("", "dmi") // the path of a socket is short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	edge := dmi.New(filepath.Join(dir, "dmi.sock"))
	if err := edge.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(edge.Kill)
	return edge
}

func newMapperOf(t *testing.T, p *plant) *mapper {
	t.Helper()
	m := &mapper{edge: startEdgecore(t), device: "default/boiler-3", port: servers.FreePort(t)}
	dir := filepath.Dir(m.edge.Socket())
	stack.WriteFile(t, dir, "res/configuration.yaml", fmt.Sprintf(`Writable: {LogLevel: INFO}
Service: {Host: 127.0.0.1, Port: %d, StartupMsg: device-opcua started}
MessageBus: {Optional: {ClientId: device-opcua-mapper}}
Device: {ProfilesDir: "", DevicesDir: ""}
Driver: {PKI: %[2]s/pki, DataDir: %[2]s/data}
KubeEdge: {DMI: {EdgeSocket: %[2]s/dmi.sock, Socket: %[2]s/own.sock, Protocol: opcua}}
`, m.port, dir))
	m.bin = filepath.Join(stack.Binaries(t), "device-opcua")
	m.args = []string{"-i=mapper", "-cd=" + filepath.Join(dir, "res"), "-cc=" + filepath.Join(p.data(), "common.yaml")}
	return m
}

func (m *mapper) start(t *testing.T) {
	t.Helper()
	m.process = stack.Start(t, nil, m.bin, m.args...)
}

// registered waits until the mapper has registered once more.
func (m *mapper) registered(t *testing.T) {
	t.Helper()
	stack.Eventually(t, func(context.Context) error {
		if n := m.edge.Counts().Registrations; n <= m.before {
			return fmt.Errorf("%d registrations", n)
		}
		return nil
	})
	m.before = m.edge.Counts().Registrations
}

// reports waits until edgecore is told what was wanted and what is.
func (m *mapper) reports(t *testing.T, property, value string) {
	t.Helper()
	stack.Eventually(t, func(context.Context) error {
		if twin, _ := m.edge.Twin(m.device, property); twin.Reported != value || twin.Expected != value {
			return fmt.Errorf("the twin is %+v", twin)
		}
		return nil
	})
}

// moved is a text with the ports of the box in place of the usual ones.
func (p *plant) moved(text string) string {
	at := func(port int) string { return fmt.Sprintf("127.0.0.1:%d", port) }
	return strings.NewReplacer("127.0.0.1:4840", at(p.opcsim), "127.0.0.1:8899", at(p.receiver), "127.0.0.1:59881", at(p.metadata), "127.0.0.1:1883", at(p.bus)).Replace(text)
}

// sluice runs commands of the guide beside a file threshold.json.
func (p *plant) sluice(t *testing.T, file, commands string) {
	t.Helper()
	dir := t.TempDir()
	stack.WriteFile(t, dir, "threshold.json", file)
	for line := range strings.Lines(commands) {
		args, ok := strings.CutPrefix(strings.TrimSpace(line), "$ sluice ")
		if !ok {
			continue
		}
		cmd := exec.Command(filepath.Join(stack.Binaries(t), "sluice"), strings.Fields(args)...)
		cmd.Dir, cmd.Env = dir, append(os.Environ(), "SLUICE_SERVER="+p.url(p.rules, ""))
		if out, err := cmd.CombinedOutput(); err != nil || len(out) == 0 {
			t.Fatalf("sluice %s: %v\n%s", args, err, out)
		}
	}
}

// data is the folder of the box.
func (p *plant) data() string { return p.args[1] }

// kubeEdgeGuide is the only block of a kind in the guide to KubeEdge.
func kubeEdgeGuide(t *testing.T, kind string) string {
	t.Helper()
	var found []string
	for _, b := range guide.Blocks(guide.Page(t, "device-service/docs/kubeedge.md")) {
		if b.Kind+" "+b.File == kind {
			found = append(found, strings.TrimSuffix(b.Text, "\n"))
		}
	}
	if len(found) != 1 {
		t.Fatalf("the guide has %d blocks %q", len(found), kind)
	}
	return found[0]
}

// boxVariables are those that the guide starts the box with.
func boxVariables(t *testing.T) []string {
	t.Helper()
	text, ok := strings.CutSuffix(strings.TrimPrefix(kubeEdgeGuide(t, "console box"), "$ "), " make run")
	if !ok {
		t.Fatalf("the guide starts no box: %s", text)
	}
	return strings.Fields(text)
}

var (
	patchCommand = regexp.MustCompile(`-p '\[\{"op": "replace", "path": "/spec/properties/(\d+)/desired/value", "value": "([^"]+)"\}\]'`)
	deltaCommand = regexp.MustCompile(`mosquitto_pub -t '([^']+)' -m '([^']+)'`)
)

// patch is the property that the guide changes, and its value.
func patch(t *testing.T) (property, value string) {
	t.Helper()
	m := patchCommand.FindStringSubmatch(kubeEdgeGuide(t, "console desired"))
	if m == nil || m[1] != "2" {
		t.Fatalf("the guide changes no third property: %q", m)
	}
	return "threshold", m[2]
}

// delta is the message that the guide sends.
func delta(t *testing.T) (topic string, payload map[string]any) {
	t.Helper()
	m := deltaCommand.FindStringSubmatch(kubeEdgeGuide(t, "console delta"))
	if m == nil {
		t.Fatal("the guide sends nothing")
	}
	if err := json.Unmarshal([]byte(m[2]), &payload); err != nil {
		t.Fatal(err)
	}
	return m[1], payload
}
