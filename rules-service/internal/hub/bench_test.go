package hub

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"sluice/rules-service/internal/connector"
	"sluice/sqlengine"
	"sluice/sqlengine/exec"
	"sluice/sqlengine/value"
)

// counter is the output of a rule in benchmarks.
type counter struct{}

func (counter) Push(*value.Batch) error { return nil }
func (counter) Advance(int64) error     { return nil }
func (counter) Close() error            { return nil }

// BenchmarkFeeders is the way of a message past a thousand rules whose limits are
// set from their stream: of a row, and of one that sets a limit.
func BenchmarkFeeders(b *testing.B) {
	for name, payload := range map[string]string{"row": `{"device":"d0","temperature":81.5}`, "limit": `{"device":"d0","limit":80}`} {
		b.Run(name, func(b *testing.B) {
			f := &feeds{list: map[string]*feed{}}
			h := New(f.registry(), connector.Env{Log: slog.New(slog.DiscardHandler)}, func(string, error) {})
			st, err := sqlengine.ParseStatement(demo)
			if err != nil {
				b.Fatal(err)
			}
			attach := func(id, sql string, feeder bool, out exec.Operator) *Attachment {
				q, err := sqlengine.Compile(sql, catalog{"demo": st.Stream}, sqlengine.Options{Params: map[string]value.Value{"limit": value.OfInt(80)}})
				if err != nil {
					b.Fatal(err)
				}
				a, err := h.Attach(Rule{ID: id, Query: q, Streams: []*sqlengine.Stream{st.Stream}, Out: out, Feeder: feeder})
				if err != nil {
					b.Fatal(err)
				}
				return a
			}
			for i := range 1000 {
				a := attach(fmt.Sprint(i), fmt.Sprintf("SELECT temperature FROM demo WHERE device = 'd%d' AND temperature > $limit", i), false, counter{})
				attach(fmt.Sprint(i, "/limit"), fmt.Sprintf("SELECT `limit` FROM demo WHERE device = 'd%d' AND `limit` > 0", i), true, &setter{to: []*Attachment{a}})
			}
			msg := []connector.Inbound{{Payload: []byte(payload)}}
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
