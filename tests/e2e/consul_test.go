package e2e

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"sluice/box/boilerhouse"
	"sluice/tests/servers"
	"sluice/tests/stack"
)

const kvRoot = "edgex/v3/"

// chatter is a request to each service that its log speaks of at DEBUG.
var chatter = map[string]string{
	"device-modbus": "/api/v3/device/name/boiler-1/Temperature",
	"device-opcua":  "/api/v3/device/name/boiler-2/Pressure",
	"rules-service": "/rules",
}

// TestConsul runs all three services with configuration and registry in a real
// Consul, as EdgeX's images do.
func TestConsul(t *testing.T) {
	for _, bus := range []string{"mqtt", "redis"} {
		t.Run(bus, func(t *testing.T) { consulWith(t, bus) })
	}
}

func consulWith(t *testing.T, bus string) {
	consul := servers.Consul(t)
	b := stack.Bus{Type: bus}
	if bus == "redis" {
		b.Port = servers.Redis(t).Port
	} else {
		b.Port = servers.Mosquitto(t).Port
	}
	kv := "http://" + consul.Addr() + "/v1/kv/"
	meta := stack.ServeMetadata(t, busClient(t, b))
	register(t, consul, "core-metadata", meta)
	pushCommon(t, kv, stack.Common(b, meta, consul.Port))

	sim, nodes := serveBoiler(t)
	dir := t.TempDir()
	ports := map[string]int{"device-modbus": servers.FreePort(t), "device-opcua": servers.FreePort(t), "rules-service": servers.FreePort(t)}
	api := servers.FreePort(t)
	configure(t, dir, ports, api, sim, nodes)
	running := map[string]*stack.Process{}
	for name := range ports {
		running[name] = stack.Start(t, []string{"EDGEX_STARTUP_DURATION=60"}, filepath.Join(stack.Binaries(t), name),
			"-cp=consul.http://"+consul.Addr(), "-r", "-cd="+filepath.Join(dir, name))
	}
	for name := range ports {
		healthy(t, consul, name)
	}

	rules := fmt.Sprintf("http://127.0.0.1:%d", api)
	stack.Answers(t, rules+"/ping")
	stack.MustCall(t, 201, "POST", rules+"/streams", `{"sql":"CREATE STREAM boilers () WITH (TYPE=\"edgex\", FORMAT=\"json\")"}`)
	stack.MustCall(t, 201, "POST", rules+"/rules", `{"id":"seen","sql":"SELECT Temperature FROM boilers WHERE Temperature > 0","actions":[{"nop":{}}]}`)
	stack.MustCall(t, 201, "POST", rules+"/rules", `{"id":"pressed","sql":"SELECT Pressure FROM boilers WHERE Pressure > 0","actions":[{"nop":{}}]}`)
	for _, rule := range []string{"seen", "pressed"} {
		stack.Eventually(t, func(ctx context.Context) error { return stack.Received(ctx, rules+"/rules/"+rule+"/status") })
	}

	for name, p := range running {
		if strings.Contains(p.Output(), "level=DEBUG") {
			t.Errorf("%s logs at DEBUG before it was asked to", name)
		}
		stack.MustCall(t, 200, "PUT", kv+kvRoot+name+"/Writable/LogLevel", "DEBUG")
		stack.Eventually(t, func(ctx context.Context) error {
			port := ports[name]
			if name == "rules-service" {
				port = api
			}
			_, _, _ = stack.Call(ctx, "GET", fmt.Sprintf("http://127.0.0.1:%d%s", port, chatter[name]), "")
			if !strings.Contains(p.Output(), "level=DEBUG") {
				return fmt.Errorf("%s does not log at DEBUG", name)
			}
			return nil
		})
	}
	for name, p := range running {
		if !p.Stop(stack.Patience) {
			t.Errorf("%s did not end by itself", name)
		}
		if text := stack.MustCall(t, 200, "GET", "http://"+consul.Addr()+"/v1/agent/services", ""); strings.Contains(text, `"`+name+`"`) {
			t.Errorf("%s is still registered after its end", name)
		}
	}
}

