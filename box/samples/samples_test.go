package samples

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"text/template"

	"github.com/Masterminds/sprig/v3"

	"sluice/box/receivers"
)

// rules stands for a rules service that has some streams and rules.
type rules struct {
	streams []string
	ids     []string
	calls   []string
	bodies  map[string]string
	fail    string
}

func (s *rules) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodGet {
		if r.URL.Path == "/streams" {
			_ = json.NewEncoder(w).Encode(s.streams)
			return
		}
		list := []map[string]string{}
		for _, id := range s.ids {
			list = append(list, map[string]string{"id": id})
		}
		_ = json.NewEncoder(w).Encode(list)
		return
	}
	body, _ := io.ReadAll(r.Body)
	call := r.Method + " " + r.URL.Path
	s.calls = append(s.calls, call)
	var rule struct{ ID string }
	_ = json.Unmarshal(body, &rule)
	s.bodies[rule.ID] = string(body)
	if s.fail != "" {
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, s.fail)
	}
}

func apply(t *testing.T, s *rules, addresses map[string]string) error {
	t.Helper()
	s.bodies = map[string]string{}
	server := httptest.NewServer(s)
	defer server.Close()
	return Apply(context.Background(), server.URL, addresses)
}

func TestNewAreCreatedAndOldUpdated(t *testing.T) {
	s := &rules{ids: []string{"boiler-hot", "mine"}}
	if err := apply(t, s, nil); err != nil {
		t.Fatal(err)
	}
	want := []string{"POST /streams", "POST /rules", "PUT /rules/boiler-hot", "POST /rules", "POST /rules", "POST /rules", "POST /rules"}
	if !slices.Equal(s.calls, want) {
		t.Errorf("calls %v, want %v", s.calls, want)
	}
	s = &rules{streams: []string{"boilers"}, ids: []string{"boiler-average", "boiler-hot", "burner-off", "burner-on", "overheat", "overheat-end"}}
	if err := apply(t, s, nil); err != nil {
		t.Fatal(err)
	}
	for _, c := range s.calls {
		if !strings.HasPrefix(c, "PUT ") {
			t.Errorf("call %s", c)
		}
	}
}

func TestAddressesAreReplaced(t *testing.T) {
	s := &rules{}
	if err := apply(t, s, map[string]string{Receivers: "127.0.0.1:18899", Cloud: "127.0.0.1:11884", Bus: "127.0.0.1:11883", Metadata: "127.0.0.1:19881"}); err != nil {
		t.Fatal(err)
	}
	for id, fragments := range map[string][]string{
		"boiler-hot":     {"http://127.0.0.1:18899/wecom/", "http://127.0.0.1:18899/erp/", "tcp://127.0.0.1:11884"},
		"boiler-average": {"tcp://127.0.0.1:11883"},
		"overheat":       {"http://127.0.0.1:18899/erp/", "http://127.0.0.1:19881/api/v3/device"},
	} {
		for _, f := range fragments {
			if !strings.Contains(s.bodies[id], f) {
				t.Errorf("%s has no %s", id, f)
			}
		}
	}
}

func TestRefusalsSayWhichFileAndWhy(t *testing.T) {
	for fail, want := range map[string]string{
		`{"error":1000,"message":"1:8: unknown column \"x\""}`: `streams/boilers.sql: POST /streams: 1:8: unknown column "x"`,
		"plain words\n": "streams/boilers.sql: POST /streams: plain words",
	} {
		if err := apply(t, &rules{fail: fail}, nil); err == nil || err.Error() != want {
			t.Errorf("error %v, want %s", err, want)
		}
	}
	if err := Apply(context.Background(), "http://127.0.0.1:1", nil); err == nil {
		t.Error("no error without a rules service")
	}
}

func TestFilesAreNamedAfterTheirRules(t *testing.T) {
	names, err := fs.Glob(Files(), "rules/*.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if r := load(t, name); "rules/"+r.ID+".json" != name {
			t.Errorf("%s holds rule %s", name, r.ID)
		}
	}
}

type sample struct {
	ID      string
	Actions []map[string]struct {
		URL          string
		DataTemplate string
		Headers      map[string]string
	}
}

func load(t *testing.T, name string) sample {
	t.Helper()
	text, err := fs.ReadFile(Files(), name)
	if err != nil {
		t.Fatal(err)
	}
	var r sample
	if err := json.Unmarshal(text, &r); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return r
}

// TestReceiversTakeTheAlarm sends what the templates of boiler-hot make to the
// receivers that they are for.
func TestReceiversTakeTheAlarm(t *testing.T) {
	inbox := receivers.NewInbox(nil)
	mux := http.NewServeMux()
	mux.Handle("/wecom/cgi-bin/webhook/send", receivers.NewWeCom("box-robot", inbox))
	mux.Handle("/erp/alarms", receivers.NewERP("box-erp-token", inbox))
	functions := sprig.TxtFuncMap()
	functions["json"] = functions["toJson"]
	row := map[string]any{"device": `boiler "1"`, "temperature": 81.46}
	for _, action := range load(t, "rules/boiler-hot.json").Actions {
		for kind, props := range action {
			var body bytes.Buffer
			if err := template.Must(template.New(kind).Funcs(functions).Parse(props.DataTemplate)).Execute(&body, row); err != nil {
				t.Fatal(err)
			}
			if kind != "rest" {
				if !json.Valid(body.Bytes()) {
					t.Errorf("%s: %s", kind, &body)
				}
				continue
			}
			request := httptest.NewRequest("POST", props.URL, &body)
			request.Header.Set("Content-Type", "application/json")
			for k, v := range props.Headers {
				request.Header.Set(k, v)
			}
			mux.ServeHTTP(httptest.NewRecorder(), request)
		}
	}
	got := ""
	for _, m := range inbox.Received() {
		got += fmt.Sprintf("%s: %s\n", m.Target, m.Text)
	}
	want := "wecom: Boiler too hot · temperature: 81.5 degC\n" +
		"erp: boiler too hot (temperature 81.5 degC, high)\n"
	if got != want {
		t.Errorf("received\n%swant\n%s", got, want)
	}
}
