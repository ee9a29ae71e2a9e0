package containers

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/opencontainers/image-spec/specs-go/v1"
	"go.yaml.in/yaml/v3"

	"sluice/docker/image"
	"sluice/tests/stack"
)

// services are those of ours in compose.yml with their names in Consul.
var services = map[string]string{"device-modbus": "device-modbus", "device-opcua": "device-opcua", "rules-engine": "rules-service"}

// TestConsul runs our services as compose.yml has them, with configuration and
// registry in a real Consul. The parts of EdgeX that cannot be had here are
// replaced: core-metadata by that of the box, the broker by ours, and what the
// bootstrapper writes into Consul by the test.
func TestConsul(t *testing.T) {
	e := need(t)
	needProgram(t, "consul")
	e.loadConsul(t)
	content := resolved(t, []string{"SLUICE_TAG=" + tag, "PLANT=./box"}, "-f", "compose.yml", "--env-file", "mqtt-bus.env")
	bootstrapped := environment(content, "core-common-config-bootstrapper")
	replaceEdgex(content)
	p := newProject(t, e, "edgex", content)

	p.must(t, "up", "-d", "--no-deps", "consul", "mqtt-broker")
	consul := p.url("consul", 8500)
	stack.Eventually(t, func(ctx context.Context) error { return leads(ctx, consul) })
	pushCommon(t, consul, bootstrapped)
	stack.MustCall(t, 200, "PUT", consul+"/v1/agent/service/register", `{"Name":"core-metadata","Address":"edgex-core-metadata","Port":59881}`)
	p.must(t, "up", "-d", "--no-deps", "core-metadata", "simulators", "device-modbus", "device-opcua", "rules-engine")

	for service, key := range services {
		stack.Eventually(t, func(ctx context.Context) error { return stack.Passing(ctx, consul, key) })
		p.awaitHealthy(t, service)
	}
	p.awaitHealthy(t, "consul")
	rules := p.url("rules-engine", 59720)
	stack.MustCall(t, 201, "POST", rules+"/streams", `{"sql":"CREATE STREAM boilers () WITH (TYPE=\"edgex\", FORMAT=\"json\")"}`)
	for device, rule := range map[string]string{"boiler-1": "modbus", "boiler-2": "opcua"} {
		stack.MustCall(t, 201, "POST", rules+"/rules", fmt.Sprintf(`{"id":%q,"sql":"SELECT * FROM boilers WHERE meta(deviceName) = '%s'","actions":[{"nop":{}}]}`, rule, device))
		stack.Eventually(t, func(ctx context.Context) error { return stack.Received(ctx, rules+"/rules/"+rule+"/status") })
	}
	// The names by which the other containers of existing stacks know ours.
	for _, url := range []string{
		"http://edgex-kuiper:59720/ping", "http://rules-engine:59720/ping", "http://edgex-app-rules-engine:59701/api/v3/ping",
		"http://edgex-device-modbus:59901/api/v3/ping", "http://edgex-device-opcua:59997/api/v3/ping", "http://edgex-device-opc-ua:59997/api/v3/ping",
	} {
		p.docker(t, "run", "--rm", "--network", p.name+"_edgex-network", "sluice/boxpart:"+tag, "--health="+url)
	}
	p.must(t, "stop", "-t", "30", "device-modbus", "device-opcua", "rules-engine")
	registered := stack.MustCall(t, 200, "GET", consul+"/v1/agent/services", "")
	for _, key := range services {
		if strings.Contains(registered, `"`+key+`"`) {
			t.Errorf("%s is still registered after its end", key)
		}
	}
	p.noLeftovers(t)
}

// loadConsul makes an image of the Consul of this machine, and gives it the
// name that compose.yml asks for.
func (e *engine) loadConsul(t *testing.T) {
	t.Helper()
	program, err := exec.LookPath("consul")
	if err != nil {
		t.Fatal(err)
	}
	files := []image.File{image.Folder("consul/config", 0o755, 100, 1000), image.Folder("consul/data", 0o755, 100, 1000), image.Folder("tmp", 0o777, 0, 0)}
	for at, from := range libraries(t, program) {
		files = append(files, copied(t, at, from))
	}
	files = append(files, copied(t, "bin/consul", program))
	layer, err := image.NewLayer(files, time.Unix(0, 0))
	if err != nil {
		t.Fatal(err)
	}
	i, err := image.New(image.Spec{
		Platform: v1.Platform{OS: "linux", Architecture: runtime.GOARCH},
		Config:   v1.ImageConfig{Env: []string{"PATH=/bin"}, Entrypoint: []string{"/bin/consul"}},
	}, layer)
	if err != nil {
		t.Fatal(err)
	}
	archive, err := os.Create(filepath.Join(t.TempDir(), "consul.tar"))
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(image.WriteArchive(archive, i, "hashicorp/consul:1.16.6"), archive.Close()); err != nil {
		t.Fatal(err)
	}
	e.docker(t, "load", "-i", archive.Name())
}

