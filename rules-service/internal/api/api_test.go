package api_test

import (
	"encoding/json"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"sluice/rules-service/internal/apitest"
)

const (
	createDemo = `{"sql":"CREATE STREAM demo () WITH (TYPE=\"memory\", DATASOURCE=\"d\", FORMAT=\"json\", SHARED=\"true\")"}`
	hot        = `{"id":"hot","sql":"SELECT t FROM demo WHERE t > 80","actions":[{"memory":{"topic":"x","sendSingle":true}}]}`
)

// bench is a service with assertions.
type bench struct {
	*apitest.Service
	t *testing.T
}

func startIn(t *testing.T, dir string) *apitest.Service { return apitest.Start(t, dir, "") }

func start(t *testing.T) *bench { return &bench{apitest.Start(t, t.TempDir(), ""), t} }

// want makes a request and compares status and body. A wanted body that ends
// with … is a prefix.
func (b *bench) want(method, path, body string, status int, text string) http.Header {
	b.t.Helper()
	gotStatus, got, header := b.Call(b.t, method, path, body)
	match := got == text || strings.HasSuffix(text, "…") && strings.HasPrefix(got, strings.TrimSuffix(text, "…"))
	if gotStatus != status || !match {
		b.t.Errorf("%s %s %s:\n got %d %q\nwant %d %q", method, path, body, gotStatus, got, status, text)
	}
	return header
}

// refused makes a request that fails, and returns the body.
func (b *bench) refused(method, path, body string, status, code int, message string) map[string]any {
	b.t.Helper()
	gotStatus, got, header := b.Call(b.t, method, path, body)
	var f map[string]any
	if err := json.Unmarshal([]byte(got), &f); err != nil || !strings.HasSuffix(got, "}\n") {
		b.t.Fatalf("%s %s: body %q", method, path, got)
	}
	text, _ := f["message"].(string)
	if gotStatus != status || f["error"] != float64(code) || !strings.Contains(text, message) || header.Get("Content-Type") != "application/json" {
		b.t.Errorf("%s %s:\n got %d %s\nwant %d, error %d, %q", method, path, gotStatus, got, status, code, message)
	}
	return f
}

func noLeak(t *testing.T) {
	before := runtime.NumGoroutine()
	t.Cleanup(func() {
		http.DefaultClient.CloseIdleConnections()
		for deadline := time.Now().Add(time.Minute); runtime.NumGoroutine() > before; time.Sleep(time.Millisecond) {
			if time.Now().After(deadline) {
				buf := make([]byte, 1<<16)
				t.Fatalf("%d goroutines, %d before:\n%s", runtime.NumGoroutine(), before, buf[:runtime.Stack(buf, true)])
			}
		}
	})
}

func TestARowTurnsIntoAnAlarm(t *testing.T) {
	noLeak(t)
	b := start(t)
	b.want("POST", "/streams", createDemo, 201, "Stream demo is created.")
	b.want("POST", "/rules", hot, 201, "Rule hot was created successfully.")
	b.Send(t, `{"t":79}`, `{"t":81}`, `{"t":90}`)
	b.Want(t, `{"t":81}`)
	b.Want(t, `{"t":90}`)
	b.WantNothing(t)
	b.want("GET", "/rules", "", 200, `[{"id":"hot","name":"hot","status":"running","tags":null,"trace":false,"version":""}]`+"\n")
}

func TestService(t *testing.T) {
	b := start(t)
	b.want("GET", "/ping", "", 200, "")
	for _, method := range []string{"GET", "POST"} {
		_, text, _ := b.Call(t, method, "/", "")
		var info map[string]any
		if err := json.Unmarshal([]byte(text), &info); err != nil || info["version"] != "0.0.0-test" || info["os"] != runtime.GOOS {
			t.Errorf("%s", text)
		}
		for _, key := range []string{"arch", "upTimeSeconds", "cpuUsage", "memoryUsed", "memoryTotal"} {
			if _, ok := info[key]; !ok {
				t.Errorf("%s is missing in %s", key, text)
			}
		}
	}
	b.want("POST", "/stop", "", 200, "stop success")
	<-b.Stopped
}

// What no route takes is answered in the form of all other errors.
func TestUnrouted(t *testing.T) {
	b := start(t)
	for _, c := range []struct {
		call         string
		status, code int
		message      string
	}{
		{"GET /nowhere", 404, 1002, "/nowhere is unknown; there are /, /apply, "},
		{"POST /rules/hot/strat", 404, 1002, "there is no POST /rules/hot/strat"},
		{"GET /rules/hot/tags/x", 404, 1002, "there is no GET /rules/hot/tags/x"},
		{"POST /ruleset/exprot", 404, 1002, "there is no POST /ruleset/exprot"},
		{"GET /v2/data/exports", 404, 1002, "there is no GET /v2/data/exports"},
		{"GET /v2", 404, 1002, "/v2 is unknown"},
		{"DELETE /ping", 405, 1000, "DELETE /ping is not possible; there is GET, HEAD"},
		{"PATCH /rules", 405, 1000, "PATCH /rules is not possible; there is GET, HEAD, POST"},
		{"POST /rules/hot/status", 405, 1000, "POST /rules/hot/status is not possible; there is GET, HEAD"},
	} {
		method, path, _ := strings.Cut(c.call, " ")
		b.refused(method, path, "", c.status, c.code, c.message)
	}
	if _, _, h := b.Call(t, "PATCH", "/rules", ""); h.Get("Allow") != "GET, HEAD, POST" {
		t.Errorf("headers %v", h)
	}
}

func TestCrossOrigin(t *testing.T) {
	b := start(t)
	status, _, h := b.Call(t, "OPTIONS", "/rules", "", "Origin", "http://console", "Access-Control-Request-Method", "PUT")
	if status != 204 || h.Get("Access-Control-Allow-Origin") != "*" || !strings.Contains(h.Get("Access-Control-Allow-Methods"), "PUT") ||
		!strings.Contains(h.Get("Access-Control-Allow-Headers"), "Authorization") {
		t.Errorf("%d %v", status, h)
	}
	if _, _, h = b.Call(t, "GET", "/rules", ""); h.Get("Access-Control-Allow-Origin") != "*" {
		t.Errorf("%v", h)
	}
}

func TestToken(t *testing.T) {
	b := &bench{apitest.Start(t, t.TempDir(), "sesame"), t}
	for _, c := range []struct {
		path, given string
		status      int
		text        string
	}{
		{"/ping", "", 200, ""}, {"/rules", "", 401, "missing_token\n"}, {"/rules", "sesam", 401, "invalid_token\n"},
		{"/rules", "Bearer", 401, "invalid_token\n"}, {"/rules", "sesame", 200, "[]\n"}, {"/rules", "bearer sesame", 200, "[]\n"},
		{"/nowhere", "", 401, "missing_token\n"},
	} {
		status, text, _ := b.Call(t, "GET", c.path, "", "Authorization", c.given)
		if status != c.status || text != c.text {
			t.Errorf("%s with %q: %d %q", c.path, c.given, status, text)
		}
	}
	if status, _, _ := b.Call(t, "GET", "/", ""); status != 200 {
		t.Errorf("/ answers %d", status)
	}
}

func TestLargeBody(t *testing.T) {
	b := start(t)
	b.refused("POST", "/rules", strings.Repeat(" ", 5<<20), 413, 1000, "larger than 4194304 bytes")
}

func TestConnectionsAreKept(t *testing.T) {
	b := start(t)
	if _, _, h := b.Call(t, "GET", "/rules", ""); h.Get("Connection") != "" {
		t.Errorf("Connection: %s", h.Get("Connection"))
	}
}
