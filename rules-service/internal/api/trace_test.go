package api_test

import (
	"bytes"
	"log/slog"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"sluice/rules-service/internal/api"
	"sluice/rules-service/internal/apitest"
)

// Who asks for secrets is noted.
func TestRequestsForSecretsAreLogged(t *testing.T) {
	var out bytes.Buffer
	h := (&api.API{Rules: apitest.Start(t, t.TempDir(), "").Rules, Token: "sesame", Log: slog.New(slog.NewTextHandler(&out, nil))}).Handler()
	for _, c := range []struct{ target, token, want string }{
		{"/ruleset/export?secrets=true", "sesame", `level=INFO msg="secrets were asked for" path=/ruleset/export by=192.0.2.1:1234`},
		{"/ruleset/export", "sesame", ""}, {"/ruleset/export?secrets=true", "wrong", ""}, {"/ping?secrets=true", "", ""},
	} {
		out.Reset()
		r := httptest.NewRequest("GET", c.target, nil)
		r.Header.Set("Authorization", c.token)
		h.ServeHTTP(httptest.NewRecorder(), r)
		if line := out.String(); !strings.Contains(line, c.want) || c.want == "" && line != "" {
			t.Errorf("%s logs %q, want %q", c.target, line, c.want)
		}
	}
}

// Every request is logged, without what may be secret in it.
func TestRequestsAreLogged(t *testing.T) {
	var out bytes.Buffer
	log := slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug}))
	h := (&api.API{Rules: apitest.Start(t, t.TempDir(), "").Rules, Token: "sesame", Log: log}).Handler()
	for _, c := range []struct {
		method, target, token, want string
	}{
		{"GET", "/rules?password=hush", "sesame", "method=GET path=/rules status=200 took="},
		{"GET", "/ping", "", "method=GET path=/ping status=200 took="},
		{"POST", "/rules", "sesame", "method=POST path=/rules status=400 took="},
		{"GET", "/rules", "wrong", "method=GET path=/rules status=401 took="},
		{"DELETE", "/rules/a%0Ab", "sesame", "method=DELETE path=/rules/a%0Ab status=400 took="},
		{"OPTIONS", "/rules", "", "method=OPTIONS path=/rules status=204 took="},
	} {
		out.Reset()
		r := httptest.NewRequest(c.method, c.target, strings.NewReader(`{"id":"hush"`))
		r.Header.Set("Authorization", "Bearer "+c.token)
		h.ServeHTTP(httptest.NewRecorder(), r)
		line := out.String()
		if !strings.Contains(line, "level=DEBUG msg=request "+c.want) || strings.Count(line, "\n") != 1 || regexp.MustCompile("hush|sesame|wrong").MatchString(line) {
			t.Errorf("%s %s logs %q, want %s", c.method, c.target, line, c.want)
		}
	}
}
