package edgex

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/edgexfoundry/go-mod-core-contracts/v3/dtos"
	dtocommon "github.com/edgexfoundry/go-mod-core-contracts/v3/dtos/common"
	"github.com/edgexfoundry/go-mod-core-contracts/v3/models"

	"sluice/device-service/internal/driver"
	"sluice/upstream"
)

// stateFile is where the service of a rig keeps what core-metadata knew.
func (r *rig) stateFile() string {
	return filepath.Join(r.dir, "state", "device-test", "core-metadata.json")
}

// keeps waits until the state on disk has a word, or no longer has it.
func (r *rig) keeps(word string, want bool) {
	r.t.Helper()
	r.until("state on disk, "+word, func() bool {
		text, err := os.ReadFile(r.stateFile())
		return err == nil && strings.Contains(string(text), word) == want
	})
}

// TestStartWithoutMetadata starts a service from the last known state and lets
// core-metadata come back changed.
func TestStartWithoutMetadata(t *testing.T) {
	if raceDetector {
		t.Skip(secondRun)
	}
	r := newRig(t)
	t.Setenv("AUTONOMY_PATIENCE", "200ms")
	r.write("res/profiles/p.yaml", testProfile)
	r.write("res/devices/d.yaml", testDevices)
	r.start(filledDriver())
	r.once("D1", "All")
	r.keeps("D2", true)
	r.must(r.meta.remove("D2")) // the state follows changes at run time
	r.keeps("D2", false)
	r.stop()
	r.metaSrv.Close()

	r.write("res/devices/later.yaml", "deviceList: [{name: D7, profileName: P, protocols: {fake: {Address: z}}, autoEvents: [{interval: 50ms, sourceName: Tenth}]}]\n")
	r.write("res/profiles/q.yaml", strings.Replace(testProfile, "name: P\n", "name: Q\n", 1))
	r.start(filledDriver())
	r.clear()
	r.once("D1", "All")
	if code, _ := r.call("GET", "device/name/D1/All", ""); code != 200 {
		t.Errorf("a command: %d", code)
	}
	if code, _ := r.call("POST", "device/import", ""); code < 400 {
		t.Errorf("a change of devices without core-metadata: %d", code)
	}

	// Changed in core-metadata, where nobody could hear of it.
	r.meta.mu.Lock()
	d3 := r.meta.devices["D1"]
	d3.Name, d3.Id = "D3", "6f2a2a52-6d3c-4a6e-9f6f-000000000003"
	r.meta.devices["D3"] = d3
	d1 := r.meta.devices["D1"]
	d1.AutoEvents = []dtos.AutoEvent{{Interval: "50ms", SourceName: "Single"}}
	r.meta.devices["D1"] = d1
	p := r.meta.profiles["P"]
	p.DeviceResources[0].Properties.Units = "kPa"
	r.meta.profiles["P"] = p
	r.meta.mu.Unlock()
	r.meta.trace()
	r.startMetadata()
	r.once("D3", "All")
	r.once("D7", "Tenth") // of a file that came while core-metadata was away
	r.once("D1", "Single")
	r.silentWhile("D1", "All", "D3")
	r.until("the new unit", func() bool {
		e := r.last("D3", "All")
		return len(e.Readings) > 0 && e.Readings[0].Units == "kPa"
	})
	calls := strings.Join(r.meta.trace(), "\n")
	for _, call := range []string{"PATCH deviceservice", "POST deviceprofile", "POST device"} {
		if strings.Count(calls, call) < 1 {
			t.Errorf("%s was not repeated:\n%s", call, calls)
		}
	}
	r.keeps("D7", true)
	r.stop()

	// Removed while it is away.
	r.metaSrv.Close()
	r.start(filledDriver())
	r.once("D3", "All")
	r.meta.mu.Lock()
	delete(r.meta.devices, "D3")
	r.meta.mu.Unlock()
	r.startMetadata()
	r.until("404", func() bool { code, _ := r.call("GET", "device/name/D3/All", ""); return code == 404 })
	r.silentWhile("D3", "All", "D7")
	r.stop()
}

// silentWhile waits until a source sends nothing while another device sends.
func (r *rig) silentWhile(device, source, other string) {
	r.t.Helper()
	r.until("silence of "+source, func() bool {
		r.clear()
		r.until("events of "+other, func() bool {
			r.mu.Lock()
			defer r.mu.Unlock()
			n := 0
			for _, e := range r.events {
				if e.event.DeviceName == other {
					n++
				}
			}
			return n >= 10
		})
		return len(r.take(device, source)) == 0
	})
}

