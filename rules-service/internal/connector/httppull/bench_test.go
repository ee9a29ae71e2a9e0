package httppull

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"sluice/sqlengine/value"
)

// BenchmarkPull asks a server on loopback: in turn with the source, as a lookup
// table, and with net/http alone.
func BenchmarkPull(b *testing.B) {
	answer := `[{"id":1,"name":"pump"}` + strings.Repeat(`,{"id":2,"name":"fan"}`, 20) + "]"
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, answer) }))
	defer server.Close()
	s := openSource(b, props{"url": server.URL, "interval": "1ms"})
	if err := s.Connect(b.Context()); err != nil {
		b.Fatal(err)
	}
	read(b, s, nil)
	l := openLookup(b, props{"url": server.URL})
	columns, values := []string{"id"}, []value.Value{value.OfInt(1)}
	bare := func() {
		res, err := http.Get(server.URL)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := io.ReadAll(res.Body); err != nil {
			b.Fatal(err)
		}
		_ = res.Body.Close()
	}
	bare()
	var pulled, found, theirs time.Duration
	b.ReportAllocs()
	for b.Loop() {
		start := time.Now()
		s.due = start // not later
		read(b, s, nil)
		pulled += time.Since(start)
		start = time.Now()
		if rows, err := l.Find(b.Context(), columns, values); err != nil || len(rows) != 1 {
			b.Fatal(rows, err)
		}
		found += time.Since(start)
		start = time.Now()
		bare()
		theirs += time.Since(start)
	}
	b.ReportMetric(float64(b.N)/pulled.Seconds(), "pulls/s")
	b.ReportMetric(float64(b.N)/found.Seconds(), "finds/s")
	b.ReportMetric(float64(b.N)/theirs.Seconds(), "bare-requests/s")
	b.ReportMetric(100*theirs.Seconds()/pulled.Seconds(), "%-of-bare")
	b.ReportMetric(100*theirs.Seconds()/found.Seconds(), "find-%-of-bare")
}
