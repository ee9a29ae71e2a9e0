package stack

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"sluice/tests/servers"
)

// Bus is the EdgeX message bus of a test.
type Bus struct {
	Type string // mqtt or redis
	Port int
}

// protocol is what EdgeX calls the transport of the bus.
func (b Bus) protocol() string {
	if b.Type == "mqtt" {
		return "tcp"
	}
	return b.Type
}

// Common is the common configuration of EdgeX for a bus, a core-metadata and a
// Consul by their ports on loopback, as services read it with -cc.
func Common(bus Bus, metadata, registry int) string {
	return fmt.Sprintf(`all-services:
  Writable:
    LogLevel: INFO
    InsecureSecrets: {DB: {SecretName: redisdb, SecretData: {username: "", password: ""}}}
    Telemetry: {Interval: 30s}
  Service: {HealthCheckInterval: 1s, MaxResultCount: 1024, RequestTimeout: 5s}
  Registry: {Host: 127.0.0.1, Port: %[5]d, Type: consul}
  MessageBus: {Protocol: %[1]s, Host: 127.0.0.1, Port: %[2]d, Type: %[3]s, AuthMode: none, SecretName: redisdb, BaseTopicPrefix: edgex}
app-services:
  Writable: {StoreAndForward: {Enabled: false, RetryInterval: 5m, MaxRetryCount: 10}}
  Clients: {core-metadata: {Protocol: http, Host: 127.0.0.1, Port: %[4]d}}
  Trigger: {Type: edgex-messagebus, SubscribeTopics: "events/#"}
device-services:
  MaxEventSize: 0
  Writable: {Reading: {ReadingUnits: true}}
  Clients: {core-metadata: {Protocol: http, Host: 127.0.0.1, Port: %[4]d}}
  Device:
    DataTransform: true
    MaxCmdOps: 128
    MaxCmdValueLen: 256
    ProfilesDir: ./res/profiles
    DevicesDir: ./res/devices
    EnableAsyncReadings: true
    AsyncBufferSize: 16
    Discovery: {Enabled: false, Interval: 30s}
`, bus.protocol(), bus.Port, bus.Type, metadata, registry)
}

// WriteFile writes a file below dir, with its folders, and returns its path.
func WriteFile(t testing.TB, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// Rules is a rules service with its configuration in files.
type Rules struct {
	*Process
	API  string // base URL of the rules API
	SDK  string // base URL of EdgeX's API
	dir  string
	args []string
	bin  string
}

// NewRules writes the configuration of a rules service on the bus and starts
// it.
func NewRules(t testing.TB, bus Bus) *Rules {
	t.Helper()
	r := &Rules{dir: t.TempDir(), bin: filepath.Join(Binaries(t), "rules-service")}
	api, sdk := servers.FreePort(t), servers.FreePort(t)
	r.API, r.SDK = fmt.Sprintf("http://127.0.0.1:%d", api), fmt.Sprintf("http://127.0.0.1:%d", sdk)
	common := WriteFile(t, r.dir, "common.yaml", Common(bus, servers.FreePort(t), servers.FreePort(t)))
	WriteFile(t, r.dir, "res/configuration.yaml", RulesConfig(sdk, api, filepath.Join(r.dir, "data")))
	r.args = []string{"-cc", common, "-cd", filepath.Join(r.dir, "res")}
	r.Restart(t)
	return r
}

// RulesConfig is the private configuration of a rules service.
func RulesConfig(sdk, api int, data string) string {
	return fmt.Sprintf(`Writable: {LogLevel: INFO}
Service: {Host: 127.0.0.1, Port: %d, StartupMsg: rules service started}
MessageBus: {Disabled: true}
Trigger: {Type: http}
Rules: {Host: 127.0.0.1, Port: %d, DataDir: %q, Authentication: ""}
`, sdk, api, data)
}

// Dir is where the service keeps its configuration and, in data, all else.
func (r *Rules) Dir() string { return r.dir }

// Restart starts the service, on the data it had.
func (r *Rules) Restart(t testing.TB) {
	t.Helper()
	r.Process = Start(t, nil, r.bin, r.args...)
	Answers(t, r.API+"/ping")
}

// Goroutines is how many the service has, as its metrics tell.
func (r *Rules) Goroutines(t testing.TB) int {
	t.Helper()
	for line := range strings.Lines(MustCall(t, 200, "GET", r.API+"/metrics", "")) {
		if text, ok := strings.CutPrefix(line, "go_goroutines "); ok {
			n, err := strconv.Atoi(strings.TrimSpace(text))
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
	}
	t.Fatal("the metrics have no go_goroutines")
	return 0
}
