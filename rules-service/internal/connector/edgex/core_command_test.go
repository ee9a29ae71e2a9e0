package edgex

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"sluice/rules-service/internal/connector"
)

func openCommand(t *testing.T, bus Bus, props map[string]any) connector.Sink {
	t.Helper()
	r := connector.NewRegistry()
	Register(r, bus)
	info, err := r.Sink("edgexCommand")
	if err != nil {
		t.Fatal(err)
	}
	c, err := info.Decode(props, env)
	if err != nil {
		t.Fatal(err)
	}
	s, err := c.Open()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// What core-command refuses is not sent again; what fails in the device or on
// the way is.
func TestCoreCommand(t *testing.T) {
	var asked string
	status, answer := http.StatusOK, `{"apiVersion":"v3","statusCode":200}`
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		asked = r.Method + " " + r.URL.RequestURI() + " " + string(b)
		if r.URL.Path != "/api/v3/ping" {
			w.WriteHeader(status)
		}
		fmt.Fprint(w, answer)
	}))
	defer server.Close()
	props := map[string]any{"via": "core-command", "deviceName": "{{.d}}", "commandName": "Values", "pushEvent": true, "timeout": "1m"}
	s := openCommand(t, Bus{Command: server.URL + "/"}, props)
	if err := s.Connect(t.Context()); err != nil || asked != "GET /api/v3/ping " {
		t.Fatal(asked, err)
	}
	set := func(device, payload string) error {
		return s.Write(t.Context(), []connector.Outbound{{Payload: []byte(payload), Values: map[string]string{"deviceName": device}}})
	}
	if err := set("boiler 1/a", `{"Big":9007199254740993,"On":true}`); err != nil {
		t.Fatal(err)
	}
	if want := `PUT /api/v3/device/name/boiler%201%2Fa/Values?ds-pushevent=true {"Big":"9007199254740993","On":"true"}`; asked != want {
		t.Errorf("\n got %s\nwant %s", asked, want)
	}
	for _, c := range []struct {
		status    int
		message   string
		permanent bool
	}{
		{404, "device boiler-9 not found", true}, {423, "device boiler-1 locked", true}, {400, "no such value", true}, {405, "read only", true},
		{500, "failed to create CommandValue -> strconv", true},
		{500, "error writing DeviceResource Burner for boiler-1", false}, {503, "device service is away", false}, {429, "slower", false}, {408, "late", false},
	} {
		status, answer = c.status, fmt.Sprintf(`{"apiVersion":"v3","message":%q,"statusCode":%d}`, c.message, c.status)
		err := set("boiler-1", `{"Burner":1}`)
		var permanent *connector.Permanent
		if err == nil || errors.As(err, &permanent) != c.permanent || !strings.Contains(err.Error(), c.message) {
			t.Errorf("%d: %v", c.status, err)
		}
	}
	var permanent *connector.Permanent
	if err := set("", `{"Burner":1}`); !errors.As(err, &permanent) {
		t.Errorf("no device: %v", err)
	}
	server.Close()
	if err := set("boiler-1", `{"Burner":1}`); err == nil || errors.As(err, &permanent) {
		t.Errorf("core-command is away: %v", err)
	}
	if err := s.Connect(t.Context()); err == nil {
		t.Error("connects to nothing")
	}
	if err := openCommand(t, Bus{}, props).Connect(t.Context()); err == nil || !strings.Contains(err.Error(), "add core-command to Clients") {
		t.Errorf("without an address: %v", err)
	}
}

func TestCommandProperties(t *testing.T) {
	r := connector.NewRegistry()
	Register(r, Bus{})
	info, err := r.Sink("edgexCommand")
	if err != nil {
		t.Fatal(err)
	}
	for want, props := range map[string]map[string]any{
		"there are device and core-command": {"via": "rest"},
		"leave serviceName out":             {"via": "core-command", "serviceName": "svc"},
		"must be positive":                  {"timeout": -1},
	} {
		props["deviceName"], props["commandName"] = "d", "c"
		if _, err := info.Decode(props, env); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v", props, err)
		}
	}
}

// Over the bus a failure in the device is told from a refusal by its text, and
// names are one level of the topic whatever is in them.
func TestCommandOverTheBus(t *testing.T) {
	buses(t, func(t *testing.T, bus Bus, _ server) {
		got := make(chan string, 10)
		message := ""
		device(t, bus, func(topic string, _ map[string]string) error {
			got <- topic
			return errors.New(message)
		})
		s := openCommand(t, bus, map[string]any{"deviceName": "{{.d}}", "commandName": "a/b", "serviceName": "svc", "timeout": "1m"})
		if err := s.Connect(t.Context()); err != nil {
			t.Fatal(err)
		}
		defer s.Close(context.Background())
		for text, want := range map[string]bool{"error writing DeviceResource a for b -> timeout": false, "device d locked": true} {
			message = text
			err := s.Write(t.Context(), []connector.Outbound{{Payload: []byte(`{"x":1}`), Values: map[string]string{"deviceName": "d.1+"}}})
			var permanent *connector.Permanent
			if err == nil || errors.As(err, &permanent) != want {
				t.Errorf("%s: %v", text, err)
			}
			if g := <-got; g != "edgex/device/command/request/svc/d%2E1%2B/a%2Fb/set" {
				t.Errorf("topic %s", g)
			}
		}
	})
}

func FuzzBodies(f *testing.F) {
	f.Add([]byte(`[{"a":9007199254740993,"b":[1,{"c":null}]}]`))
	f.Add([]byte(`{"a":1e400}`))
	f.Fuzz(func(t *testing.T, payload []byte) {
		bodies, err := bodiesOf(payload)
		if err != nil {
			return
		}
		for _, b := range bodies {
			var texts map[string]string
			if err := json.Unmarshal(b, &texts); err != nil || len(texts) == 0 {
				t.Fatalf("%s: %v", b, err)
			}
		}
	})
}
