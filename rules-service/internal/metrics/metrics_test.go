package metrics_test

import (
	"bufio"
	"fmt"
	"io"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"sluice/rules-service/internal/apitest"
	"sluice/rules-service/internal/metrics"
)

// withRules is a service with a stream, and rules r0, r1 … on it.
func withRules(t testing.TB, rules int) *apitest.Service {
	t.Helper()
	s := apitest.Start(t, t.TempDir(), "")
	call(t, s, "POST", "/streams", `{"sql":"CREATE STREAM demo () WITH (TYPE=\"memory\", FORMAT=\"json\")"}`)
	for i := range rules {
		call(t, s, "POST", "/rules", fmt.Sprintf(`{"id":"r%d","sql":"SELECT a FROM demo WHERE a > 1","actions":[{"memory":{}}]}`, i))
	}
	return s
}

func call(t testing.TB, s *apitest.Service, method, path, body string) string {
	t.Helper()
	status, text, _ := s.Call(t, method, path, body)
	if status/100 != 2 {
		t.Fatalf("%s %s: %d %s", method, path, status, text)
	}
	return text
}

// series reads an exposition: values by name and labels.
func series(t testing.TB, text string) map[string]string {
	t.Helper()
	all := map[string]string{}
	for lines := bufio.NewScanner(strings.NewReader(text)); lines.Scan(); {
		if line := lines.Text(); !strings.HasPrefix(line, "#") {
			i := strings.LastIndexByte(line, ' ')
			all[line[:i]] = line[i+1:]
		}
	}
	return all
}

func expect(t testing.TB, got map[string]string, want ...string) {
	t.Helper()
	for _, line := range want {
		i := strings.LastIndexByte(line, ' ')
		if got[line[:i]] != line[i+1:] {
			t.Errorf("%s is %q, want %s", line[:i], got[line[:i]], line[i+1:])
		}
	}
}

// settled waits until the series has the value.
func settled(t testing.TB, s *apitest.Service, name, value string) map[string]string {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		all := series(t, call(t, s, "GET", "/metrics", ""))
		if all[name] == value {
			return all
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s is %q, want %s", name, all[name], value)
		}
	}
}

func TestSeriesOfARule(t *testing.T) {
	s := withRules(t, 1)
	s.Send(t, `{"a":1}`, `{"a":2}`, `no JSON`)
	s.Want(t, `[{"a":2}]`)
	got := settled(t, s, `kuiper_sink_records_out_total{op="memory_0",op_instance="0",rule="r0",type="sink"}`, "1")
	expect(t, got,
		`kuiper_source_records_in_total{op="demo",op_instance="0",rule="r0",type="source"} 3`,
		`kuiper_source_records_out_total{op="demo",op_instance="0",rule="r0",type="source"} 2`,
		`kuiper_source_messages_processed_total{op="demo",op_instance="0",rule="r0",type="source"} 3`,
		`kuiper_source_exceptions_total{op="demo",op_instance="0",rule="r0",type="source"} 1`,
		`kuiper_source_buffer_length{op="demo",op_instance="0",rule="r0",type="source"} 0`,
		`kuiper_source_connection_status{op="demo",op_instance="0",rule="r0",type="source"} 1`,
		`kuiper_op_records_in_total{op="1_filter",op_instance="0",rule="r0",type="op"} 2`,
		`kuiper_op_records_out_total{op="1_filter",op_instance="0",rule="r0",type="op"} 1`,
		`kuiper_sink_records_in_total{op="memory_0",op_instance="0",rule="r0",type="sink"} 1`,
		`kuiper_sink_connection_status{op="memory_0",op_instance="0",rule="r0",type="sink"} 1`,
		`kuiper_rule_status{rule="r0"} 1`, `kuiper_rule_count{status="running"} 1`, `kuiper_rule_count{status="stop"} 0`,
		`sluice_decode_errors_total{rule="r0",stream="demo"} 1`, `sluice_source_dropped_total{rule="r0",stream="demo"} 0`,
		`sluice_sink_dropped_total{reason="overflow",rule="r0",sink="memory_0"} 0`, `sluice_sink_queue_bytes{rule="r0",sink="memory_0"} 0`,
		`sluice_late_rows_total{rule="r0"} 0`, `sluice_rules{state="running"} 1`, `sluice_build_info{version="0.0.0-test"} 1`,
		`sluice_intake_records 0`, `sluice_replaying 0`,
	)
	for _, name := range []string{"process_resident_memory_bytes", "process_open_fds", "go_goroutines"} {
		if got[name] == "" {
			t.Errorf("%s is missing", name)
		}
	}
}

// TestDeletedRuleLeavesNoSeries: series of deleted and trial rules stay until
// restart elsewhere.
func TestDeletedRuleLeavesNoSeries(t *testing.T) {
	s := withRules(t, 2)
	call(t, s, "POST", "/rules/r1/stop", "")
	expect(t, series(t, call(t, s, "GET", "/metrics", "")), `kuiper_rule_status{rule="r1"} 0`, `kuiper_rule_count{status="stop"} 1`)
	call(t, s, "DELETE", "/rules/r1", "")
	call(t, s, "DELETE", "/rules/r0", "")
	for name := range series(t, call(t, s, "GET", "/metrics", "")) {
		if strings.Contains(name, "rule=") {
			t.Errorf("%s is still there", name)
		}
	}
}

// With more rules than may be told apart their figures are summed up, and only
// rules in trouble are named.
func TestManyRules(t *testing.T) {
	s := withRules(t, 8)
	call(t, s, "POST", "/rules", `{"id":"bad","triggered":true,"sql":"SELECT a FROM demo","actions":[{"memory":{}}]}`)
	s.Send(t, `{"a":2}`)
	for range 9 {
		s.Want(t, `[{"a":2}]`)
	}
	e := metrics.New(s.Rules, "v", 8, slog.New(slog.DiscardHandler))
	scrape := func() map[string]string {
		w := httptest.NewRecorder()
		e.ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
		text, err := io.ReadAll(w.Body)
		if err != nil {
			t.Fatal(err)
		}
		return series(t, string(text))
	}
	got := scrape()
	expect(t, got, `kuiper_source_records_in_total{op="",op_instance="0",rule="",type="source"} 9`,
		`kuiper_op_records_out_total{op="filter",op_instance="0",rule="",type="op"} 8`,
		`kuiper_sink_records_in_total{op="memory",op_instance="0",rule="",type="sink"} 9`, `kuiper_rule_count{status="running"} 9`)
	for name := range got {
		if strings.Contains(name, `rule="r`) || strings.Contains(name, `rule="bad`) {
			t.Errorf("%s names a rule", name)
		}
	}
	e.SetRules(9)
	expect(t, scrape(), `kuiper_op_records_out_total{op="1_filter",op_instance="0",rule="r3",type="op"} 1`, `kuiper_rule_status{rule="bad"} 1`)
}

// BenchmarkScrape is one request of Prometheus with thousands of rules.
func BenchmarkScrape(b *testing.B) {
	s := withRules(b, 2000)
	for _, most := range []int{0, 2000} {
		e := metrics.New(s.Rules, "v", most, slog.New(slog.DiscardHandler))
		b.Run(fmt.Sprintf("most=%d", most), func(b *testing.B) {
			b.ReportAllocs()
			size := 0
			for b.Loop() {
				w := httptest.NewRecorder()
				e.ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
				size = w.Body.Len()
			}
			b.ReportMetric(float64(size), "bytes/answer")
		})
	}
}
