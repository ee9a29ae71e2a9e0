package metadata

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
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

func connect(t testing.TB, b *broker.Broker, id string) messaging.MessageClient {
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

// site is a server with a bus on which the device service "ds" answers.
type site struct {
	t      testing.TB
	file   string
	server *Server
	http   *httptest.Server
	events chan dtos.SystemEvent
}

func newSite(t testing.TB) *site {
	t.Helper()
	return newSiteWith(t, patience, refuseBad)
}

// refuseBad refuses devices whose name starts with "bad".
func refuseBad(d dtos.Device) error {
	if strings.HasPrefix(d.Name, "bad") {
		return errors.New("no such address")
	}
	return nil
}

// newSiteWith has a server that waits so long for an answer of a service, and
// a service that judges devices so.
func newSiteWith(t testing.TB, timeout time.Duration, judge func(dtos.Device) error) *site {
	t.Helper()
	b, err := broker.Start(broker.Options{Name: "bus", Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	s := &site{t: t, file: filepath.Join(t.TempDir(), "metadata.json"), events: make(chan dtos.SystemEvent, 1000)}
	serveDevices(t, connect(t, b, "ds"), judge, s.events)
	s.server, err = New(Options{File: s.file, Bus: connect(t, b, "metadata"), Timeout: timeout})
	if err != nil {
		t.Fatal(err)
	}
	web := httptest.NewServer(s.server)
	t.Cleanup(func() { web.Close(); s.server.Close() })
	s.http = web
	return s
}

func serveDevices(t testing.TB, bus messaging.MessageClient, judge func(dtos.Device) error, events chan<- dtos.SystemEvent) {
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
	var work sync.WaitGroup
	t.Cleanup(func() { close(stop); work.Wait() })
	work.Go(func() {
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
				work.Go(func() { answerQuestion(t, bus, judge, q) })
			}
		}
	})
}

func answerQuestion(t testing.TB, bus messaging.MessageClient, judge func(dtos.Device) error, q types.MessageEnvelope) {
	var request requests.AddDeviceRequest
	if err := json.Unmarshal(q.Payload, &request); err != nil {
		t.Errorf("validation: %v", err)
	}
	reply, _ := types.NewMessageEnvelopeForResponse(nil, q.RequestID, q.CorrelationID, common.ContentTypeJSON)
	if err := judge(request.Device); err != nil {
		reply = types.NewMessageEnvelopeWithError(q.RequestID, err.Error())
	}
	if err := bus.Publish(reply, "edgex/response/ds/"+q.RequestID); err != nil {
		t.Errorf("answer: %v", err)
	}
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
