package redis

import (
	"context"
	"fmt"
	"testing"

	client "github.com/redis/go-redis/v9"

	"sluice/rules-service/internal/codec"
	"sluice/rules-service/internal/connector"
	"sluice/rules-service/internal/connectortest"
	"sluice/sqlengine/value"
	"sluice/tests/servers"
)

const benchEntries = 10_000

// BenchmarkStreamSource reads 10,000 entries of a stream as a consumer of a
// group, and acknowledges them: in turn with the source, and with the client
// alone.
func BenchmarkStreamSource(b *testing.B) {
	p := servers.Redis(b)
	c := direct(b, p)
	for i := range benchEntries {
		if err := c.XAdd(b.Context(), &client.XAddArgs{Stream: "s", Values: []any{"device", fmt.Sprint("d", i%50), "temperature", fmt.Sprint(float64(i) / 10)}}).Err(); err != nil {
			b.Fatal(err)
		}
	}
	group := 0
	bare := func() {
		group++
		name := fmt.Sprint("bare", group)
		if err := c.XGroupCreate(b.Context(), "s", name, "0").Err(); err != nil {
			b.Fatal(err)
		}
		for n := 0; n < benchEntries; {
			got, err := c.XReadGroup(b.Context(), &client.XReadGroupArgs{Group: name, Consumer: "c", Streams: []string{"s", ">"}, Count: readAtOnce}).Result()
			if err != nil {
				b.Fatal(err)
			}
			var ids []string
			for _, m := range got[0].Messages {
				ids = append(ids, m.ID)
			}
			if err := c.XAck(b.Context(), "s", name, ids...).Err(); err != nil {
				b.Fatal(err)
			}
			n += len(ids)
		}
		c.XGroupDestroy(b.Context(), "s", name)
	}
	ours := func() {
		group++
		s := openSource(b, "redisStream", at(p, map[string]any{"datasource": "s", "start": "0", "group": fmt.Sprint("ours", group)}))
		if err := s.Connect(b.Context()); err != nil {
			b.Fatal(err)
		}
		for n := 0; n < benchEntries; {
			msgs, ack, err := s.Read(b.Context())
			if err != nil {
				b.Fatal(err)
			}
			n += len(msgs)
			ack(nil)
		}
		if err := s.Close(context.Background()); err != nil {
			b.Fatal(err)
		}
		c.XGroupDestroy(b.Context(), "s", fmt.Sprint("ours", group))
	}
	connectortest.Compare(b, benchEntries, ours, bare)
}

// BenchmarkStreamSink writes 1,000 entries to a stream at once: in turn with the
// sink, from rows as rules give them, and with the client alone, from texts at
// hand.
func BenchmarkStreamSink(b *testing.B) {
	const entries = 1000
	p := servers.Redis(b)
	c := direct(b, p)
	s := openSink(b, "redis", at(p, map[string]any{"key": "s", "dataType": "stream", "maxLength": 10_000}))
	if err := s.Connect(b.Context()); err != nil {
		b.Fatal(err)
	}
	msgs := make([]connector.Outbound, entries)
	for i := range msgs {
		row := value.FieldsOf([]string{"device", "temperature"}, []value.Value{value.OfString(fmt.Sprint("d", i%50)), value.OfFloat(float64(i) / 10)})
		msgs[i] = connector.Outbound{Payload: codec.AppendRows(nil, []*value.Fields{row}), Values: map[string]string{"key": "s"}}
	}
	ours := func() {
		if err := s.Write(b.Context(), msgs); err != nil {
			b.Fatal(err)
		}
	}
	bare := func() {
		pipe := c.Pipeline()
		for i := range entries {
			pipe.XAdd(b.Context(), &client.XAddArgs{Stream: "t", MaxLen: 10_000, Approx: true, Values: []any{"device", fmt.Sprint("d", i%50), "temperature", float64(i) / 10}})
		}
		if _, err := pipe.Exec(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
	connectortest.Compare(b, entries, ours, bare)
}
