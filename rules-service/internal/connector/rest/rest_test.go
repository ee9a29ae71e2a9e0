package rest

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"sluice/rules-service/internal/connector"
	"sluice/rules-service/internal/connectortest"
	"sluice/tests/servers"
)

func open(t *testing.T, props map[string]any) (connector.Sink, *connector.SinkConfig) {
	t.Helper()
	r := connector.NewRegistry()
	Register(r)
	info, err := r.Sink("rest")
	if err != nil {
		t.Fatal(err)
	}
	c, err := info.Decode(props, connector.Env{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	s, err := c.Open()
	if err != nil {
		t.Fatal(err)
	}
	return s, c
}

// receiver keeps what it gets. It can go away and come back.
type receiver struct {
	mu     sync.Mutex
	bodies []string
	server *httptest.Server
	addr   string
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	b, _ := io.ReadAll(req.Body)
	r.mu.Lock()
	defer r.mu.Unlock()
	if string(b) == "bad" {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	r.bodies = append(r.bodies, string(b))
}

func (r *receiver) start(t *testing.T) {
	t.Helper()
	l, err := net.Listen("tcp", r.addr)
	if err != nil {
		t.Fatal(err)
	}
	r.server = &httptest.Server{Listener: l, Config: &http.Server{Handler: r}}
	r.server.Start()
	t.Cleanup(r.server.Close)
}

func TestSinkConformance(t *testing.T) {
	r := &receiver{addr: fmt.Sprintf("127.0.0.1:%d", servers.FreePort(t))} // it listens there more than once
	r.start(t)
	h := connectortest.Sink{
		Batch: 1,
		New: func(t *testing.T) connector.Sink {
			s, _ := open(t, map[string]any{"url": "http://" + r.addr + "/in", "timeout": "20s"})
			return s
		},
		Bad: &connector.Outbound{Payload: []byte("bad")},
		Received: func(*testing.T) []string {
			r.mu.Lock()
			defer r.mu.Unlock()
			return append([]string(nil), r.bodies...)
		},
		Break: func(*testing.T) { r.server.CloseClientConnections(); r.server.Close() },
		Mend:  func(*testing.T) { r.start(t) }, // outlives the part of the suite that asks
	}
	h.Run(t)
}

// Answers are the classes of errors, with WeCom's codes as an example.
func TestAnswers(t *testing.T) {
	wecom := map[string]any{
		"success":     []any{map[string]any{"path": "errcode", "equals": float64(0)}},
		"retryOn":     map[string]any{"path": "errcode", "in": []any{45009.0}},
		"permanentOn": []any{map[string]any{"path": "errcode", "in": []any{93000.0, 40008.0, 40035.0, 44004.0}}},
	}
	body := map[string]any{"responseType": "body"}
	for _, c := range []struct {
		name   string
		props  map[string]any
		status int
		answer string
		want   string // class and text
	}{
		{"success", nil, 201, "", ""},
		{"bad request", nil, 400, "no such field", "permanent: POST URL: 400 Bad Request: no such field"},
		{"too many", nil, 429, "", "after 7s: POST URL: 429 Too Many Requests"},
		{"server error", nil, 503, "", "after 7s: POST URL: 503 Service Unavailable"},
		{"wecom ok", wecom, 200, `{"errcode":0,"errmsg":"ok"}`, ""},
		{"wecom ok as text", wecom, 200, `{"errcode":"0"}`, ""},
		{"wecom too often", wecom, 200, `{"errcode":45009,"errmsg":"freq"}`, `after 7s: POST URL: 200 OK: {"errcode":45009,"errmsg":"freq"}`},
		{"wecom bad key", wecom, 200, `{"errcode":93000,"errmsg":"invalid"}`, `permanent: POST URL: 200 OK: {"errcode":93000,"errmsg":"invalid"}`},
		{"wecom unknown", wecom, 200, `{"errcode":-1}`, `after 7s: POST URL: 200 OK: {"errcode":-1}`},
		{"wecom no JSON", wecom, 200, `<html>`, `after 7s: POST URL: 200 OK: <html>`},
		{"status taken", map[string]any{"success": map[string]any{"status": []any{200.0, 409.0}}}, 409, "exists", ""},
		{"status not taken", map[string]any{"success": map[string]any{"status": 200.0}}, 202, "", "after 7s: POST URL: 202 Accepted"},
		{"status retried", map[string]any{"retryOn": map[string]any{"status": 404.0}}, 404, "", "after 7s: POST URL: 404 Not Found"},
		{"status final", map[string]any{"permanentOn": map[string]any{"status": 501.0}}, 501, "", "permanent: POST URL: 501 Not Implemented"},
		{"status and path", map[string]any{"retryOn": map[string]any{"status": 400.0, "path": "e", "equals": "busy"}}, 400, `{"e":"busy"}`, `after 7s: POST URL: 400 Bad Request: {"e":"busy"}`},
		{"status without path", map[string]any{"retryOn": map[string]any{"status": 400.0, "path": "e", "equals": "busy"}}, 400, `{"e":"bad"}`, `permanent: POST URL: 400 Bad Request: {"e":"bad"}`},
		{"conflict", nil, 409, "", "permanent: POST URL: 409 Conflict"},
		{"timeout of the server", nil, 408, "", "after 7s: POST URL: 408 Request Timeout"},
		{"body list ok", body, 200, `[{"code":200},{"code":201}]`, ""},
		{"body list bad", body, 200, `[{"code":200},{"code":404}]`, `permanent: POST URL: 200 OK: [{"code":200},{"code":404}]`},
		{"body empty list", body, 200, `[]`, `permanent: POST URL: the answer has no code: 200 OK: []`},
		{"body ok", body, 200, `{"code":204}`, ""},
		{"body bad", body, 200, `{"code":400}`, `permanent: POST URL: 200 OK: {"code":400}`},
		{"body down", body, 200, `{"code":500}`, `after 7s: POST URL: 200 OK: {"code":500}`},
		{"body without code", body, 200, `{}`, `permanent: POST URL: the answer has no code: 200 OK: {}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Retry-After", "7")
				w.WriteHeader(c.status)
				fmt.Fprint(w, c.answer)
			}))
			defer server.Close()
			props := map[string]any{"url": server.URL + "/send?key=TOPSECRET"}
			for k, v := range c.props {
				props[k] = v
			}
			s, _ := open(t, props)
			err := s.Write(t.Context(), []connector.Outbound{{Payload: []byte("{}")}})
			if err != nil && strings.Contains(err.Error(), "TOPSECRET") {
				t.Error("the key is in the error:", err)
			}
			if got := strings.ReplaceAll(class(err), server.URL+"/send?key=<secret>", "URL"); got != c.want {
				t.Errorf("\n got %s\nwant %s", got, c.want)
			}
		})
	}
}

func class(err error) string {
	var permanent *connector.Permanent
	var later *connector.RetryAfter
	switch {
	case err == nil:
		return ""
	case errors.As(err, &permanent):
		return "permanent: " + err.Error()
	case errors.As(err, &later):
		return "after " + later.After.String() + ": " + err.Error()
	}
	return "retry: " + err.Error()
}

func TestRefusedIsRetried(t *testing.T) {
	addr := fmt.Sprintf("127.0.0.1:%d", servers.FreePort(t))
	s, _ := open(t, map[string]any{"url": "http://user:PASS@" + addr + "/x?access_token=TOPSECRET&a=1", "timeout": "20s"})
	got := class(s.Write(t.Context(), []connector.Outbound{{}}))
	if !strings.HasPrefix(got, "retry: POST http://user@"+addr+"/x?access_token=<secret>&a=1: ") || !strings.Contains(got, "refused") {
		t.Error(got)
	}
}

func TestRequests(t *testing.T) {
	var got string
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		got = fmt.Sprint(r.Method, " ", r.URL, " ", r.Header.Get("Content-Type"), " ", r.Header.Get("X-Device"), " ", string(b))
	}))
	defer server.Close()
	for want, props := range map[string]map[string]any{
		`POST /a application/json b1 {"x":1,"y":"z"}`:          {},
		`PUT /a text/plain b1 {"x":1,"y":"z"}`:                 {"method": "put", "bodyType": "text"},
		`GET /a  b1 `:                                          {"method": "GET"},
		`DELETE /a  b1 `:                                       {"method": "DELETE", "bodyType": "none"},
		`POST /a application/x-www-form-urlencoded b1 x=1&y=z`: {"bodyType": "form"},
		`PATCH /a text/xml; charset=utf-8 b1 {"x":1,"y":"z"}`:  {"method": "PATCH", "bodyType": "xml", "headers": `{"X-Device": "{{.d}}", "content-type": "text/xml; charset=utf-8"}`},
		`HEAD /a  b1 `:                                         {"method": "HEAD"},
	} {
		props["url"] = "{{.u}}"
		if props["headers"] == nil {
			props["headers"] = map[string]any{"X-Device": "{{.d}}"}
		}
		s, c := open(t, props)
		if c.Templates["headers.X-Device"] != "{{.d}}" || c.Templates["url"] != "{{.u}}" {
			t.Fatal(c.Templates)
		}
		m := connector.Outbound{Payload: []byte(`{"x":1,"y":"z"}`), Values: map[string]string{"url": server.URL + "/a", "headers.X-Device": "b1"}}
		if err := s.Write(t.Context(), []connector.Outbound{m}); err != nil || got != want {
			t.Errorf("\n got %s %v\nwant %s", got, err, want)
		}
	}
}

func TestTimeout(t *testing.T) {
	release := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	defer server.Close()
	defer close(release)
	s, _ := open(t, map[string]any{"url": server.URL, "timeout": 50})
	start := time.Now()
	if got := class(s.Write(t.Context(), []connector.Outbound{{}})); !strings.HasPrefix(got, "retry: ") {
		t.Error(got)
	}
	if took := time.Since(start); took >= 5*time.Second { // the default
		t.Errorf("the limit does not hold: %v", took)
	}
}