// TestMetadataAwayAtRunTime: changes that were not heard are made up for.
func TestMetadataAwayAtRunTime(t *testing.T) {
	if raceDetector {
		t.Skip(secondRun)
	}
	r := newRig(t)
	r.write("res/profiles/p.yaml", testProfile)
	r.write("res/devices/d.yaml", testDevices)
	r.start(filledDriver())
	r.once("D1", "All")
	r.metaSrv.Close()
	r.until("the service asks for core-metadata", r.wasAsked)
	r.once("D1", "All")
	r.meta.mu.Lock()
	d3 := r.meta.devices["D1"]
	d3.Name, d3.Id = "D3", "6f2a2a52-6d3c-4a6e-9f6f-000000000003"
	r.meta.devices["D3"] = d3
	delete(r.meta.devices, "D2")
	service := r.meta.services["device-test"]
	service.AdminState = models.Locked
	r.meta.services["device-test"] = service
	r.meta.mu.Unlock()
	r.startMetadata()
	r.until("423", func() bool { code, _ := r.call("GET", "device/name/D1/All", ""); return code == 423 })
	r.must(r.meta.lockService("device-test", models.Unlocked))
	r.once("D3", "All")
	r.once("D1", "All")
	r.until("404", func() bool { code, _ := r.call("GET", "device/name/D2/All", ""); return code == 404 })
	r.stop()
}

// tellingDriver tells how its devices are when the test says so.
type tellingDriver struct {
	*fakeDriver
	told chan func(string, driver.State)
}

func (d *tellingDriver) OnState(f func(string, driver.State)) { d.told <- f }

// TestAutoDownWithoutMetadata: a device that was set DOWN and answers again is
// read while core-metadata is away, over restarts, and UP there afterwards.
func TestAutoDownWithoutMetadata(t *testing.T) {
	if raceDetector {
		t.Skip(secondRun)
	}
	r := newRig(t)
	t.Setenv("AUTONOMY_PATIENCE", "200ms")
	text, err := os.ReadFile(r.dir + "/res/configuration.yaml")
	r.must(err)
	r.write("res/configuration.yaml", string(text)+"Driver: {AutoDown: 1ms}\n")
	r.write("res/profiles/p.yaml", testProfile)
	r.write("res/devices/d.yaml", testDevices)
	d := &tellingDriver{filledDriver(), make(chan func(string, driver.State), 1)}
	start := func() func(string, driver.State) {
		r.startWith(func(Env) driver.Driver { return d })
		tell := <-d.told
		r.until("the service runs", func() bool { code, _ := r.call("GET", "ping", ""); return code == 200 })
		return tell
	}
	up, down := driver.State{Up: true}, driver.State{Err: errors.New("no answer")}
	is := func(state string) {
		t.Helper()
		r.until("D1 "+state, func() bool {
			r.meta.mu.Lock()
			defer r.meta.mu.Unlock()
			return r.meta.devices["D1"].OperatingState == state
		})
	}
	fail := func(tell func(string, driver.State)) {
		t.Helper()
		r.once("D1", "All")
		tell("D1", down)
		is(models.Down)
		r.until("423", func() bool { code, _ := r.call("GET", "device/name/D1/All", ""); return code == 423 })
	}

	tell := start()
	fail(tell)
	r.metaSrv.Close()
	tell("D1", up)
	r.once("D1", "All")
	r.startMetadata()
	is(models.Up)
	r.once("D1", "All")

	fail(tell)
	r.metaSrv.Close()
	tell("D1", up)
	r.once("D1", "All")
	r.meta.mu.Lock() // it loses its data
	r.meta.services, r.meta.profiles, r.meta.devices = map[string]dtos.DeviceService{}, map[string]dtos.DeviceProfile{}, map[string]dtos.Device{}
	r.meta.mu.Unlock()
	r.startMetadata()
	is(models.Up)
	r.until("200", func() bool { code, _ := r.call("GET", "device/name/D1/All", ""); return code == 200 })

	fail(tell)
	r.keeps(`"operatingState":"DOWN"`, true)
	r.stop()
	r.metaSrv.Close()
	start()("D1", up) // as a driver that reaches it
	r.once("D1", "All")
	r.keeps(`"operatingState":"DOWN"`, false)
	r.stop()
	start() // a life that has not seen it DOWN
	r.once("D1", "All")
	r.startMetadata()
	is(models.Up)
	r.once("D1", "All")
	r.stop()
}

