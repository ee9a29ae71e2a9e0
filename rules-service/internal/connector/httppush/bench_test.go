package httppush

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// BenchmarkPush sends requests over loopback: in turn to a stream whose rules
// answer at once, and to a handler of net/http that reads the body.
func BenchmarkPush(b *testing.B) {
	s := newBench().open(b, props{"datasource": "/x", "token": "t"})
	serveRules(b, s, func(string) error { return nil })
	bare := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.ReadAll(r.Body); err == nil {
			_, _ = w.Write([]byte("ok"))
		}
	}))
	defer bare.Close()
	send := func(url string) time.Duration {
		start := time.Now()
		if a := do(b, request(b, "POST", url, strings.NewReader(`{"device":"d1","temperature":20.5,"humidity":40}`), "Authorization", "Bearer t")); a.status != 200 {
			b.Fatal(a)
		}
		return time.Since(start)
	}
	send(bare.URL)
	send(address(s))
	var ours, theirs time.Duration
	b.ReportAllocs()
	for b.Loop() {
		ours += send(address(s))
		theirs += send(bare.URL)
	}
	b.ReportMetric(float64(b.N)/ours.Seconds(), "requests/s")
	b.ReportMetric(float64(b.N)/theirs.Seconds(), "bare-requests/s")
	b.ReportMetric(100*theirs.Seconds()/ours.Seconds(), "%-of-bare")
}