var library = regexp.MustCompile(`(/\S+) \(0x`)

// libraries are the shared libraries of a program, by their paths in an image.
func libraries(t *testing.T, program string) map[string]string {
	t.Helper()
	text, err := exec.Command("ldd", program).CombinedOutput()
	if err != nil {
		if strings.Contains(string(text), "not a dynamic executable") {
			return nil
		}
		t.Fatalf("ldd %s: %v\n%s", program, err, text)
	}
	found := map[string]string{}
	for _, match := range library.FindAllStringSubmatch(string(text), -1) {
		found[strings.TrimPrefix(match[1], "/")] = match[1]
	}
	return found
}

func copied(t *testing.T, at, from string) image.File {
	t.Helper()
	data, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	return image.File{Path: at, Mode: fs.FileMode(0o755), Data: data}
}

// replaceEdgex puts programs that can be had here into the places of images
// that cannot. All else stays as compose.yml has it.
func replaceEdgex(content tree) {
	all := content["services"].(tree)
	for service, args := range map[string][]any{
		"core-metadata": {"metadata", "--bus=edgex-mqtt-broker:1883", "--data=/tmp/metadata"},
		"mqtt-broker":   {"broker", "--data=/tmp/broker"},
	} {
		s := all[service].(tree)
		s["image"], s["command"], s["user"] = "sluice/boxpart:"+tag, args, "2002:2001"
		s["tmpfs"] = []any{"/tmp:size=64m,mode=1777"}
		delete(s, "healthcheck")
		delete(s, "environment")
	}
	consul := all["consul"].(tree)
	// The real image adds these two by its entry point.
	consul["command"] = append(consul["command"].([]any), "-data-dir=/consul/data", "-config-dir=/consul/config")
	for name, s := range all {
		delete(s.(tree), "depends_on") // on services that do not run here
		if services[name] != "" {
			s.(tree)["healthcheck"] = tree{"interval": "1s"} // of the image's check
		}
	}
}

func environment(content tree, service string) map[string]string {
	found := map[string]string{}
	env, _ := content["services"].(tree)[service].(tree)["environment"].(tree)
	for name, value := range env {
		found[name] = fmt.Sprint(value)
	}
	return found
}

// pushCommon writes the common configuration into Consul, one leaf a key, with
// the variables of EdgeX's bootstrapper over it, as the bootstrapper does.
func pushCommon(t *testing.T, consul string, variables map[string]string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(stack.Root(), "docker", "box", "common.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var common tree
	if err := yaml.Unmarshal(text, &common); err != nil {
		t.Fatal(err)
	}
	common["all-services"].(tree)["Registry"] = tree{"Host": "", "Port": 8500, "Type": "consul"}
	common["all-services"].(tree)["Service"].(tree)["HealthCheckInterval"] = "1s"
	taken := map[string]bool{}
	base := consul + "/v1/kv/edgex/v3/core-common-config-bootstrapper/"
	var push func(path []string, node any)
	push = func(path []string, node any) {
		if below, ok := node.(tree); ok {
			for k, v := range below {
				push(append(path[:len(path):len(path)], k), v)
			}
			return
		}
		variable := variableName(path)
		value, set := variables[variable]
		if !set {
			value = fmt.Sprint(node)
		}
		taken[variable] = true
		stack.MustCall(t, 200, "PUT", base+strings.Join(path, "/"), value)
	}
	push(nil, common)
	stack.MustCall(t, 200, "PUT", base+"IsCommonConfigReady", "true")
	for name := range variables {
		if !taken[name] && name != "EDGEX_SECURITY_SECRET_STORE" && name != "ALL_SERVICES_DATABASE_HOST" {
			t.Errorf("%s sets nothing in the common configuration", name)
		}
	}
}

// variableName is the variable of the environment that overrides a setting.
func variableName(path []string) string {
	return strings.ToUpper(strings.NewReplacer("/", "_", "-", "_").Replace(strings.Join(path, "/")))
}

func leads(ctx context.Context, consul string) error {
	status, text, err := stack.Call(ctx, "GET", consul+"/v1/status/leader", "")
	if err == nil && (status != 200 || !strings.Contains(text, ":")) {
		err = fmt.Errorf("consul has no leader: %d %s", status, text)
	}
	return err
}
