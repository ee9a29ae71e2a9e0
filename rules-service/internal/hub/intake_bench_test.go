package hub

import (
	"fmt"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"sluice/rules-service/internal/connector"
	"sluice/sqlengine"
	"sluice/sqlengine/value"
)

// BenchmarkIntake is a delivery to a stream whose rule takes nothing, without
// and with the journal; the acknowledgements are waited for at the end.
func BenchmarkIntake(b *testing.B) {
	meta := oldMeta{value.OfObject(value.FieldsOf([]string{"messageId", "qos", "topic"}, []value.Value{value.OfInt(7), value.OfInt(1), value.OfString("bench/in")}))}
	payload := []byte(`{"device":"boiler-01","temperature":46.5,"humidity":41,"pressure":5.25,"line":"hall-1","status":"running","seq":12345,"ts":1700000000000000000}`)
	for _, journaled := range []bool{false, true} {
		for _, n := range []int{1, 16} {
			b.Run(fmt.Sprintf("journal=%v/messages=%d", journaled, n), func(b *testing.B) {
				src, h := benchSource(b, journaled)
				defer h.Close(b.Context())
				msgs := make([]connector.Inbound, n)
				for i := range msgs {
					msgs[i] = connector.Inbound{Payload: payload, Meta: meta, Time: time.Now(), ID: uint16(i)}
				}
				acked := make(chan error, 1024)
				b.ReportAllocs()
				under := 0
				for b.Loop() {
					src.deliver(msgs, func(err error) { acked <- err })
					if under++; under == cap(acked) {
						<-acked
						under--
					}
				}
				for range under {
					<-acked
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/message")
			})
		}
	}
}

func benchSource(b *testing.B, journaled bool) (*source, *Hub) {
	b.Helper()
	h := New((&feeds{list: map[string]*feed{}}).registry(), connector.Env{Log: slog.New(slog.DiscardHandler)}, func(string, error) {})
	h.KeepIntake(IntakeOptions{Dir: filepath.Join(b.TempDir(), "intake")})
	st, err := sqlengine.ParseStatement(demo)
	if err != nil {
		b.Fatal(err)
	}
	q, err := sqlengine.Compile("SELECT temperature FROM demo WHERE temperature > 90", catalog{"demo": st.Stream}, sqlengine.Options{})
	if err != nil {
		b.Fatal(err)
	}
	a, err := h.Attach(Rule{ID: "r", Query: q, Streams: []*sqlengine.Stream{st.Stream}, Out: newSink(), Durable: journaled, AtCut: func([]byte) {}})
	if err != nil {
		b.Fatal(err)
	}
	go func() { // checkpoints, so that the journal does not fill
		for {
			select {
			case <-h.Urgent():
				if m, err := h.Cut(b.Context()); err == nil {
					_ = h.Forgo(m)
				}
			case <-h.ctx.Done():
				return
			}
		}
	}()
	return a.reads[0].stream.source, h
}