// serveBoiler runs the simulated boiler on Modbus TCP and OPC UA.
func serveBoiler(t *testing.T) (modbus, opcua int) {
	t.Helper()
	modbus, opcua = servers.FreePort(t), servers.FreePort(t)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 2)
	model := boilerhouse.NewModel()
	go func() { done <- boilerhouse.ServeModbus(ctx, fmt.Sprintf("127.0.0.1:%d", modbus), model) }()
	go func() { done <- boilerhouse.ServeOPCUA(ctx, fmt.Sprintf("127.0.0.1:%d", opcua), model) }()
	t.Cleanup(func() {
		cancel()
		if err := errors.Join(<-done, <-done); err != nil {
			t.Error(err)
		}
	})
	return modbus, opcua
}

// configure writes the private configuration of the services.
func configure(t *testing.T, dir string, ports map[string]int, api, sim, nodes int) {
	t.Helper()
	for _, name := range []string{"device-modbus", "device-opcua"} {
		res := filepath.Join(dir, name)
		stack.WriteFile(t, res, "configuration.yaml", fmt.Sprintf(`Writable: {LogLevel: INFO}
Service: {Host: 127.0.0.1, Port: %d, StartupMsg: started}
MessageBus: {Optional: {ClientId: %s}}
Device: {ProfilesDir: %[3]s/profiles, DevicesDir: %[3]s/devices}
`, ports[name], name, res))
	}
	stack.WriteFile(t, dir, "device-modbus/profiles/boiler.yaml", `name: Boiler
deviceResources:
  - {name: Temperature, attributes: {primaryTable: HOLDING_REGISTERS, startingAddress: 0}, properties: {valueType: Float32, readWrite: R}}
`)
	stack.WriteFile(t, dir, "device-modbus/devices/boiler.yaml", fmt.Sprintf(`deviceList:
  - name: boiler-1
    profileName: Boiler
    protocols: {modbus-tcp: {Address: 127.0.0.1, Port: %d, UnitID: 1, Timeout: 5, IdleTimeout: 5}}
    autoEvents: [{interval: 200ms, onChange: false, sourceName: Temperature}]
`, sim))
	stack.WriteFile(t, dir, "device-opcua/profiles/boiler.yaml", `name: OPCUA-Boiler
deviceResources:
  - {name: Pressure, attributes: {nodeId: "ns=1;s=Boiler.Pressure"}, properties: {valueType: Float64, readWrite: R}}
`)
	stack.WriteFile(t, dir, "device-opcua/devices/boiler.yaml", fmt.Sprintf(`deviceList:
  - name: boiler-2
    profileName: OPCUA-Boiler
    protocols: {opcua: {Endpoint: "opc.tcp://127.0.0.1:%d"}}
    autoEvents: [{interval: 200ms, onChange: false, sourceName: Pressure}]
`, nodes))
	stack.WriteFile(t, dir, "rules-service/configuration.yaml", stack.RulesConfig(ports["rules-service"], api, filepath.Join(dir, "data")))
}

// pushCommon writes the common configuration as EdgeX's bootstrapper does: one
// leaf a key.
func pushCommon(t *testing.T, kv, text string) {
	t.Helper()
	var tree map[string]any
	if err := yaml.Unmarshal([]byte(text), &tree); err != nil {
		t.Fatal(err)
	}
	base := kv + kvRoot + "core-common-config-bootstrapper/"
	var push func(path string, node any)
	push = func(path string, node any) {
		if m, ok := node.(map[string]any); ok {
			for k, v := range m {
				push(path+"/"+k, v)
			}
			return
		}
		stack.MustCall(t, 200, "PUT", base+strings.TrimPrefix(path, "/"), fmt.Sprint(node))
	}
	push("", tree)
	stack.MustCall(t, 200, "PUT", base+"IsCommonConfigReady", "true")
}

func register(t *testing.T, consul *servers.Process, name string, port int) {
	t.Helper()
	stack.MustCall(t, 200, "PUT", "http://"+consul.Addr()+"/v1/agent/service/register",
		fmt.Sprintf(`{"Name":%q,"Address":"127.0.0.1","Port":%d}`, name, port))
}

// healthy waits until Consul's own check of the service passes.
func healthy(t *testing.T, consul *servers.Process, name string) {
	t.Helper()
	stack.Eventually(t, func(ctx context.Context) error { return stack.Passing(ctx, "http://"+consul.Addr(), name) })
}
