package metadata

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/edgexfoundry/go-mod-core-contracts/v3/common"
	"github.com/edgexfoundry/go-mod-core-contracts/v3/dtos"
	"github.com/edgexfoundry/go-mod-core-contracts/v3/dtos/requests"
	"github.com/edgexfoundry/go-mod-messaging/v3/messaging"
	"github.com/edgexfoundry/go-mod-messaging/v3/pkg/types"

	"sluice/box/broker"
)

func connect(t *testing.T, b *broker.Broker, id string) messaging.MessageClient {
	t.Helper()
	c, err := messaging.NewMessageClient(types.MessageBusConfig{
		Broker:   types.HostInfo{Host: "127.0.0.1", Port: b.Port(), Protocol: "tcp"},
		Type:     messaging.MQTT,
		Optional: map[string]string{"ClientId": id},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Connect(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Disconnect() })
	return c
}

// site is a server with a bus on which the device service "ds" answers: it
// refuses devices whose name starts with "bad".
type site struct {
	t      *testing.T
	file   string
	server *Server
	http   *httptest.Server
	events chan dtos.SystemEvent
}

func newSite(t *testing.T) *site {
	t.Helper()
	return newSiteWaiting(t, 30*time.Second)
}

// newSiteWaiting has a server that waits so long for an answer of a service.
func newSiteWaiting(t *testing.T, timeout time.Duration) *site {
	t.Helper()
	b, err := broker.Start(broker.Options{Name: "bus", Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	s := &site{t: t, file: filepath.Join(t.TempDir(), "metadata.json"), events: make(chan dtos.SystemEvent, 1000)}
	serveDevices(t, connect(t, b, "ds"), s.events)
	s.server, err = New(Options{File: s.file, Bus: connect(t, b, "metadata"), Timeout: timeout})
	if err != nil {
		t.Fatal(err)
	}
	web := httptest.NewServer(s.server)
	t.Cleanup(func() { web.Close(); s.server.Close() })
	s.http = web
	return s
}

func serveDevices(t *testing.T, bus messaging.MessageClient, events chan<- dtos.SystemEvent) {
	t.Helper()
	questions, changes, failed := make(chan types.MessageEnvelope, 100), make(chan types.MessageEnvelope, 100), make(chan error, 100)
	err := bus.Subscribe([]types.TopicChannel{
		{Topic: "edgex/ds/validate/device", Messages: questions},
		{Topic: "edgex/system-events/#", Messages: changes},
	}, failed)
	if err != nil {
		t.Fatal(err)
	}
	stop := make(chan struct{})
	t.Cleanup(func() { close(stop) })
	go func() {
		for {
			select {
			case <-stop:
				return
			case m := <-changes:
				var e dtos.SystemEvent
				if err := json.Unmarshal(m.Payload, &e); err != nil {
					t.Errorf("system event: %v", err)
				}
				e.Source = m.ReceivedTopic
				events <- e
			case q := <-questions:
				var request requests.AddDeviceRequest
				if err := json.Unmarshal(q.Payload, &request); err != nil {
					t.Errorf("validation: %v", err)
				}
				reply, _ := types.NewMessageEnvelopeForResponse(nil, q.RequestID, q.CorrelationID, common.ContentTypeJSON)
				if strings.HasPrefix(request.Device.Name, "bad") {
					reply = types.NewMessageEnvelopeWithError(q.RequestID, "no such address")
				}
				if err := bus.Publish(reply, "edgex/response/ds/"+q.RequestID); err != nil {
					t.Errorf("answer: %v", err)
				}
			}
		}
	}()
}

func (s *site) call(method, path, body string) (int, string) {
	s.t.Helper()
	request, err := http.NewRequest(method, s.http.URL+"/api/v3/"+path, bytes.NewBufferString(body))
	if err != nil {
		s.t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(request)
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	text, _ := io.ReadAll(res.Body)
	return res.StatusCode, string(text)
}

// expect calls and wants the status and all the fragments.
func (s *site) expect(method, path, body string, status int, fragments ...string) string {
	s.t.Helper()
	got, text := s.call(method, path, body)
	if got != status {
		s.t.Errorf("%s %s: status %d, want %d: %s", method, path, got, status, text)
	}
	for _, f := range fragments {
		if !strings.Contains(text, f) {
			s.t.Errorf("%s %s: no %s in %s", method, path, f, text)
		}
	}
	return text
}

// next is the next system event, with its topic as source.
func (s *site) next() dtos.SystemEvent {
	s.t.Helper()
	select {
	case e := <-s.events:
		return e
	case <-time.After(patience):
		s.t.Fatal("no system event")
		return dtos.SystemEvent{}
	}
}

func (s *site) event(want string) dtos.SystemEvent {
	s.t.Helper()
	e := s.next()
	if got := strings.TrimPrefix(e.Source, "edgex/system-events/core-metadata/"); got != want {
		s.t.Fatalf("system event on %s, want %s", got, want)
	}
	return e
}

const (
	service = `[{"apiVersion":"v3","requestId":"8e84b850-0d8f-4a3c-9b9f-0f6a3b9d2c11","service":{"name":"ds","baseAddress":"http://127.0.0.1:1","adminState":"UNLOCKED","labels":["a","b"]}}]`
	profile = `[{"apiVersion":"v3","profile":{"name":"P","manufacturer":"Acme","model":"B1","deviceResources":[{"name":"A","properties":{"valueType":"int32","readWrite":"RW"}}]}}]`
)

func deviceRequest(names ...string) string {
	var items []string
	for _, n := range names {
		items = append(items, fmt.Sprintf(`{"apiVersion":"v3","device":{"name":"%s","adminState":"UNLOCKED","operatingState":"UP","serviceName":"ds","profileName":"P",
 "labels":["hall1"],"autoEvents":[{"interval":"1s","sourceName":"A"}],"protocols":{"x":{"Address":"y","Port":1}},"tags":{"site":"lab"}}}`, n))
	}
	return "[" + strings.Join(items, ",") + "]"
}

func (s *site) fill() {
	s.t.Helper()
	s.expect("POST", "deviceservice", service, 207, `"statusCode":201`)
	s.event("deviceservice/add/ds")
	s.expect("POST", "deviceprofile", profile, 207, `"statusCode":201`)
	s.event("deviceprofile/add/core-metadata/P")
}

func TestGeneral(t *testing.T) {
	s := newSite(t)
	s.expect("GET", "ping", "", 200, `"serviceName":"core-metadata"`)
	s.expect("GET", "version", "", 200, `"version":"3.1.1"`)
	s.expect("GET", "config", "", 200, `"BaseTopicPrefix":"edgex"`)
	s.expect("GET", "nothing", "", 404, "no route GET /api/v3/nothing", `"statusCode":404`)
}

func TestServices(t *testing.T) {
	s := newSite(t)
	s.expect("GET", "deviceservice/name/ds", "", 404, `"statusCode":404`)
	s.fill()
	s.expect("POST", "deviceservice", service, 207, `"statusCode":409`)
	s.expect("GET", "deviceservice/name/ds", "", 200, `"baseAddress":"http://127.0.0.1:1"`)
	s.expect("PATCH", "deviceservice", `[{"apiVersion":"v3","service":{"name":"ds","adminState":"LOCKED"}},{"apiVersion":"v3","service":{"name":"none"}}]`, 207, `"statusCode":200`, `"statusCode":404`)
	s.event("deviceservice/update/ds")
	s.expect("GET", "deviceservice/name/ds", "", 200, `"adminState":"LOCKED"`, `"baseAddress":"http://127.0.0.1:1"`)
	s.expect("GET", "deviceservice/all?labels=a,b", "", 200, `"totalCount":1`)
	s.expect("GET", "deviceservice/all?labels=a,c", "", 200, `"totalCount":0`, `"services":[]`)
	s.expect("DELETE", "deviceservice/name/ds", "", 200)
	s.event("deviceservice/delete/ds")
	s.expect("DELETE", "deviceservice/name/ds", "", 404)
}

func TestAwaitService(t *testing.T) {
	s := newSite(t)
	short, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
	defer cancel()
	if err := s.server.AwaitService(short, "ds"); err == nil {
		t.Error("a service that is not there has come")
	}
	came := make(chan error, 1)
	go func() { came <- s.server.AwaitService(context.Background(), "ds") }()
	s.fill()
	if err := <-came; err != nil {
		t.Error(err)
	}
	// Known to the file is not enough.
	again, err := New(Options{File: s.file, Bus: s.server.bus.client})
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	short, cancel = context.WithTimeout(context.Background(), 10*time.Millisecond)
	defer cancel()
	if err := again.AwaitService(short, "ds"); err == nil {
		t.Error("a service of the last start has come")
	}
	s.http = httptest.NewServer(again)
	defer s.http.Close()
	s.expect("PATCH", "deviceservice", `[{"apiVersion":"v3","service":{"name":"ds","adminState":"UNLOCKED"}}]`, 207, `"statusCode":200`)
	if err := again.AwaitService(context.Background(), "ds"); err != nil {
		t.Error(err)
	}
}

func TestProfiles(t *testing.T) {
	s := newSite(t)
	s.fill()
	s.expect("POST", "deviceprofile", profile, 207, `"statusCode":409`)
	s.expect("GET", "deviceprofile/name/P", "", 200, `"valueType":"Int32"`)
	s.expect("GET", "deviceprofile/name/Q", "", 404)
	s.expect("GET", "deviceprofile/all", "", 200, `"totalCount":1`)
	s.expect("GET", "deviceprofile/manufacturer/Acme", "", 200, `"totalCount":1`)
	s.expect("GET", "deviceprofile/manufacturer/Acme/model/B2", "", 200, `"totalCount":0`)
	s.expect("GET", "deviceprofile/model/B1", "", 200, `"totalCount":1`)
	s.expect("GET", "deviceresource/profile/P/resource/A", "", 200, `"name":"A"`)
	s.expect("GET", "deviceresource/profile/P/resource/B", "", 404)
	s.expect("POST", "device", deviceRequest("D1"), 207, `"statusCode":201`)
	s.event("device/add/ds/P")
	s.expect("PUT", "deviceprofile", strings.Replace(profile, "B1", "B2", 1), 207, `"statusCode":200`)
	owners := map[string]bool{}
	for range 2 { // one for everyone, one for the service that has a device of it
		e := s.next()
		owners[e.Owner] = e.Type == "deviceprofile" && e.Action == "update"
	}
	if !owners["ds"] || !owners["core-metadata"] {
		t.Errorf("told %v", owners)
	}
	s.expect("PUT", "deviceprofile", strings.Replace(profile, `"P"`, `"Q"`, 1), 207, `"statusCode":404`)
	s.expect("DELETE", "deviceprofile/name/P", "", 409, `still used by device \"D1\"`)
	s.expect("DELETE", "deviceservice/name/ds", "", 409)
	s.expect("DELETE", "device/name/D1", "", 200)
	s.event("device/delete/ds/P")
	s.expect("DELETE", "deviceprofile/name/P", "", 200)
	s.event("deviceprofile/delete/core-metadata/P")
}

func TestDevices(t *testing.T) {
	s := newSite(t)
	s.expect("POST", "device", deviceRequest("D1"), 207, `"statusCode":404`, "device service")
	s.fill()
	s.expect("POST", "device", strings.Replace(deviceRequest("D1"), `"P"`, `"Q"`, 1), 207, `"statusCode":404`, "device profile")
	text := s.expect("POST", "device", deviceRequest("D1", "bad-1", "D1", "D2"), 207, "device bad-1 validation failed: no such address")
	var items []struct {
		StatusCode int
		ID         string
	}
	if err := json.Unmarshal([]byte(text), &items); err != nil {
		t.Fatal(err)
	}
	for i, want := range []int{201, 500, 409, 201} {
		if items[i].StatusCode != want || (items[i].ID != "") != (want == 201) {
			t.Errorf("item %d: %+v, want %d", i, items[i], want)
		}
	}
	s.event("device/add/ds/P")
	s.event("device/add/ds/P")
	s.expect("POST", "device", deviceRequest("D1"), 207, `"statusCode":409`)
	s.expect("GET", "device/name/D1", "", 200, `"Port":1`, `"created":`, `"interval":"1s"`)
	s.expect("GET", "device/name/D9", "", 404, `"statusCode":404`)
	s.expect("GET", "device/check/name/D1", "", 200)
	s.expect("GET", "device/check/name/D9", "", 404)
	s.expect("GET", "device/service/name/ds?limit=-1&offset=0", "", 200, `"totalCount":2`)
	s.expect("GET", "device/service/name/none", "", 200, `"totalCount":0`, `"devices":[]`)
	s.expect("GET", "device/profile/name/P?limit=1&offset=1", "", 200, `"totalCount":2`, `"D2"`)
	s.expect("GET", "device/all?labels=hall2", "", 200, `"totalCount":0`)
	s.expect("GET", "device/all?offset=3", "", 416)
	s.expect("GET", "device/all?limit=x", "", 400, "limit=x")

	s.expect("PATCH", "device", `[{"apiVersion":"v3","device":{"name":"D1","adminState":"LOCKED","labels":[],"protocols":{"z":{"a":"b"}}}}]`, 207, `"statusCode":200`)
	if e := s.event("device/update/ds/P"); e.Details.(map[string]any)["adminState"] != "LOCKED" {
		t.Errorf("event tells %v", e.Details)
	}
	text = s.expect("GET", "device/name/D1", "", 200, `"adminState":"LOCKED"`, `"operatingState":"UP"`, `"site":"lab"`, `"z":{"a":"b"}`)
	if strings.Contains(text, "hall1") || strings.Contains(text, "Address") {
		t.Errorf("lists and maps are not replaced whole: %s", text)
	}
	s.expect("PATCH", "device", `[{"apiVersion":"v3","device":{"name":"D9","adminState":"LOCKED"}},{"apiVersion":"v3","device":{"name":"D1","profileName":"Q"}}]`, 207, `\"D9\" does not exist`, "device profile")
	s.expect("PATCH", "device", `[{"apiVersion":"v3","device":{"id":"`+items[3].ID+`","description":"by id"}}]`, 207, `"statusCode":200`)
	s.event("device/update/ds/P")
	s.expect("PATCH", "device", `[{"apiVersion":"v3","device":{"name":"D1","id":"`+items[3].ID+`"}}]`, 207, `"statusCode":400`)
	s.expect("DELETE", "device/name/D2", "", 200, `"statusCode":200`)
	s.event("device/delete/ds/P")
	s.expect("DELETE", "device/name/D2", "", 404)
}

func TestMovedDeviceIsToldToBothServices(t *testing.T) {
	s := newSite(t)
	s.fill()
	s.expect("POST", "deviceservice", strings.ReplaceAll(service, `"ds"`, `"other"`), 207, `"statusCode":201`)
	s.event("deviceservice/add/other")
	s.expect("POST", "device", deviceRequest("D1"), 207, `"statusCode":201`)
	s.event("device/add/ds/P")
	// Only "ds" answers, so the way back is the one that can be taken.
	err := s.server.change(func(all *tables) error {
		d := all.Devices["D1"]
		d.ServiceName = "other"
		all.Devices["D1"] = d
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	s.expect("PATCH", "device", `[{"apiVersion":"v3","device":{"name":"D1","serviceName":"ds"}}]`, 207, `"statusCode":200`)
	s.event("device/update/other/P")
	s.event("device/update/ds/P")
}

func TestServiceThatDoesNotAnswer(t *testing.T) {
	s := newSiteWaiting(t, 100*time.Millisecond)
	s.fill()
	s.expect("POST", "deviceservice", strings.ReplaceAll(service, `"ds"`, `"mute"`), 207, `"statusCode":201`)
	s.expect("POST", "device", strings.Replace(deviceRequest("D1"), `"ds"`, `"mute"`, 1), 207, `"statusCode":503`, "no answer within 100ms")
	s.expect("GET", "device/name/D1", "", 404)
}

// A device service believes the event that comes last, so no change may come
// between another and its news; and what is not on disk is no news.
func TestNewsComeWithTheirChange(t *testing.T) {
	path := filepath.Join(t.TempDir(), "metadata.json")
	s, err := openStore(path)
	if err != nil {
		t.Fatal(err)
	}
	told := 0
	add := func(name string, refusal error) error {
		edit := func(all *tables) error {
			all.tell(news{owner: name})
			all.Services[name] = dtos.DeviceService{Name: name}
			return refusal
		}
		return s.change(edit, func(n news) {
			told++
			if n.owner != name {
				t.Errorf("news of %q with the change of %q", n.owner, name)
			}
			if s.mu.TryRLock() {
				s.mu.RUnlock()
				t.Error("others can change the tables before the news are out")
			}
			if text, err := os.ReadFile(path); err != nil || !bytes.Contains(text, []byte(name)) {
				t.Errorf("news of what is not on disk: %v", err)
			}
		})
	}
	if err := add("one", nil); err != nil {
		t.Fatal(err)
	}
	if err := add("two", errNoAnswer); !errors.Is(err, errNoAnswer) {
		t.Errorf("error %v", err)
	}
	if err := add("three", nil); err != nil {
		t.Fatal(err)
	}
	if told != 2 {
		t.Errorf("%d news, want 2", told)
	}
}

func TestBodyHasALimit(t *testing.T) {
	s := newSite(t)
	s.expect("POST", "device", "["+strings.Repeat(" ", maxBody)+"]", 413, "more than")
	s.expect("GET", "ping", "", 200)
}

func TestWatchers(t *testing.T) {
	s := newSite(t)
	watcher := `[{"apiVersion":"v3","provisionwatcher":{"name":"W","serviceName":"ds","identifiers":{"Port":"^502$"},"adminState":"UNLOCKED","discoveredDevice":{"profileName":"P","adminState":"UNLOCKED"}}}]`
	s.expect("GET", "provisionwatcher/service/name/ds?limit=-1&offset=0", "", 200, `"totalCount":0`, `"provisionWatchers":[]`)
	s.expect("POST", "provisionwatcher", watcher, 207, `"statusCode":201`)
	s.event("provisionwatcher/add/ds/P")
	s.expect("POST", "provisionwatcher", watcher, 207, `"statusCode":409`)
	s.expect("GET", "provisionwatcher/service/name/ds", "", 200, `"totalCount":1`)
	s.expect("GET", "provisionwatcher/profile/name/Q", "", 200, `"totalCount":0`)
	s.expect("GET", "provisionwatcher/all", "", 200, `"totalCount":1`)
	s.expect("PATCH", "provisionwatcher", `[{"apiVersion":"v3","provisionwatcher":{"name":"W","adminState":"LOCKED"}}]`, 207, `"statusCode":200`)
	s.event("provisionwatcher/update/ds/P")
	s.expect("GET", "provisionwatcher/name/W", "", 200, `"adminState":"LOCKED"`, `"Port":"^502$"`)
	s.expect("DELETE", "provisionwatcher/name/W", "", 200)
	s.event("provisionwatcher/delete/ds/P")
	s.expect("GET", "provisionwatcher/name/W", "", 404)
}

func TestBadBodies(t *testing.T) {
	s := newSite(t)
	for body, want := range map[string]string{
		"":                       "empty body",
		"{}":                     "1:1: json: cannot unmarshal object",
		"[\n {\"apiVersion\" 3}": `2:16: invalid character '3'`,
		`[{"apiVersion":"v3","device":{"name":"D"}}]`:                               "item 0: ",
		`[{"apiVersion":"v3","device":{"name":7}}]`:                                 "item 0: ",
		strings.Replace(deviceRequest("D"), `"operatingState":"UP"`, `"x":"UP"`, 1): "OperatingState",
	} {
		for _, method := range []string{"POST", "PATCH"} {
			if method == "PATCH" && strings.Contains(body, `"name":"D"`) {
				continue // a patch may leave fields out
			}
			status, text := s.call(method, "device", body)
			if status != 400 || !strings.Contains(text, want) {
				t.Errorf("%s %q: %d %s, want %q", method, body, status, text, want)
			}
		}
	}
}

func TestFileSurvivesRestartAndTornWrite(t *testing.T) {
	s := newSite(t)
	s.fill()
	s.expect("POST", "device", deviceRequest("D1"), 207, `"statusCode":201`)
	if err := os.WriteFile(s.file+".new", []byte(`{"services":{"ds"`), 0o644); err != nil {
		t.Fatal(err)
	}
	again, err := openStore(s.file)
	if err != nil {
		t.Fatal(err)
	}
	if d := again.view().Devices["D1"]; d.ProfileName != "P" || d.Id == "" {
		t.Errorf("device after restart: %+v", d)
	}
	if err := os.WriteFile(s.file, []byte(`{"services":{"ds"`), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := openStore(s.file); err == nil || !strings.Contains(err.Error(), "1:17: ") {
		t.Errorf("broken file: %v", err)
	}
}

func TestFullDiskChangesNothing(t *testing.T) {
	s := newSite(t)
	s.fill()
	// A folder in the place of the temporary file cannot be written.
	if err := os.Mkdir(s.file+".new", 0o755); err != nil {
		t.Fatal(err)
	}
	s.expect("POST", "deviceprofile", strings.Replace(profile, `"P"`, `"Q"`, 1), 207, `"statusCode":500`, "save metadata")
	s.expect("POST", "device", deviceRequest("D1"), 500, "save metadata")
	s.expect("GET", "deviceprofile/name/Q", "", 404)
	s.expect("GET", "device/name/D1", "", 404)
}

func TestConcurrentRequests(t *testing.T) {
	s := newSite(t)
	s.fill()
	var clients sync.WaitGroup
	for i := range 8 {
		clients.Go(func() {
			for j := range 5 {
				name := fmt.Sprintf("D%d-%d", i, j)
				s.expect("POST", "device", deviceRequest(name), 207, `"statusCode":201`)
				s.expect("GET", "device/service/name/ds?limit=-1", "", 200, name)
				s.expect("PATCH", "device", `[{"apiVersion":"v3","device":{"name":"`+name+`","description":"x"}}]`, 207, `"statusCode":200`)
			}
		})
	}
	clients.Wait()
	s.expect("GET", "device/all?limit=-1", "", 200, `"totalCount":40`)
	again, err := openStore(s.file)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(again.view().Devices); n != 40 {
		t.Errorf("%d devices on disk", n)
	}
	for range 80 {
		s.next()
	}
}

func FuzzDecodeItems(f *testing.F) {
	for _, seed := range []string{"", "[", "[{}]", service, profile, deviceRequest("D1"), `[{"apiVersion":"v3","device":null}]`, "[[]]"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		items, err := decodeItems[requests.UpdateDeviceRequest](body)
		if err == nil && items == nil {
			t.Error("neither items nor an error")
		}
	})
}
