package edgex

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/edgexfoundry/go-mod-core-contracts/v3/dtos"
	"github.com/edgexfoundry/go-mod-core-contracts/v3/dtos/requests"
	"github.com/edgexfoundry/go-mod-messaging/v3/messaging"
	"github.com/edgexfoundry/go-mod-messaging/v3/pkg/types"
	"github.com/nats-io/nats-server/v2/server"

	"sluice/device-service/internal/driver"
	"sluice/tests/servers"
)

// longEnough is far above what anything takes on a slow machine.
const longEnough = 2 * time.Minute

// rig is a device service with all that is around it: a broker, core-metadata
// and a subscriber of its events.
type rig struct {
	t        *testing.T
	dir      string
	broker   *server.Server
	busPort  int
	meta     *metadata
	metaSrv  *httptest.Server
	metaPort int
	port     int
	fake     *fakeDriver
	ended    chan error
	http     *http.Client
	over     chan struct{} // closed when the clients of the bus have ended

	mu     sync.Mutex
	events []received
}

type received struct {
	topic, correlation string
	event              dtos.Event
}

// newBus is a rig with a broker and nothing else.
func newBus(t *testing.T) *rig {
	r := &rig{t: t, dir: t.TempDir(), busPort: servers.FreePort(t), over: make(chan struct{})}
	r.startBroker()
	t.Cleanup(func() { r.broker.Shutdown(); r.broker.WaitForShutdown() })
	t.Cleanup(func() { close(r.over) })
	return r
}

func newRig(t *testing.T) *rig {
	r := newBus(t)
	r.port, r.http = servers.FreePort(t), &http.Client{Transport: &http.Transport{}}
	t.Setenv("EDGEX_SECURITY_SECRET_STORE", "false")
	t.Setenv("EDGEX_STARTUP_DURATION", "120")
	t.Setenv("AUTONOMY_DIR", filepath.Join(r.dir, "state"))
	r.meta = newMetadata(r.client("metadata"))
	r.metaPort = servers.FreePort(t)
	r.startMetadata()
	t.Cleanup(func() { r.metaSrv.Close() })
	r.subscribe(r.client("watcher"))
	// The SDK ends on SIGTERM; the test process must not.
	caught := make(chan os.Signal, 4)
	signal.Notify(caught, syscall.SIGTERM)
	t.Cleanup(func() { signal.Stop(caught) })
	r.configure()
	return r
}

func (r *rig) startBroker() {
	r.t.Helper()
	s, err := server.NewServer(&server.Options{
		ServerName: "test", Host: "127.0.0.1", Port: -1, NoLog: true, NoSigs: true,
		JetStream: true, StoreDir: filepath.Join(r.dir, "broker"),
		MQTT: server.MQTTOpts{Host: "127.0.0.1", Port: r.busPort, JSAPITimeout: longEnough},
	})
	if err != nil {
		r.t.Fatal(err)
	}
	s.Start()
	if !s.ReadyForConnections(longEnough) {
		r.t.Fatal("broker is not ready")
	}
	r.broker = s
}

func (r *rig) startMetadata() {
	r.t.Helper()
	l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", r.metaPort))
	if err != nil {
		r.t.Fatal(err)
	}
	r.metaSrv = httptest.NewUnstartedServer(r.meta)
	_ = r.metaSrv.Listener.Close()
	r.metaSrv.Listener = l
	r.metaSrv.Start()
}

func (r *rig) client(id string) messaging.MessageClient {
	r.t.Helper()
	c, err := messaging.NewMessageClient(types.MessageBusConfig{
		Broker: types.HostInfo{Host: "127.0.0.1", Port: r.busPort, Protocol: "tcp"}, Type: "mqtt",
		Optional: map[string]string{"ClientId": id, "AutoReconnect": "true", "KeepAlive": "10"},
	})
	if err != nil {
		r.t.Fatal(err)
	}
	if err := c.Connect(); err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { _ = c.Disconnect() })
	return c
}

func (r *rig) subscribe(c messaging.MessageClient) {
	r.t.Helper()
	messages, failed := make(chan types.MessageEnvelope), make(chan error, 10)
	if err := c.Subscribe([]types.TopicChannel{{Topic: "edgex/events/device/#", Messages: messages}}, failed); err != nil {
		r.t.Fatal(err)
	}
	go func() {
		for {
			select {
			case <-r.over: // not before: a client with a message in hand cannot disconnect
				return
			case m := <-messages:
				var q requests.AddEventRequest
				if err := q.UnmarshalJSON(m.Payload); err != nil {
					r.t.Errorf("event on %s: %v", m.ReceivedTopic, err)
					continue
				}
				r.mu.Lock()
				r.events = append(r.events, received{m.ReceivedTopic, m.CorrelationID, q.Event})
				r.mu.Unlock()
			}
		}
	}()
}

