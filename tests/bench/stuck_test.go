package bench

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"sluice/tests/servers"
)

// BenchmarkStuckSink compares the latency of a rule with and without a
// neighbour on the same stream whose target never answers.
func BenchmarkStuckSink(b *testing.B) {
	broker := servers.Mosquitto(b)
	r := rules(b, broker)
	apply(b, r, nil, map[string]any{"bench": map[string]any{
		"id": "bench", "sql": filterRule,
		"actions": []any{map[string]any{"mqtt": map[string]any{"server": "tcp://" + broker.Addr(), "topic": topicOut, "qos": 0, "sendSingle": true}}},
	}})
	l := newLoad(b, "tcp://"+broker.Addr())
	drive := func() (int, int) {
		in := l.paced(3000, 10*time.Second)
		return in, in / 10
	}
	alone := measure(b, l, r.Process, drive)

	release := make(chan struct{})
	stuck := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, q *http.Request) {
		select {
		case <-release:
		case <-q.Context().Done():
		}
	}))
	defer stuck.Close()
	defer close(release)
	apply(b, r, nil, map[string]any{"stuck": map[string]any{
		"id": "stuck", "sql": filterRule,
		"actions": []any{map[string]any{"rest": map[string]any{"url": stuck.URL, "timeout": "5m", "sendSingle": true}}},
	}})
	beside := measure(b, l, r.Process, drive)
	ratio := float64(beside.p99) / float64(alone.p99)
	b.Logf("one sink stuck, 3,000 messages/s\n  alone  %v\n  beside %v\n  ratio of p99 %.2f", alone, beside, ratio)
	b.ReportMetric(ratio, "x-p99")
	b.ReportMetric(float64(beside.lost), "lost")
}
