package containers

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sluice/tests/stack"
)

// pulse sends each reading to the ERP and to the cloud, so that it shows which
// part of the plant works, and since when.
const pulse = `{"id":"pulse","sql":"SELECT meta(deviceName) AS device FROM boilers","actions":[
	{"rest":{"url":"http://receivers:8899/erp/alarms","method":"POST","bodyType":"json","headers":{"Authorization":"Bearer box-erp-token"},"sendSingle":true,
		"dataTemplate":"{\"device\":{{json .device}},\"quantity\":\"pulse\",\"value\":1,\"unit\":\"\",\"severity\":\"low\",\"text\":\"pulse\"}"}},
	{"mqtt":{"server":"tcp://cloud:1883","topic":"cloud/alarms","sendSingle":true,"dataTemplate":"{\"device\":{{json .device}},\"text\":\"pulse\"}"}}]}`

// message is one that arrived at the receivers.
type message struct {
	Time                 time.Time
	Target, Device, Text string
}

type box struct{ *project }

// received waits for a message that is wanted, among those after a moment.
func (b box) received(t *testing.T, after time.Time, wanted func(message) bool) message {
	t.Helper()
	var found message
	stack.Eventually(t, func(ctx context.Context) error {
		status, text, err := stack.Call(ctx, "GET", b.url("receivers", 8899)+"/received", "")
		if err != nil || status != 200 {
			return fmt.Errorf("receivers: %d, %w", status, err)
		}
		var all []message
		if err := json.Unmarshal([]byte(text), &all); err != nil {
			return err
		}
		for _, m := range all {
			if m.Time.After(after) && wanted(m) {
				found = m
				return nil
			}
		}
		return fmt.Errorf("none of %d messages is the wanted one", len(all))
	})
	return found
}

// from is a message of a device at a target.
func from(target, device string) func(message) bool {
	return func(m message) bool { return m.Target == target && m.Device == device }
}

// TestBox runs the plant of compose.box.yml, from its images alone: an alarm
// reaches the receivers; each container that is killed comes back, and messages
// flow again; at the end nothing is left.
func TestBox(t *testing.T) {
	t.Parallel()
	b := box{newProject(t, need(t), "box", resolved(t, []string{"SLUICE_TAG=" + tag}, "-f", "compose.box.yml"))}
	began := time.Now()
	b.must(t, "up", "-d")
	up := time.Since(began)
	alarm := b.received(t, began, func(m message) bool { return m.Target == "wecom" && strings.Contains(m.Text, "hot") })
	t.Logf("up after %s, first alarm at the webhook after %s: %s", seconds(up), seconds(alarm.Time.Sub(began)), alarm.Text)

	if log := b.must(t, "logs", "--no-color", "rules-engine"); !strings.Contains(log, "everybody") {
		t.Errorf("no warning that everybody may use the API:\n%s", log)
	}
	hardened(t, b.project)

	rules := b.url("rules-engine", 59720)
	stack.MustCall(t, 201, "POST", rules+"/rules", pulse)
	now := time.Now()
	for _, wanted := range []func(message) bool{from("erp", "boiler-1"), from("erp", "boiler-2"), from("cloud", "boiler-1")} {
		b.received(t, now, wanted)
	}

	before := states(t, rules)
	servers := []string{"broker", "cloud", "metadata", "simulators", "receivers", "device-modbus", "device-opcua", "rules-engine"}
	table := []string{"killed          runs again  messages again"}
	for _, service := range servers {
		table = append(table, b.recovers(t, service))
	}
	for _, service := range servers {
		b.awaitHealthy(t, service)
	}
	t.Log("recovery:\n" + strings.Join(table, "\n"))

	if d := cmp.Diff(before, states(t, rules)); d != "" {
		t.Errorf("the rules are not as before all that:\n%s", d)
	}
	endsOrderly(t, b.project)
	b.noLeftovers(t)
}

// states are the rules with their states.
func states(t *testing.T, rules string) map[string]string {
	t.Helper()
	var all []struct{ ID, Status string }
	parse(t, []byte(stack.MustCall(t, 200, "GET", rules+"/rules", "")), &all)
	found := map[string]string{}
	for _, r := range all {
		found[r.ID] = r.Status
		if r.Status != "running" {
			t.Errorf("rule %s: %s", r.ID, r.Status)
		}
	}
	if len(found) < 2 {
		t.Errorf("only the rules %v", found)
	}
	return found
}

// recovers kills the program of a service and waits until messages flow again
// that need it. It returns a line for the table.
func (b box) recovers(t *testing.T, service string) string {
	t.Helper()
	id, killed := b.container(t, service), time.Now()
	b.kill(t, id)
	running := time.Now()
	needed := map[string][]func(message) bool{
		"device-modbus": {from("erp", "boiler-1")},
		"device-opcua":  {from("erp", "boiler-2")},
		"cloud":         {from("cloud", "boiler-1")},
	}[service]
	if needed == nil {
		needed = []func(message) bool{from("erp", "boiler-1"), from("erp", "boiler-2")}
	}
	last := killed
	for _, wanted := range needed {
		if m := b.received(t, running, wanted); m.Time.After(last) {
			last = m.Time
		}
	}
	if service == "metadata" { // readings do not need it, changes do
		stack.Answers(t, b.url("metadata", 59881)+"/api/v3/device/name/boiler-1")
		last = time.Now()
	}
	return fmt.Sprintf("%-14s  %10s  %14s", service, seconds(running.Sub(killed)), seconds(last.Sub(killed)))
}

// hardened looks at how the engine runs the containers.
func hardened(t *testing.T, p *project) {
	t.Helper()
	for _, id := range strings.Fields(p.must(t, "ps", "-q")) {
		var c []struct {
			Name   string
			Config struct {
				User   string
				Labels map[string]string
			}
			HostConfig struct {
				ReadonlyRootfs       bool
				CapDrop, SecurityOpt []string
				Memory, PidsLimit    int64
				LogConfig            struct{ Config map[string]string }
			}
		}
		if err := json.Unmarshal([]byte(p.docker(t, "inspect", id)), &c); err != nil {
			t.Fatal(err)
		}
		h := c[0].HostConfig
		if c[0].Config.User != "2002:2001" || !h.ReadonlyRootfs || !slices.Equal(h.CapDrop, []string{"ALL"}) || !slices.Contains(h.SecurityOpt, "no-new-privileges:true") {
			t.Errorf("%s is not locked down: %+v", c[0].Name, c[0])
		}
		if h.Memory == 0 || h.PidsLimit == 0 || h.LogConfig.Config["max-size"] == "" {
			t.Errorf("%s has no limits: %+v", c[0].Name, h)
		}
		if c[0].Config.Labels["org.opencontainers.image.version"] != tag {
			t.Errorf("%s has the labels %v", c[0].Name, c[0].Config.Labels)
		}
	}
}

// endsOrderly stops all containers: each program ends by itself, with 0.
func endsOrderly(t *testing.T, p *project) {
	t.Helper()
	p.must(t, "stop", "-t", "30")
	codes := map[string]string{}
	for _, id := range strings.Fields(p.must(t, "ps", "-q")) {
		name, code, _ := strings.Cut(p.docker(t, "inspect", "-f", "{{.Name}} {{.State.ExitCode}}", id), " ")
		codes[name] = code
	}
	for _, name := range slices.Sorted(maps.Keys(codes)) {
		if codes[name] != "0" {
			t.Errorf("%s ended with %s", name, codes[name])
		}
	}
	if len(codes) != 9 {
		t.Errorf("%d containers, want 9: %v", len(codes), codes)
	}
}
