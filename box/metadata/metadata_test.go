package metadata

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/edgexfoundry/go-mod-core-contracts/v3/dtos"
	"github.com/edgexfoundry/go-mod-core-contracts/v3/dtos/requests"
)

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

// Two patches that are right by themselves and wrong together: the one that
// comes second is asked about with the first in it.
func TestPatchesOfOneDeviceAreValidatedTogether(t *testing.T) {
	asked, answer := make(chan struct{}), make(chan struct{})
	var first sync.Once
	s := newSiteWith(t, patience, func(d dtos.Device) error {
		if d.Description == "far" {
			first.Do(func() { // it is overtaken while it is asked about
				close(asked)
				<-answer
			})
		}
		if d.Description == "far" && d.AdminState == "LOCKED" {
			return errors.New("far and locked do not go together")
		}
		return nil
	})
	s.fill()
	s.expect("POST", "device", deviceRequest("D1"), 207, `"statusCode":201`)
	s.event("device/add/ds/P")
	overtaken := make(chan string, 1)
	go func() {
		_, text := s.call("PATCH", "device", `[{"apiVersion":"v3","device":{"name":"D1","description":"far"}}]`)
		overtaken <- text
	}()
	<-asked
	s.expect("PATCH", "device", `[{"apiVersion":"v3","device":{"name":"D1","adminState":"LOCKED"}}]`, 207, `"statusCode":200`)
	close(answer)
	if text := <-overtaken; !strings.Contains(text, "far and locked do not go together") {
		t.Errorf("answer to the second patch: %s", text)
	}
	if text := s.expect("GET", "device/name/D1", "", 200, `"adminState":"LOCKED"`); strings.Contains(text, "far") {
		t.Errorf("the device is %s", text)
	}
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
		all.tellDevice("update", "other", d)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	s.event("device/update/other/P")
	s.expect("PATCH", "device", `[{"apiVersion":"v3","device":{"name":"D1","serviceName":"ds"}}]`, 207, `"statusCode":200`)
	s.event("device/update/other/P")
	s.event("device/update/ds/P")
}

func TestServiceThatDoesNotAnswer(t *testing.T) {
	s := newSiteWith(t, 100*time.Millisecond, refuseBad)
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
		return s.change(edit, func(all []news) {
			told += len(all)
			if all[0].owner != name {
				t.Errorf("news of %q with the change of %q", all[0].owner, name)
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
	s.expect("POST", "deviceprofile", strings.Replace(profile, `"P"`, `"Q"`, 1), 500, "save metadata")
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
