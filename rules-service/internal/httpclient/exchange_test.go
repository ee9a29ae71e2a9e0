package httpclient

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func TestExchange(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("Retry-After", r.URL.Query().Get("after"))
		var status int
		_, _ = fmt.Sscan(r.URL.Query().Get("status"), &status)
		if status == http.StatusFound {
			w.Header().Set("Location", "https://h/login?token=TOPSECRET")
		}
		w.WriteHeader(status)
		_, _ = w.Write(body)
	}))
	defer server.Close()
	client := NewPool().Client(Settings{Timeout: time.Minute})
	post := func(query, body string) *Answer {
		t.Helper()
		a, err := PostJSON(t.Context(), client, server.URL+"/x?key=TOPSECRET&"+query, body)
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	a := post("status=503&after=7", "<busy> & TOPSECRET")
	want := "POST " + server.URL + `/x?key=<secret>&status=503&after=7: 503 Service Unavailable: "<busy> & <secret>"`
	if err := a.Failure("TOPSECRET", ""); err.Error() != want || a.OK() || !a.Passing() || a.RetryAfter() != 7*time.Second {
		t.Errorf("\n got %v\nwant %s", err, want)
	}
	long := post("status=400", strings.Repeat("锅", 1000))
	if err := long.Failure(); len(err.Error()) > 500 || !utf8.ValidString(err.Error()) || !strings.HasSuffix(err.Error(), " …") || long.Passing() {
		t.Error(err)
	}
	if err := post("status=302", "").FailureOf(""); strings.Contains(err.Error(), "TOPSECRET") || !strings.Contains(err.Error(), "302 Found to https://h/login?token=<secret>") {
		t.Error(err)
	}
	for after, want := range map[string]time.Duration{"": 0, "soon": 0, "-5": 0, "99999999999999": 1 << 31 * time.Second, "Thu,%2001%20Jan%201970%2000:00:00%20GMT": 0} {
		if got := post("status=429&after="+after, "").RetryAfter(); got > want || got < min(want, time.Hour) {
			t.Errorf("%q is %s", after, got)
		}
	}
	if _, err := GetJSON(t.Context(), server.Client(), "http://127.0.0.1:1/?secret=TOPSECRET"); err == nil || strings.Contains(err.Error(), "TOPSECRET") {
		t.Error(err)
	}
	if _, err := PostJSON(t.Context(), server.Client(), "http://h:port/?secret=TOPSECRET", 1); err == nil || strings.Contains(err.Error(), "TOPSECRET") {
		t.Error(err)
	}
	if _, err := PostJSON(t.Context(), server.Client(), server.URL, func() {}); err == nil {
		t.Error("a function is no JSON")
	}
}

func TestCode(t *testing.T) {
	for body, want := range map[string]string{`{"errcode":0}`: "0 true", `{"errcode":"45009"}`: "45009 true", `{"StatusCode":-1}`: "-1 true", `{"errcode":1,"StatusCode":2}`: "1 true",
		`{"errcode":1.5}`: "0 false", `{}`: "0 false", `[]`: "0 false", `<html>`: "0 false", `{"errcode":{}}`: "0 false"} {
		code, ok := (&Answer{Body: []byte(body)}).Code("errcode", "StatusCode")
		if got := fmt.Sprint(code, ok); got != want {
			t.Errorf("%s: %s, not %s", body, got, want)
		}
	}
}

func TestAnswersAreBounded(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, 300<<10)) }))
	defer server.Close()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	if a, err := Exchange(server.Client(), req, 1000); err != nil || len(a.Body) != 1000 {
		t.Error(len(a.Body), err)
	}
}

func TestAddressesOfServers(t *testing.T) {
	for raw, ok := range map[string]bool{"https://h/x?a=b": true, "http://127.0.0.1:1": true, "h": false, "ftp://h": false, "https://": false, "https://h:port": false} {
		if err := CheckURL(raw); (err == nil) != ok {
			t.Errorf("%s: %v", raw, err)
		}
	}
	if err := CheckURL("h?key=TOPSECRET"); strings.Contains(err.Error(), "TOPSECRET") {
		t.Error(err)
	}
	if got := Join("https://h/", "/a", map[string][]string{"k": {"a b"}}); got != "https://h/a?k=a+b" {
		t.Error(got)
	}
}

func FuzzCode(f *testing.F) {
	f.Add([]byte(`{"errcode":"1"}`), "errcode")
	f.Fuzz(func(_ *testing.T, body []byte, field string) { _, _ = (&Answer{Body: body}).Code(field, "code") })
}
