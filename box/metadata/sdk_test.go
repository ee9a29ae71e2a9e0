package metadata

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/edgexfoundry/device-sdk-go/v3/pkg/interfaces"
	sdkmodels "github.com/edgexfoundry/device-sdk-go/v3/pkg/models"
	"github.com/edgexfoundry/device-sdk-go/v3/pkg/startup"
	"github.com/edgexfoundry/go-mod-core-contracts/v3/common"
	"github.com/edgexfoundry/go-mod-core-contracts/v3/models"
	"github.com/edgexfoundry/go-mod-messaging/v3/pkg/types"

	"sluice/box/broker"
	"sluice/tests/servers"
)

// The test binary is also a device service on the real SDK.
const serviceRole = "METADATA_TEST_SERVICE"

func TestMain(m *testing.M) {
	if os.Getenv(serviceRole) != "" {
		startup.Bootstrap("ds-sdk", "1.0.0", sdkDriver{})
		return
	}
	os.Exit(m.Run())
}

type sdkDriver struct{}

type protocols = map[string]models.ProtocolProperties

func (sdkDriver) Initialize(interfaces.DeviceServiceSDK) error { return nil }
func (sdkDriver) Start() error                                 { return nil }
func (sdkDriver) Stop(bool) error                              { return nil }
func (sdkDriver) Discover() error                              { return nil }

// told prints what the SDK tells the driver; the test reads it.
func told(format string, args ...any) error {
	_, err := fmt.Printf("told "+format+"\n", args...)
	return err
}

func (sdkDriver) AddDevice(name string, p protocols, state models.AdminState) error {
	return told("add %s %v %s", name, p, state)
}

func (sdkDriver) UpdateDevice(name string, p protocols, state models.AdminState) error {
	return told("update %s %v %s", name, p, state)
}

func (sdkDriver) RemoveDevice(name string, p protocols) error { return told("remove %s %v", name, p) }

func (sdkDriver) ValidateDevice(d models.Device) error {
	if err := told("validate %s %v %s", d.Name, d.Protocols, d.AdminState); err != nil {
		return err
	}
	if _, found := d.Protocols["x"]; !found {
		return fmt.Errorf("protocol x is missing")
	}
	return nil
}

func (sdkDriver) HandleReadCommands(_ string, _ protocols, rs []sdkmodels.CommandRequest) ([]*sdkmodels.CommandValue, error) {
	var out []*sdkmodels.CommandValue
	for _, r := range rs {
		v, err := sdkmodels.NewCommandValue(r.DeviceResourceName, common.ValueTypeInt32, int32(7))
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}

func (sdkDriver) HandleWriteCommands(string, protocols, []sdkmodels.CommandRequest, []*sdkmodels.CommandValue) error {
	return nil
}

// trace keeps the calls that a handler gets, with the codes of its answers.
type trace struct {
	http.Handler
	mu    sync.Mutex
	calls []string
}

func (t *trace) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	rec := httptest.NewRecorder()
	t.Handler.ServeHTTP(rec, r)
	t.mu.Lock()
	t.calls = append(t.calls, fmt.Sprintf("%s %s %d", r.Method, strings.TrimPrefix(r.URL.Path, "/api/v3/"), rec.Code))
	t.mu.Unlock()
	for k, v := range rec.Header() {
		w.Header()[k] = v
	}
	w.WriteHeader(rec.Code)
	_, _ = w.Write(rec.Body.Bytes())
}

// await waits until the calls begin with one of the lists.
func (t *trace) await(tb testing.TB, lists ...string) {
	tb.Helper()
	calls := ""
	waitFor(tb, func() bool {
		t.mu.Lock()
		defer t.mu.Unlock()
		calls = strings.Join(t.calls, "\n")
		return slices.ContainsFunc(lists, func(list string) bool { return strings.HasPrefix(calls+"\n", list+"\n") })
	}, func() string { return fmt.Sprintf("calls:\n%s\nwant\n%s", calls, lists[0]) })
}

func (t *trace) clear() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.calls = nil
}

