package e2e

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"sluice/tests/servers"
	"sluice/tests/stack"
)

// island is all three services with what they depend on: a broker on site, and
// Consul, core-metadata and the broker of the cloud, which can go away.
type island struct {
	dir    string
	bus    *servers.Process
	b      stack.Bus
	consul *servers.Process
	meta   *coreMetadata
	cloud  *cloud
	site   *listener
	ports  map[string]int
	rules  string
	run    map[string]*stack.Process

	release string // the rules service as a release
}

// TestAutonomy cuts a plant off from everything upstream, kills its services and
// starts them again: they read, run their rules and queue for the cloud. When
// all is back, everything drains in order, and what changed meanwhile holds.
func TestAutonomy(t *testing.T) {
	p := newIsland(t)
	p.start(t)
	p.rule(t)
	for _, device := range []string{"boiler-1", "boiler-2", "boiler-old"} {
		p.site.await(t, device, 5)
		p.cloud.await(t, device, 5)
	}
	p.knows(t, "device-modbus", "boiler-1", "boiler-old")
	p.knows(t, "device-opcua", "boiler-2")
	p.knows(t, "rules-service", "answer")

	p.cutOff(t)
	for _, device := range []string{"boiler-1", "boiler-2", "boiler-old"} {
		p.site.await(t, device, p.site.count(device)+5)
	}
	killed := time.Now().UnixNano()
	for _, s := range p.run {
		s.Kill()
	}
	p.meta.edit(t, func(x *tables) {
		fresh := x.Devices["boiler-1"]
		fresh.Name, fresh.Id = "boiler-new", "4f1d8a0e-0c6f-4d55-9f0e-0b6f3a8c1d2e"
		x.Devices[fresh.Name] = fresh
		delete(x.Devices, "boiler-old")
		profile := x.Profiles["Boiler"]
		profile.DeviceResources[0].Properties.Units = "degC"
		x.Profiles["Boiler"] = profile
	})

	p.start(t)
	p.site.clear()
	for _, device := range []string{"boiler-1", "boiler-2", "boiler-old"} {
		p.site.await(t, device, 20)
	}
	p.queued(t)
	if n := p.cloud.since(killed); n > 0 {
		t.Fatalf("%d messages have reached a cloud that is away", n)
	}

	p.bringBack(t)
	p.site.await(t, "boiler-new", 20)
	stack.Eventually(t, func(context.Context) error {
		before := p.site.count("boiler-old")
		p.site.await(t, "boiler-1", p.site.count("boiler-1")+10)
		if n := p.site.count("boiler-old"); n > before {
			return fmt.Errorf("the removed device is still read")
		}
		return nil
	})
	stack.Eventually(t, func(context.Context) error {
		if units := p.site.units("boiler-1"); units != "degC" {
			return fmt.Errorf("units of boiler-1 are %q", units)
		}
		return nil
	})
	p.site.oneSchedule(t, "boiler-1", "boiler-2", "boiler-new")
	for name := range p.ports {
		healthy(t, p.consul, name)
	}
	p.drained(t, killed)
	p.followsConsul(t)
	for name, s := range p.run {
		if !s.Stop(stack.Patience) {
			t.Errorf("%s did not end by itself", name)
		}
		if text := stack.MustCall(t, 200, "GET", "http://"+p.consul.Addr()+"/v1/agent/services", ""); strings.Contains(text, `"`+name+`"`) {
			t.Errorf("%s is still registered after its end", name)
		}
	}
}

func newIsland(t *testing.T) *island {
	p := &island{dir: t.TempDir(), bus: servers.Mosquitto(t), consul: servers.Consul(t), run: map[string]*stack.Process{}}
	p.b = stack.Bus{Type: "mqtt", Port: p.bus.Port}
	p.meta = newCoreMetadata(t, p.dir, busClient(t, p.b))
	p.cloud = newCloud(t)
	p.site = listen(t, p.b)
	p.fillConsul(t)
	sim, nodes := serveBoiler(t)
	p.ports = map[string]int{"device-modbus": servers.FreePort(t), "device-opcua": servers.FreePort(t), "rules-service": servers.FreePort(t)}
	api := servers.FreePort(t)
	p.rules = fmt.Sprintf("http://127.0.0.1:%d", api)
	configure(t, p.dir, p.ports, api, sim, nodes)
	stack.WriteFile(t, p.dir, "device-modbus/devices/old.yaml", fmt.Sprintf(`deviceList:
  - name: boiler-old
    profileName: Boiler
    protocols: {modbus-tcp: {Address: 127.0.0.1, Port: %d, UnitID: 1, Timeout: 5, IdleTimeout: 5}}
    autoEvents: [{interval: 200ms, onChange: false, sourceName: Temperature}]
`, sim))
	return p
}

func (p *island) fillConsul(t *testing.T) {
	t.Helper()
	register(t, p.consul, "core-metadata", p.meta.port)
	pushCommon(t, "http://"+p.consul.Addr()+"/v1/kv/", stack.Common(p.b, p.meta.port, p.consul.Port))
}

func (p *island) start(t *testing.T) {
	t.Helper()
	for name := range p.ports {
		p.run[name] = stack.Start(t, []string{"EDGEX_STARTUP_DURATION=60", "AUTONOMY_DIR=" + filepath.Join(p.dir, "state"), "AUTONOMY_PATIENCE=500ms"},
			p.program(t, name), "-cp=consul.http://"+p.consul.Addr(), "-r", "-cd="+filepath.Join(p.dir, name))
	}
	stack.Answers(t, p.rules+"/ping")
}