// wasAsked tells that the service asked for core-metadata since the last time:
// the port is ours while that is away.
func (r *rig) wasAsked() bool {
	l, err := net.Listen("tcp", r.metaAddr())
	if err != nil {
		return false
	}
	defer l.Close()
	_ = l.(*net.TCPListener).SetDeadline(time.Now().Add(longEnough))
	c, err := l.Accept()
	if err != nil {
		return false
	}
	return c.Close() == nil
}

func (r *rig) metaAddr() string { return strings.TrimPrefix(r.metaSrv.URL, "http://") }

// lost is a transport to nobody.
type lostHost struct{ asked int }

func (l *lostHost) RoundTrip(*http.Request) (*http.Response, error) {
	l.asked++
	return nil, errors.New("connection reset")
}

func testStandIn(known lastKnown) *standIn {
	return &standIn{known: known, log: slog.New(slog.DiscardHandler)}
}

func TestStandInAnswersTheStart(t *testing.T) {
	s := testStandIn(lastKnown{
		Service:  dtos.DeviceService{Name: "device-x"},
		Profiles: []dtos.DeviceProfile{{DeviceProfileBasicInfo: dtos.DeviceProfileBasicInfo{Name: "P/1"}}},
		Devices:  []dtos.Device{{Name: "D", ProfileName: "P/1"}},
	})
	nobody := &lostHost{}
	for _, c := range []struct {
		method, path, body string
		status             int
		text               string
	}{
		{"GET", "device/service/name/device-x?offset=0&limit=-1", "", 200, `"name":"D"`},
		{"GET", "deviceprofile/name/P%2F1", "", 200, `"name":"P/1"`},
		{"GET", "deviceprofile/name/Q", "", 404, "not in the last known state"},
		{"GET", "provisionwatcher/service/name/device-x", "", 200, `"provisionWatchers":null`},
		{"GET", "deviceservice/name/device-x", "", 200, `"name":"device-x"`},
		{"GET", "deviceservice/name/device-y", "", 404, ""},
		{"PATCH", "deviceservice", `[{"service":{"name":"device-x"}}]`, 207, `"statusCode":200`},
		{"POST", "device", `[{"device":{"name":"E"}},{"device":{"name":"F"}}]`, 207, `"statusCode":201`},
		{"POST", "device", `no list`, 400, ""},
		{"PATCH", "device", `[{"device":{"name":"E","operatingState":"UP"}}]`, 503, "core-metadata is away"},
		{"DELETE", "device/name/D", "", 503, "core-metadata is away"},
	} {
		r := request(t, c.method, c.body)
		u, err := r.URL.Parse("http://127.0.0.1:1/api/v3/" + c.path)
		if err != nil {
			t.Fatal(err)
		}
		r.URL = u
		if !s.concerns(r) {
			t.Errorf("%s is not taken for core-metadata's", c.path)
		}
		res, err := s.roundTrip(nobody, r)
		if err != nil {
			t.Fatal(err)
		}
		text, _ := io.ReadAll(res.Body)
		if res.StatusCode != c.status || !strings.Contains(string(text), c.text) {
			t.Errorf("%s %s: %d %s", c.method, c.path, res.StatusCode, text)
		}
	}
	if nobody.asked != 0 || len(s.pending) != 2 || !s.isPending() {
		t.Errorf("asked %d times, %d requests wait", nobody.asked, len(s.pending))
	}
	r := request(t, "GET", "")
	r.URL.Path = "/api/v3/ping"
	if s.concerns(r) {
		t.Error("a ping is taken for core-metadata's")
	}
}