// patience is far above what anything takes on a slow machine.
const patience = 2 * time.Minute

func waitFor(tb testing.TB, ok func() bool, state func() string) {
	tb.Helper()
	for deadline := time.Now().Add(patience); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			tb.Fatalf("waited %v; %s", patience, state())
		}
	}
}

func writeService(t *testing.T, busPort int, metadataURL string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	host, port, _ := strings.Cut(strings.TrimPrefix(metadataURL, "http://"), ":")
	client := fmt.Sprintf("{core-metadata: {Protocol: http, Host: %s, Port: %s}}", host, port)
	for name, text := range map[string]string{
		"common.yaml": fmt.Sprintf(`all-services:
  Writable: {LogLevel: INFO, InsecureSecrets: {DB: {SecretName: redisdb, SecretData: {username: "", password: ""}}}, Telemetry: {Interval: 30s}}
  Service: {HealthCheckInterval: 10s, MaxResultCount: 1024, RequestTimeout: 60s}
  MessageBus: {Protocol: tcp, Host: 127.0.0.1, Port: %d, Type: mqtt, AuthMode: none, BaseTopicPrefix: edgex, Optional: {ClientId: ds-sdk}}
app-services: {}
device-services:
  Clients: %s
  Device: {DataTransform: true, MaxCmdOps: 128, EnableAsyncReadings: true, AsyncBufferSize: 1, ProfilesDir: %[3]s/profiles, DevicesDir: %[3]s/devices, Discovery: {Enabled: false}}
`, busPort, client, dir),
		"res/configuration.yaml": fmt.Sprintf("Writable: {LogLevel: INFO}\nService: {Host: 127.0.0.1, Port: %d, StartupMsg: up}\nDevice: {}\n", servers.FreePort(t)),
		"profiles/p.yaml":        "name: P\ndeviceResources:\n  - {name: A, properties: {valueType: Int32, readWrite: RW}}\n",
		"devices/d.yaml":         "deviceList:\n  - {name: D1, profileName: P, protocols: {x: {Address: y}}, autoEvents: [{interval: 50ms, sourceName: A}]}\n",
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// sdkService is the device service as a process.
type sdkService struct {
	cmd *exec.Cmd
	log string
}

func runService(t *testing.T, dir string) *sdkService {
	t.Helper()
	log, err := os.CreateTemp(dir, "log")
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	s := &sdkService{cmd: exec.Command(os.Args[0], "-cd", filepath.Join(dir, "res"), "-cc", filepath.Join(dir, "common.yaml")), log: log.Name()}
	s.cmd.Env = append(os.Environ(), serviceRole+"=1", "EDGEX_SECURITY_SECRET_STORE=false")
	s.cmd.Stdout, s.cmd.Stderr = log, log
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.kill)
	return s
}

func (s *sdkService) kill() {
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait() // a second time it says so
}

// hears waits until the SDK has told the driver all of it, in this order.
func (s *sdkService) hears(t *testing.T, want ...string) {
	t.Helper()
	text := ""
	waitFor(t, func() bool {
		b, _ := os.ReadFile(s.log)
		text = string(b)
		rest := text
		for _, w := range want {
			_, after, found := strings.Cut(rest, "told "+w+"\n")
			if !found {
				return false
			}
			rest = after
		}
		return true
	}, func() string { return fmt.Sprintf("want %q in\n%s", want, text) })
}

func TestDeviceSDKStartsRestartsAndFollowsChanges(t *testing.T) {
	b, err := broker.Start(broker.Options{Name: "bus", Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close) // after its clients: one whose broker has gone does not end
	s, err := New(Options{File: filepath.Join(t.TempDir(), "m.json"), Bus: connect(t, b, "metadata")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	calls := &trace{Handler: s}
	server := httptest.NewServer(calls)
	t.Cleanup(server.Close)
	events := make(chan types.MessageEnvelope, 10000)
	err = connect(t, b, "watch").Subscribe([]types.TopicChannel{{Topic: "edgex/events/device/ds-sdk/#", Messages: events}}, make(chan error, 100))
	if err != nil {
		t.Fatal(err)
	}
	dir := writeService(t, b.Port(), server.URL)

	ds := runService(t, dir)
	first := `GET device/service/name/ds-sdk 200
GET provisionwatcher/service/name/ds-sdk 200
GET deviceservice/name/ds-sdk 404
POST deviceservice 207
GET deviceprofile/name/P 404
POST deviceprofile 207
POST device 207
GET deviceprofile/name/P 200`
	// The last two overlap: the system event comes before the answer.
	calls.await(t, first, swapLast(first))
	ds.hears(t, "validate D1 map[x:map[Address:y]] UNLOCKED", "add D1 map[x:map[Address:y]] UNLOCKED")
	await(t, events, "D1")
	ds.kill()

	calls.clear()
	ds = runService(t, dir)
	calls.await(t, `GET device/service/name/ds-sdk 200
GET deviceprofile/name/P 200
GET provisionwatcher/service/name/ds-sdk 200
GET deviceservice/name/ds-sdk 200
PATCH deviceservice 207
GET deviceprofile/name/P 200`)
	// An answer to a question shows that the service listens again.
	web := &site{t: t, http: server}
	patch := func(fields string, status int) {
		t.Helper()
		waitFor(t, func() bool {
			code, text := web.call("PATCH", "device", `[{"apiVersion":"v3","device":{"name":"D1",`+fields+`}}]`)
			return code == 207 && strings.Contains(text, fmt.Sprintf(`"statusCode":%d`, status))
		}, func() string { return fmt.Sprintf("patch %s is not answered with %d", fields, status) })
	}
	patch(`"adminState":"LOCKED"`, 200)
	ds.hears(t, "validate D1 map[x:map[Address:y]] LOCKED", "update D1 map[x:map[Address:y]] LOCKED")
	patch(`"adminState":"UNLOCKED","protocols":{"x":{"Address":"z"}}`, 200)
	ds.hears(t, "validate D1 map[x:map[Address:z]] UNLOCKED", "update D1 map[x:map[Address:z]] UNLOCKED")
	patch(`"protocols":{"y":{}}`, 500)
	web.expect("GET", "device/name/D1", "", 200, `"Address":"z"`)

	web.expect("PUT", "deviceprofile", `[{"apiVersion":"v3","profile":{"name":"P","deviceResources":[`+
		`{"name":"A","properties":{"valueType":"Int32","readWrite":"RW"}},{"name":"B","properties":{"valueType":"Int32","readWrite":"R"}}]}}]`, 207, `"statusCode":200`)
	ds.hears(t, "validate D1 map[y:map[]] UNLOCKED", "update D1 map[x:map[Address:z]] UNLOCKED")
	patch(`"autoEvents":[{"interval":"50ms","sourceName":"B"}]`, 200)
	await(t, events, "B") // the resource is there

	web.expect("DELETE", "device/name/D1", "", 200)
	ds.hears(t, "remove D1 map[x:map[Address:z]]")
	web.expect("POST", "device", `[{"apiVersion":"v3","device":{"name":"D2","serviceName":"ds-sdk","profileName":"P","adminState":"UNLOCKED","operatingState":"UP","protocols":{"x":{"Address":"w"}},`+
		`"autoEvents":[{"interval":"50ms","sourceName":"B"}]}}]`, 207, `"statusCode":201`)
	ds.hears(t, "add D2 map[x:map[Address:w]] UNLOCKED")
	await(t, events, "D2")
}

// await waits for an event whose topic has a level.
func await(t *testing.T, events <-chan types.MessageEnvelope, level string) {
	t.Helper()
	for deadline := time.After(patience); ; {
		select {
		case e := <-events:
			if slices.Contains(strings.Split(e.ReceivedTopic, "/"), level) {
				return
			}
		case <-deadline:
			t.Fatalf("no event of %s", level)
		}
	}
}

func swapLast(lines string) string {
	l := strings.Split(lines, "\n")
	n := len(l)
	l[n-2], l[n-1] = l[n-1], l[n-2]
	return strings.Join(l, "\n")
}