// program is the binary of a service. The app SDK asks core-metadata for its
// version only in releases, so the rules service is built as one.
func (p *island) program(t *testing.T, name string) string {
	t.Helper()
	if name != "rules-service" {
		return filepath.Join(stack.Binaries(t), name)
	}
	if p.release == "" {
		p.release = filepath.Join(t.TempDir(), name)
		cmd := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w -X github.com/edgexfoundry/app-functions-sdk-go/v3/internal.SDKVersion=3.1.1", "-o", p.release, "./rules-service")
		cmd.Dir, cmd.Env = stack.Root(), append(os.Environ(), "CGO_ENABLED=0")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("build: %v\n%s", err, out)
		}
	}
	return p.release
}

func (p *island) rule(t *testing.T) {
	t.Helper()
	stack.MustCall(t, 201, "POST", p.rules+"/streams", `{"sql":"CREATE STREAM boilers () WITH (TYPE=\"edgex\", FORMAT=\"json\")"}`)
	stack.MustCall(t, 201, "POST", p.rules+"/rules", fmt.Sprintf(
		`{"id":"up","sql":"SELECT meta(deviceName) AS device, meta(origin) AS origin FROM boilers","actions":[{"mqtt":{"server":"tcp://%s","topic":"up","qos":1,"sendSingle":true,"resendInterval":"500ms"}}]}`,
		p.cloud.door.Addr))
}

// knows waits until the state on disk has all that a start needs.
func (p *island) knows(t *testing.T, service string, words ...string) {
	t.Helper()
	stack.Eventually(t, func(context.Context) error {
		for file, words := range map[string][]string{"core-metadata.json": words, "consul.json": {service + "/Service/Port", "IsCommonConfigReady"}} {
			text, err := os.ReadFile(filepath.Join(p.dir, "state", service, file))
			if err != nil {
				return err
			}
			for _, word := range words {
				if !strings.Contains(string(text), word) {
					return fmt.Errorf("%s of %s has no %q", file, service, word)
				}
			}
		}
		return nil
	})
}

func (p *island) cutOff(t *testing.T) {
	t.Helper()
	p.consul.Kill()
	p.meta.stop()
	p.cloud.door.Cut()
}

// bringBack starts a Consul that has lost its memory, core-metadata and the way
// to the cloud.
func (p *island) bringBack(t *testing.T) {
	t.Helper()
	p.consul.Start(t)
	p.fillConsul(t)
	p.meta.start(t)
	p.cloud.door.Open(t)
}

// queued waits until the queue on disk grows.
func (p *island) queued(t *testing.T) {
	t.Helper()
	size := func() (sum int64) {
		files, err := filepath.Glob(filepath.Join(p.dir, "data", "queues", "*", "*"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			if info, err := os.Stat(file); err == nil { // it may be gone by now
				sum += info.Size()
			}
		}
		return sum
	}
	before := size()
	stack.Eventually(t, func(context.Context) error {
		if now := size(); now <= before {
			return fmt.Errorf("the queue has %d bytes, as before", now)
		}
		return nil
	})
}

// drained waits until the cloud has what was on the bus, and compares: nothing
// is missing but what was on the bus while no rules service listened, and each
// device's events come in order.
func (p *island) drained(t *testing.T, killed int64) {
	t.Helper()
	const around = int64(2 * time.Second) // the bus delivers at most once: what was on its way when the service was killed
	last := map[string]int64{}
	for _, device := range []string{"boiler-1", "boiler-2", "boiler-new"} {
		p.site.await(t, device, p.site.count(device)+1)
		last[device] = p.site.newest(device)
	}
	stack.Eventually(t, func(context.Context) error {
		for device, origin := range last {
			if !p.cloud.has(device, origin) {
				return fmt.Errorf("the cloud waits for the newest event of %s", device)
			}
		}
		return nil
	})
	for _, device := range []string{"boiler-1", "boiler-2", "boiler-old", "boiler-new"} {
		got := p.cloud.origins(device)
		first := slices.IndexFunc(got, func(o int64) bool { return o > killed+around })
		if first < 0 {
			t.Errorf("%s: nothing reached the cloud after the restart", device)
			continue
		}
		if !slices.IsSorted(got) {
			t.Errorf("%s: out of order", device)
		}
		lost, all := 0, p.site.all(device)
		for _, o := range all {
			if o < got[0] || o > last[device] && last[device] > 0 {
				continue // before the rule was there, or after we looked
			}
			if _, found := slices.BinarySearch(got, o); !found && (o < killed-around || o > got[first]) {
				lost++
			}
		}
		if lost > 0 {
			t.Errorf("%s: %d of %d events are lost", device, lost, len(all))
		}
		t.Logf("%s: %d events on the bus, %d in the cloud, 0 out of order, %d lost; %d of them after the restart", device, len(all), len(got), lost, len(got)-first)
	}
}

// followsConsul changes what may change at run time.
func (p *island) followsConsul(t *testing.T) {
	t.Helper()
	for name, s := range p.run {
		stack.MustCall(t, 200, "PUT", "http://"+p.consul.Addr()+"/v1/kv/"+kvRoot+name+"/Writable/LogLevel", "DEBUG")
		stack.Eventually(t, func(ctx context.Context) error {
			url := fmt.Sprintf("http://127.0.0.1:%d%s", p.ports[name], chatter[name])
			if name == "rules-service" {
				url = p.rules + chatter[name]
			}
			_, _, _ = stack.Call(ctx, "GET", url, "")
			if !strings.Contains(s.Output(), "level=DEBUG") {
				return fmt.Errorf("%s does not log at DEBUG", name)
			}
			return nil
		})
	}
}
