package hub

import (
	"fmt"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"sluice/rules-service/internal/connector"
	"sluice/sqlengine"
)

// BenchmarkCut is how long at a time a checkpoint stops a shard with 8,000 rules without
// state on one durable stream, when none of them has yielded something since
// the last one, one in 500, and all.
func BenchmarkCut(b *testing.B) {
	const rules = 8000
	h := New((&feeds{list: map[string]*feed{}}).registry(), connector.Env{Log: slog.New(slog.DiscardHandler)}, func(string, error) {})
	defer h.Close(b.Context())
	h.KeepIntake(IntakeOptions{Dir: filepath.Join(b.TempDir(), "intake")})
	st, err := sqlengine.ParseStatement(demo)
	if err != nil {
		b.Fatal(err)
	}
	streams, marks := catalog{"demo": st.Stream}, 0
	var list []*Attachment
	for i := range rules {
		q, err := sqlengine.Compile(fmt.Sprintf("SELECT a FROM demo WHERE a = %d", i), streams, sqlengine.Options{})
		if err != nil {
			b.Fatal(err)
		}
		a, err := h.Attach(Rule{ID: fmt.Sprint(i), Query: q, Env: sqlengine.Env{Start: time.Now()}, Streams: []*sqlengine.Stream{st.Stream},
			Out: newSink(), Durable: true, AtCut: func([]byte) { marks++ }})
		if err != nil {
			b.Fatal(err)
		}
		list = append(list, a)
	}
	for _, every := range []int{0, 500, 1} {
		b.Run(fmt.Sprintf("yielded=%d", share(rules, every)), func(b *testing.B) {
			b.ReportAllocs()
			var pause, longest time.Duration
			for b.Loop() {
				for _, s := range h.shards {
					s.call(func() {
						longest = 0
						for i := 0; every > 0 && i < len(list); i += every {
							if a := list[i]; a.shard == s {
								a.touched = s.round
								s.touched = append(s.touched, a)
							}
						}
						start := time.Now()
						s.cut(make(chan int64, 1))
						longest = max(longest, time.Since(start))
						for len(s.untold) > 0 {
							it, _ := s.queue.take()
							start := time.Now()
							it.step()
							longest = max(longest, time.Since(start))
						}
						pause += longest
					})
				}
			}
			b.ReportMetric(float64(pause.Microseconds())/float64(b.N*len(h.shards)), "µs-longest-pause")
		})
	}
}

func share(n, every int) int {
	if every == 0 {
		return 0
	}
	return n / every
}