func (r *rig) write(name, text string) {
	r.t.Helper()
	f := filepath.Join(r.dir, name)
	if err := os.MkdirAll(filepath.Dir(f), 0o755); err != nil {
		r.t.Fatal(err)
	}
	if err := os.WriteFile(f, []byte(text), 0o644); err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) configure() {
	r.write("common.yaml", fmt.Sprintf(`all-services:
  Writable: {LogLevel: INFO, Telemetry: {Interval: 30s}}
  Service: {HealthCheckInterval: 10s, MaxResultCount: 1024, RequestTimeout: 60s}
  MessageBus: {Protocol: tcp, Host: 127.0.0.1, Port: %d, Type: mqtt, AuthMode: none, BaseTopicPrefix: edgex}
device-services:
  MaxEventSize: 0
  Writable: {Reading: {ReadingUnits: true}}
  Clients: {core-metadata: {Protocol: http, Host: 127.0.0.1, Port: %d}}
  Device: {DataTransform: true, MaxCmdOps: 128, EnableAsyncReadings: true, AsyncBufferSize: 1, Discovery: {Enabled: false}}
`, r.busPort, r.metaPort))
	r.write("res/configuration.yaml", fmt.Sprintf(`Writable: {LogLevel: WARN}
Service: {Host: 127.0.0.1, Port: %d, StartupMsg: started}
MessageBus: {Optional: {ClientId: device-test, AutoReconnect: "true", KeepAlive: "10"}}
Device: {ProfilesDir: %s/res/profiles, DevicesDir: %s/res/devices}
`, r.port, r.dir, r.dir))
}

// start runs the service; the driver lives on over restarts.
func (r *rig) start(fake *fakeDriver, args ...string) {
	r.fake = fake
	r.startWith(func(Env) driver.Driver { return fake }, args...)
}

func (r *rig) startWith(newDriver func(Env) driver.Driver, args ...string) {
	r.ended = make(chan error, 1)
	os.Args = append([]string{"device-test", "-cd", r.dir + "/res"}, args...)
	if len(args) == 0 {
		os.Args = append(os.Args, "-cc", r.dir+"/common.yaml")
	}
	go func() {
		r.ended <- run(Service{Key: "device-test", Version: "1.2.3", New: newDriver})
	}()
}

// stop ends the service as its supervisor would.
func (r *rig) stop() {
	r.t.Helper()
	if err := syscall.Kill(os.Getpid(), syscall.SIGTERM); err != nil {
		r.t.Fatal(err)
	}
	select {
	case err := <-r.ended:
		if err != nil {
			r.t.Errorf("service ended with: %v", err)
		}
	case <-time.After(longEnough):
		r.t.Fatal("service does not end")
	}
}

// take returns the events of a source since the last clear.
func (r *rig) take(device, source string) []received {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []received
	for _, e := range r.events {
		if e.event.DeviceName == device && e.event.SourceName == source {
			out = append(out, e)
		}
	}
	return out
}

// last returns the latest event of a source; without one it has no readings.
func (r *rig) last(device, source string) dtos.Event {
	all := r.take(device, source)
	if len(all) == 0 {
		return dtos.Event{}
	}
	return all[len(all)-1].event
}

func (r *rig) clear() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.events = nil
}

// until polls a condition.
func (r *rig) until(what string, condition func() bool) {
	r.t.Helper()
	for end := time.Now().Add(longEnough); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if condition() {
			return
		}
	}
	r.t.Fatalf("never: %s", what)
}

// call returns status and body of a request to the service.
func (r *rig) call(method, path, body string) (int, string) {
	r.t.Helper()
	q, err := http.NewRequest(method, fmt.Sprintf("http://127.0.0.1:%d/api/v3/%s", r.port, path), bytes.NewBufferString(body))
	if err != nil {
		r.t.Fatal(err)
	}
	res, err := r.http.Do(q)
	if err != nil {
		return 0, err.Error()
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	return res.StatusCode, strings.TrimSpace(string(text))
}
