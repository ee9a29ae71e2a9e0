package main

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"sluice/rules-service/internal/apitest"
)

// lineCounter ends something when so many lines were written.
type lineCounter struct {
	mu   sync.Mutex
	text strings.Builder
	most int
	stop func()
}

func (w *lineCounter) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.text.Write(p)
	if strings.Count(w.text.String(), "\n") == w.most {
		w.stop()
	}
	return len(p), nil
}

// recorder notes the calls that are made.
type recorder struct {
	next http.RoundTripper
	list []string
}

func (r *recorder) RoundTrip(req *http.Request) (*http.Response, error) {
	res, err := r.next.RoundTrip(req)
	if err == nil {
		r.list = append(r.list, req.Method+" "+req.URL.Path+" "+res.Status)
	}
	return res, err
}

// TestLiveTrial looks into a stream until it is interrupted; nothing of it is
// left in the service.
func TestLiveTrial(t *testing.T) {
	service := apitest.StartBuiltin(t, t.TempDir(), "")
	var errs bytes.Buffer
	const stream = `CREATE STREAM pumps () WITH (TYPE="simulator", EXTRA="{\"data\":[{\"n\":1},{\"n\":2}],\"interval\":\"1ms\"}")`
	if code := execute([]string{"-s", service.URL, "apply", "-f", "-"}, strings.NewReader(stream), io.Discard, &errs); code != 0 {
		t.Fatal(errs.String())
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	out := &lineCounter{most: 3, stop: cancel}
	s := &session{ctx: ctx, out: out, errs: &errs, form: "table", api: newClient(service.URL, "")}
	calls := &recorder{next: s.api.http.Transport}
	s.api.http.Transport = calls
	if err := (&trialCmd{SQL: "SELECT n * 10 AS m FROM pumps", Live: true}).Run(s); err != nil {
		t.Fatal(err)
	}
	if text := out.text.String(); !strings.HasPrefix(text, `{"m":10}`+"\n"+`{"m":20}`+"\n"+`{"m":10}`+"\n") {
		t.Errorf("printed %q", text)
	}
	if last := calls.list[len(calls.list)-1]; !strings.HasPrefix(last, "DELETE /ruletest/") || !strings.HasSuffix(last, " 200 OK") {
		t.Errorf("the last call is %s, so the trial is still there", last)
	}
}

// FuzzResults: nothing that a server sends makes the reader panic.
func FuzzResults(f *testing.F) {
	for _, seed := range []string{"data: {\"a\":1}\n\n", "{\"time\":1000,\"result\":[{\"a\":1}]}\n", "{\"time\":1,\"error\":\"x\\ny\"}", ": ping\nevent: x\n", "data:\n{", "{\"time\":-9223372036854775808}"} {
		f.Add(seed, "table")
		f.Add(seed, "yaml")
	}
	f.Fuzz(func(t *testing.T, text, form string) {
		s := &session{ctx: t.Context(), out: io.Discard, form: form}
		_ = s.results(strings.NewReader(text), 0)
	})
}
