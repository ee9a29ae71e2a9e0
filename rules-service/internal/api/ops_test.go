package api_test

import (
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"sluice/rules-service/internal/api"
)

// ask makes a request of a handler.
func ask(h http.Handler, method, path, body string, headers ...string) (int, string) {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	text, _ := io.ReadAll(w.Body) // of a recorder
	return w.Code, strings.TrimSpace(string(text))
}

var silent = slog.New(slog.DiscardHandler)

func TestHealthAndReadiness(t *testing.T) {
	missing := []string{"rules", "replay"}
	h := (&api.API{Log: silent, Token: "sesame", Missing: func() []string { return missing }}).Handler()
	expect := func(path string, status int, want string) {
		t.Helper()
		if code, got := ask(h, "GET", path, ""); code != status || got != want {
			t.Errorf("%s: %d %s, want %d %s", path, code, got, status, want)
		}
	}
	expect("/healthz", 200, `{"status":"ok"}`)
	expect("/readyz", 503, `{"ready":false,"missing":["rules","replay"]}`)
	missing = nil
	expect("/readyz", 200, `{"ready":true}`)
	if code, _ := ask(h, "POST", "/readyz", "", "Authorization", "sesame"); code != 405 {
		t.Errorf("POST /readyz: %d", code)
	}
}

func TestPatchConfigs(t *testing.T) {
	var got []string
	h := (&api.API{Log: silent, Configure: func(c api.Changes) error {
		level, zone := "-", "-"
		if c.LogLevel != nil {
			level = *c.LogLevel
		}
		if c.Zone != nil {
			zone = c.Zone.String()
		}
		got = append(got, level+" "+zone)
		if level == "loud" {
			return errors.New("logLevel: there is no such level")
		}
		return nil
	}}).Handler()
	for _, c := range []struct {
		body    string
		status  int
		changes string
	}{
		{`{"logLevel":"debug"}`, 204, "debug -"},
		{`{"debug":true}`, 204, "debug -"}, {`{"debug":false}`, 204, "info -"}, {`{"debug":true,"logLevel":"warn"}`, 204, "warn -"},
		{`{"timezone":"Asia/Tokyo","consoleLog":true,"fileLog":true}`, 204, "- Asia/Tokyo"}, {`{"timezone":"local"}`, 204, "- Local"},
		{`{}`, 204, "- -"}, {`{"metricsDumpConfig":{"enable":false}}`, 204, "- -"},
		{`{"logLevel":"loud"}`, 400, "loud -"},
		{`{"timezone":"Mars"}`, 400, ""}, {`{"logLevl":"debug"}`, 400, ""}, {`[]`, 400, ""}, {``, 400, ""}, {`{"metricsDumpConfig":{"enable":true}}`, 400, ""},
	} {
		got = nil
		code, text := ask(h, "PATCH", "/configs", c.body)
		if code != c.status || strings.Join(got, ";") != c.changes || (code == 204) != (text == "") {
			t.Errorf("%s: %d %s, changes %q", c.body, code, text, got)
		}
	}
}

func TestMetricsAreSwitchedOff(t *testing.T) {
	code, text := ask((&api.API{Log: silent}).Handler(), "GET", "/metrics", "")
	if code != 404 || !strings.Contains(text, "Metrics.Enabled") {
		t.Errorf("%d %s", code, text)
	}
}

func TestAccess(t *testing.T) {
	other := func(token string) error {
		if token == "jwt" {
			return nil
		}
		return errors.New("not this one")
	}
	both := (&api.API{Log: silent, Token: "sesame", Checkers: []api.Checker{other}}).Handler()
	one := (&api.API{Log: silent, Checkers: []api.Checker{other}}).Handler()
	for _, c := range []struct {
		h             http.Handler
		authorization string
		status        int
		text          string
	}{
		{both, "Bearer sesame", 404, ""}, {both, "bearer  jwt", 404, ""}, {both, "sesame", 404, ""}, {both, "jwt", 404, ""},
		{both, "", 401, "missing_token"}, {both, "Bearer ", 401, "invalid_token"}, {both, "Bearer x", 401, "invalid_token"},
		{one, "jwt", 404, ""}, {one, "", 401, "missing_token"}, {one, "sesame", 401, "invalid_token"},
	} {
		code, text := ask(c.h, "GET", "/nothing", "", "Authorization", c.authorization)
		if code != c.status || c.text != "" && text != c.text {
			t.Errorf("%q: %d %s", c.authorization, code, text)
		}
	}
	for _, path := range []string{"/", "/ping", "/healthz", "/readyz"} {
		if code, _ := ask(both, "GET", path, ""); code != 200 {
			t.Errorf("%s: %d", path, code)
		}
	}
}
