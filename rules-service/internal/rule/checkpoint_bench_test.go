package rule

import (
	"fmt"
	"log/slog"
	"testing"
	"time"

	"sluice/rules-service/internal/connector"
	"sluice/rules-service/internal/delivery"
	"sluice/rules-service/internal/store"
)

// BenchmarkCheckpoint is a checkpoint of 8,000 rules without state on one
// durable source all of which have yielded something since the last one, and
// of the same rules when none has.
func BenchmarkCheckpoint(b *testing.B) {
	const rules = 8000
	src := &broker{wake: make(chan struct{}, 1)}
	st, err := store.Open(b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	defer st.Close()
	m, err := Open(st, src.registry(), connector.Env{Log: slog.New(slog.DiscardHandler)}, WithDisk(delivery.Storage{Dir: b.TempDir()}))
	if err != nil {
		b.Fatal(err)
	}
	defer m.Close(b.Context())
	if _, err := m.Execute(brokerStream); err != nil {
		b.Fatal(err)
	}
	set := Set{Rules: map[string]string{}}
	for i := range rules {
		id := fmt.Sprint("r", i)
		set.Rules[id] = fmt.Sprintf(`{"id":%q,"sql":"SELECT n FROM s","actions":[{"broker":{}}],"options":{"qos":1,"checkpointInterval":"1h"}}`, id)
	}
	if _, err := m.Apply(set); err != nil {
		b.Fatal(err)
	}
	var runs []*run
	for _, r := range m.all() {
		runs = append(runs, r.look().run)
	}
	b.Run("on the shard, a rule that has yielded something", func(b *testing.B) {
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			if i%rules == 0 {
				m.checkpoints.fresh, m.checkpoints.numbers = m.checkpoints.fresh[:0], m.checkpoints.numbers[:0]
			}
			m.checkpoints.found("r", runs[i%rules], nil)
		}
		m.checkpoints.fresh = nil
	})
	n := 0
	for _, yields := range []bool{true, false} {
		b.Run(fmt.Sprintf("whole, all have yielded %v", yields), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if yields {
					b.StopTimer()
					n++
					src.send(n)
					for len(src.results(fmt.Sprint("r", rules-1))) < n {
						time.Sleep(time.Millisecond)
					}
					b.StartTimer()
				}
				m.checkpoints.make(b.Context())
			}
		})
	}
}
