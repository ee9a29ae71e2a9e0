package influx

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"sluice/rules-service/internal/connector"
	"sluice/rules-service/internal/connectortest"
	"sluice/tests/servers"
)

// front is the API of version 2 in front of a database of version 1: it checks
// requests as the real one does and hands the lines on.
type front struct {
	t    *testing.T
	back *servers.Process

	mu       sync.Mutex
	statuses []int // to be answered first
	header   http.Header
	packed   int // requests that were compressed
}

const token = "token-of-the-bucket"

func (f *front) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	refuse := func(status int, text string) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, `{"code":"x","message":"`+text+`"}`)
	}
	q := req.URL.Query()
	switch {
	case req.Method != http.MethodPost || req.URL.Path != "/api/v2/write":
		refuse(http.StatusNotFound, "no such path")
	case req.Header.Get("Authorization") != "Token "+token:
		refuse(http.StatusUnauthorized, "unauthorized: "+req.Header.Get("Authorization"))
	case q.Get("org") != "works":
		refuse(http.StatusNotFound, "organization name not found")
	case q.Get("bucket") != "plant":
		refuse(http.StatusNotFound, "bucket not found")
	case q.Get("precision") != "ns":
		refuse(http.StatusBadRequest, "invalid precision")
	default:
		f.take(w, req, refuse)
	}
}

func (f *front) take(w http.ResponseWriter, req *http.Request, refuse func(int, string)) {
	body, err := io.ReadAll(req.Body)
	if err == nil && req.Header.Get("Content-Encoding") == "gzip" {
		var unzip *gzip.Reader
		if unzip, err = gzip.NewReader(bytes.NewReader(body)); err == nil {
			body, err = io.ReadAll(unzip)
		}
		f.mu.Lock()
		f.packed++
		f.mu.Unlock()
	}
	if err != nil || len(body) == 0 {
		refuse(http.StatusBadRequest, "writing requires points")
		return
	}
	f.mu.Lock()
	if len(f.statuses) > 0 {
		status := f.statuses[0]
		f.statuses = f.statuses[1:]
		for k, v := range f.header {
			w.Header()[k] = v
		}
		f.mu.Unlock()
		refuse(status, "as the test wants")
		return
	}
	f.mu.Unlock()
	res, err := http.Post("http://"+f.back.Addr()+"/write?"+url.Values{"db": {database}, "precision": {"ns"}}.Encode(), "text/plain", bytes.NewReader(body))
	if err != nil {
		refuse(http.StatusInternalServerError, "the database is away")
		return
	}
	defer res.Body.Close()
	text, _ := io.ReadAll(res.Body)
	w.WriteHeader(res.StatusCode)
	_, _ = w.Write(text)
}

func newFront(t *testing.T) (*front, *httptest.Server) {
	t.Helper()
	f := &front{t: t, back: influxDB(t)}
	s := httptest.NewServer(f)
	t.Cleanup(s.Close)
	return f, s
}

func v2(t testing.TB, addr string) connector.Sink {
	t.Helper()
	return open(t, "influx2", map[string]any{"addr": addr, "token": token, "org": "works", "bucket": "plant", "measurement": "m", "compression": "gzip", "timeout": "20s"})
}

func TestConformanceV2(t *testing.T) {
	f, s := newFront(t)
	bad := connectortest.Rows(t, nil, `{"bad":"a text where a number was"}`)
	h := connectortest.Sink{
		New:      func(t *testing.T) connector.Sink { return v2(t, s.URL) },
		Message:  func(payload string) connector.Outbound { return connectortest.Rows(t, nil, payload) },
		Received: func(t *testing.T) []string { return untimed(t, ask(t, f.back, "SELECT * FROM m")) },
		Bad:      &bad,
		Break:    func(*testing.T) { f.back.Kill() },
		Mend:     func(*testing.T) { f.back.Start(t) },
	}
	h.Run(t)
	if f.packed == 0 {
		t.Error("nothing was compressed")
	}
}

// Each answer has its class: how long the server asks to wait, another attempt,
// or smaller requests.
func TestAnswers(t *testing.T) {
	f, server := newFront(t)
	s := v2(t, server.URL)
	for _, c := range []struct {
		status int
		after  string
		want   string // class
	}{
		{http.StatusTooManyRequests, "7", "after 7s"},
		{http.StatusServiceUnavailable, "120", "after 2m0s"},
		{http.StatusServiceUnavailable, time.Now().Add(time.Hour).UTC().Format(http.TimeFormat), "after an hour"},
		{http.StatusTooManyRequests, "", "retry"},
		{http.StatusServiceUnavailable, "-3", "retry"},
		{http.StatusInternalServerError, "", "retry"},
		{http.StatusForbidden, "", "retry"},
		{http.StatusBadRequest, "", "refused"},
		{http.StatusUnprocessableEntity, "", "refused"},
		{http.StatusRequestEntityTooLarge, "", "refused"},
	} {
		f.statuses = []int{c.status}
		f.header = http.Header{}
		if c.after != "" {
			f.header.Set("Retry-After", c.after)
		}
		err := s.Write(t.Context(), []connector.Outbound{connectortest.Rows(t, nil, `{"a":1}`)})
		if got := class(err); got != c.want {
			t.Errorf("%d %s: %s, want %s: %v", c.status, c.after, got, c.want, err)
		}
		if err != nil && !strings.Contains(err.Error(), "as the test wants") {
			t.Errorf("the server's text is not there: %v", err)
		}
	}
}

func class(err error) string {
	var permanent *connector.Permanent
	var later *connector.RetryAfter
	switch {
	case err == nil:
		return "written"
	case errors.As(err, &permanent):
		return "refused"
	case errors.As(err, &later):
		if later.After > 59*time.Minute {
			return "after an hour"
		}
		return "after " + later.After.String()
	}
	return "retry"
}

// A request that is too large is cut until it fits, and what the server cannot
// take now is left, with what it has refused already.
func TestTooLargeAndAway(t *testing.T) {
	f, server := newFront(t)
	s := v2(t, server.URL)
	var msgs []connector.Outbound
	for range 8 {
		msgs = append(msgs, connectortest.Rows(t, nil, `{"a":1}`))
	}
	f.statuses = []int{http.StatusRequestEntityTooLarge}
	if err := s.Write(t.Context(), msgs); err != nil {
		t.Fatal(err)
	}
	if got := untimed(t, ask(t, f.back, "SELECT count(a) FROM m")); !slices.Equal(got, []string{`{"count":8}`}) {
		t.Error(got)
	}
	f.statuses, f.header = []int{http.StatusRequestEntityTooLarge, http.StatusNoContent, http.StatusTooManyRequests}, http.Header{"Retry-After": {"9"}}
	err := s.Write(t.Context(), msgs)
	var partial *connector.Partial
	if !errors.As(err, &partial) || !slices.Equal(partial.Failed, []int{4, 5, 6, 7}) || class(err) != "after 9s" {
		t.Errorf("%v", err)
	}
}

// A server that repeats the token does not bring it into an error.
func TestTokenIsHidden(t *testing.T) {
	_, server := newFront(t)
	s := open(t, "influx2", map[string]any{"addr": server.URL, "token": "hunter2", "org": "works", "bucket": "plant", "measurement": "m"})
	err := s.Connect(t.Context())
	if err == nil || strings.Contains(err.Error(), "hunter2") || !strings.Contains(err.Error(), "check the user or token") {
		t.Error(err)
	}
}
