package metadata

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
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

func (sdkDriver) Initialize(interfaces.DeviceServiceSDK) error            { return nil }
func (sdkDriver) Start() error                                            { return nil }
func (sdkDriver) Stop(bool) error                                         { return nil }
func (sdkDriver) Discover() error                                         { return nil }
func (sdkDriver) AddDevice(string, protocols, models.AdminState) error    { return nil }
func (sdkDriver) UpdateDevice(string, protocols, models.AdminState) error { return nil }
func (sdkDriver) RemoveDevice(string, protocols) error                    { return nil }

func (sdkDriver) ValidateDevice(d models.Device) error {
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

func (t *trace) take() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	calls := strings.Join(t.calls, "\n")
	t.calls = nil
	return calls
}

func writeService(t *testing.T, busPort int, metadataURL string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	host, port, _ := strings.Cut(strings.TrimPrefix(metadataURL, "http://"), ":")
	client := fmt.Sprintf("{core-metadata: {Protocol: http, Host: %s, Port: %s}}", host, port)
	for name, text := range map[string]string{
		"common.yaml": fmt.Sprintf(`all-services:
  Writable: {LogLevel: INFO, InsecureSecrets: {DB: {SecretName: redisdb, SecretData: {username: "", password: ""}}}, Telemetry: {Interval: 30s}}
  Service: {HealthCheckInterval: 10s, MaxResultCount: 1024, RequestTimeout: 5s}
  MessageBus: {Protocol: tcp, Host: 127.0.0.1, Port: %d, Type: mqtt, AuthMode: none, BaseTopicPrefix: edgex, Optional: {ClientId: ds-sdk}}
app-services: {}
device-services:
  Clients: %s
  Device: {DataTransform: true, MaxCmdOps: 128, EnableAsyncReadings: true, AsyncBufferSize: 1, ProfilesDir: %[3]s/profiles, DevicesDir: %[3]s/devices, Discovery: {Enabled: false}}
`, busPort, client, dir),
		"res/configuration.yaml": fmt.Sprintf("Writable: {LogLevel: INFO}\nService: {Host: 127.0.0.1, Port: %d, StartupMsg: up}\nDevice: {}\n", freePort(t)),
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

// freePort is below the ports that the kernel gives to outgoing connections.
func freePort(t *testing.T) int {
	t.Helper()
	for p := 20000 + os.Getpid()%5000; p < 32768; p++ {
		if l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", p)); err == nil {
			_ = l.Close()
			return p
		}
	}
	t.Fatal("no free port")
	return 0
}

// runService starts the service and returns when its first event came over the bus.
func runService(t *testing.T, dir string, events <-chan types.MessageEnvelope) (stop func()) {
	t.Helper()
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0], "-cd", filepath.Join(dir, "res"), "-cc", filepath.Join(dir, "common.yaml"))
	cmd.Env = append(os.Environ(), serviceRole+"=1", "EDGEX_SECURITY_SECRET_STORE=false")
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	stop = func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		_ = log.Close()
	}
	select {
	case <-events:
	case <-time.After(30 * time.Second):
		stop()
		text, _ := os.ReadFile(log.Name())
		t.Fatalf("no event from the device service:\n%s", text)
	}
	return stop
}

func TestDeviceSDKStarts(t *testing.T) {
	b, err := broker.Start(broker.Options{Name: "bus", Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	s, err := New(Options{File: filepath.Join(t.TempDir(), "m.json"), Bus: connect(t, b, "metadata")})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	calls := &trace{Handler: s}
	server := httptest.NewServer(calls)
	defer server.Close()
	events := make(chan types.MessageEnvelope, 10000)
	err = connect(t, b, "watch").Subscribe([]types.TopicChannel{{Topic: "edgex/events/device/ds-sdk/P/D1/A", Messages: events}}, make(chan error, 100))
	if err != nil {
		t.Fatal(err)
	}
	dir := writeService(t, b.Port(), server.URL)

	stop := runService(t, dir, events)
	first := `GET device/service/name/ds-sdk 200
GET provisionwatcher/service/name/ds-sdk 200
GET deviceservice/name/ds-sdk 404
POST deviceservice 207
GET deviceprofile/name/P 404
POST deviceprofile 207
POST device 207
GET deviceprofile/name/P 200`
	// The last two overlap: the system event comes before the answer.
	if got := calls.take(); got != first && got != swapLast(first) {
		t.Errorf("first start:\n%s\nwant\n%s", got, first)
	}
	stop()
	for len(events) > 0 {
		<-events
	}

	stop = runService(t, dir, events)
	defer stop()
	again := `GET device/service/name/ds-sdk 200
GET deviceprofile/name/P 200
GET provisionwatcher/service/name/ds-sdk 200
GET deviceservice/name/ds-sdk 200
PATCH deviceservice 207
GET deviceprofile/name/P 200`
	if got := calls.take(); !strings.HasPrefix(got, again) {
		t.Errorf("second start:\n%s\nwant\n%s", got, again)
	}
}

func swapLast(lines string) string {
	l := strings.Split(lines, "\n")
	n := len(l)
	l[n-2], l[n-1] = l[n-1], l[n-2]
	return strings.Join(l, "\n")
}
