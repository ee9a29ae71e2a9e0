package hub

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"sluice/rules-service/internal/connector"
	"sluice/sqlengine"
	"sluice/sqlengine/value"
)

// counter is the output of a rule in benchmarks.
type counter struct{}

func (counter) Push(*value.Batch) error { return nil }
func (counter) Advance(int64) error     { return nil }
func (counter) Close() error            { return nil }

// BenchmarkDeliver is the way of one message from its bytes to the rules:
// decode, queue, shard, filter.
func BenchmarkDeliver(b *testing.B) {
	for _, rules := range []int{1, 100} {
		b.Run(fmt.Sprintf("rules=%d", rules), func(b *testing.B) {
			f := &feeds{list: map[string]*feed{}}
			h := New(f.registry(), connector.Env{Log: slog.New(slog.DiscardHandler)}, func(string, error) {})
			st, err := sqlengine.ParseStatement(demo)
			if err != nil {
				b.Fatal(err)
			}
			for i := range rules {
				q, err := sqlengine.Compile(fmt.Sprintf("SELECT temperature FROM demo WHERE device = 'd%d' AND temperature > 80", i), catalog{"demo": st.Stream}, sqlengine.Options{})
				if err != nil {
					b.Fatal(err)
				}
				if _, err := h.Attach(Rule{ID: fmt.Sprint(i), Query: q, Streams: []*sqlengine.Stream{st.Stream}, Out: counter{}}); err != nil {
					b.Fatal(err)
				}
			}
			msg := []connector.Inbound{{Payload: []byte(`{"device":"d0","temperature":81.5,"humidity":40,"location":"hall 3","line":"L1","status":"ok","count":12345}`)}}
			src := h.streams["demo"].source
			done := make(chan struct{}, 1)
			ack := func(error) { done <- struct{}{} }
			b.ReportAllocs()
			for b.Loop() {
				msg[0].Time = time.Now()
				src.deliver(msg, ack)
				<-done
			}
			if err := h.Close(context.Background()); err != nil {
				b.Fatal(err)
			}
		})
	}
}