// A core-metadata without its database answers 500, with which the SDK ends.
func TestStandInTakesFailuresForAbsence(t *testing.T) {
	broken := true
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if broken {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		_ = json.NewEncoder(w).Encode([]dtocommon.BaseResponse{{StatusCode: 200}, {StatusCode: 409}, {StatusCode: 500, Message: "no"}})
	})}
	go func() { _ = srv.Serve(l) }()
	t.Cleanup(func() { _ = srv.Close() })
	log := &recorder{}
	s := &standIn{known: lastKnown{Service: dtos.DeviceService{Name: "device-x"}}, patience: longEnough, log: newLogger(log)}
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		r := request(t, method, map[string]string{http.MethodPost: `[{}]`}[method])
		u, err := r.URL.Parse("http://" + l.Addr().String() + "/api/v3/deviceservice" + map[string]string{http.MethodGet: "/name/device-x"}[method])
		if err != nil {
			t.Fatal(err)
		}
		r.URL = u
		res, err := s.roundTrip(http.DefaultTransport, r)
		if err != nil || res.StatusCode > 299 {
			t.Errorf("%v %v", res, err)
		}
	}
	if err := s.repeat(t.Context(), noAuth{}); err == nil || !s.isPending() {
		t.Errorf("a failure is taken for an answer: %v", err)
	}
	broken = false
	if err := s.repeat(t.Context(), noAuth{}); err != nil || s.isPending() {
		t.Errorf("not repeated: %v", err)
	}
}

type noAuth struct{}

func (noAuth) AddAuthenticationData(*http.Request) error { return nil }

func TestStatesThatAreNotUsed(t *testing.T) {
	s := upstream.Settings{Dir: t.TempDir()}
	load := func() *standIn {
		return loadStandIn(s.File("device-x", "core-metadata"), s, slog.New(slog.DiscardHandler))
	}
	if load() != nil {
		t.Error("something from nothing")
	}
	file := s.File("device-x", "core-metadata")
	if err := file.Save(lastKnown{}); err != nil || load() != nil {
		t.Errorf("an empty state is used: %v", err)
	}
	if err := file.Save(lastKnown{Service: dtos.DeviceService{Name: "device-x"}, Devices: []dtos.Device{{Name: "D", ProfileName: "gone"}}}); err != nil {
		t.Fatal(err)
	}
	if got := load(); got == nil || len(got.known.Devices) != 0 {
		t.Errorf("a device without profile would end the SDK: %+v", got)
	}
	if err := os.WriteFile(file.Path(), []byte(`{"format":1`), 0o600); err != nil || load() != nil {
		t.Errorf("a damaged state is used: %v", err)
	}
}

func TestCompareDevices(t *testing.T) {
	known := []dtos.Device{{Name: "same", Id: "1"}, {Name: "gone"}, {Name: "changed", AdminState: models.Unlocked}}
	now := []dtos.Device{{Name: "same", Id: "2", DBTimestamp: dtos.DBTimestamp{Modified: 7}}, {Name: "changed", AdminState: models.Locked}, {Name: "new"}}
	var got []string
	for _, m := range compareDevices(known, now, "device-x") {
		got = append(got, m.action+" "+m.details.(dtos.Device).Name)
	}
	if text := strings.Join(got, ", "); text != "update changed, update new, delete gone" {
		t.Error(text)
	}
	m := missed{"device", "update", "device-x", "P", now[0]}
	if text := string(m.envelope("device-x").Payload); !strings.Contains(text, `"repeatedBy":"device-x"`) || !strings.Contains(text, `"source":"core-metadata"`) {
		t.Errorf("nobody can tell who repeats it: %s", text)
	}
}

// A state as anybody might write it never ends the service.
func FuzzLastKnown(f *testing.F) {
	text, err := json.Marshal(lastKnown{Service: dtos.DeviceService{Name: "x"}, Profiles: []dtos.DeviceProfile{{}}, Devices: []dtos.Device{{Name: "D"}}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text, "device/service/name/x")
	f.Add([]byte(`{"devices":[{"autoEvents":[{}]}]}`), "deviceprofile/name/")
	f.Fuzz(func(t *testing.T, text []byte, path string) {
		s := testStandIn(lastKnown{})
		if json.Unmarshal(text, &s.known) != nil {
			return
		}
		s.known.readable()
		if status, content := s.read(path); status != http.StatusOK && status != http.StatusNotFound || content == nil {
			t.Errorf("%d %v", status, content)
		}
		compareDevices(s.known.Devices, s.known.Devices, "x")
		r, err := http.NewRequestWithContext(context.Background(), http.MethodPost, "http://x/api/v3/device", nil)
		if err == nil {
			_ = s.take(r, "device", text)
		}
	})
}
