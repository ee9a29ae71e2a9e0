package hub

import (
	"context"
	"fmt"
	"sync"
	"time"

	"sluice/rules-service/internal/codec"
	"sluice/rules-service/internal/connector"
	"sluice/sqlengine"
	"sluice/sqlengine/value"
)

// complainEvery bounds how often a stream's bad messages are logged; all of
// them are counted.
const complainEvery = time.Minute

// stream decodes the messages of its source once for all rules that read it.
type stream struct {
	def        *sqlengine.Stream
	encoding   encoding
	source     *source
	connection string // the named one that it is on, or ""
	counts     counters

	// mu is held while a delivery is decoded and put into the queues of the
	// shards, and nobody waits while it is held. So a rule that attaches gets
	// its slots and its place in a queue between two deliveries: every batch
	// behind it in the queue has its slots.
	mu      sync.Mutex
	layout  *layout
	decoder codec.Decoder // for the layout; nil: it is made for the next message
	shards  places        // where its rules are; written under Hub.mu too
	last    int64         // time of the newest row
	passage uint64        // of its source, that came last
	quiet   instant       // complaints are not logged until then
	shelf   *shelf        // of a scan table, or nil
}

func newStream(def *sqlengine.Stream, e encoding, src *source) *stream {
	return &stream{def: def, encoding: e, source: src, layout: newLayout(), shelf: newShelf(def)}
}

// ready makes the decoder for the present layout. Of thousands of streams most
// are quiet: it is made for the first message.
func (st *stream) ready() error {
	if st.decoder != nil {
		return nil
	}
	d, err := st.encoding.decoder(st.layout.schema, st.def)
	if err != nil {
		return fmt.Errorf("stream %s: %w", st.def.Name, err)
	}
	st.decoder = d
	return nil
}

// deliver decodes messages into one batch and queues it for the shards. It
// waits before that while a shard's queue is full.
func (st *stream) deliver(ctx context.Context, msgs []connector.Inbound, passage uint64, ack *value.Ack) error {
	for _, s := range st.readers() {
		if !s.queue.room(ctx) {
			return ctx.Err()
		}
	}
	st.mu.Lock()
	defer st.mu.Unlock()
	st.passage = passage
	if len(st.shards) == 0 {
		return nil // the last rule has just gone
	}
	start := time.Now()
	rows := st.decode(msgs, start)
	st.counts.delivered(len(msgs), len(rows), start)
	if len(rows) == 0 {
		return nil
	}
	b := &value.Batch{Schema: st.layout.schema, Rows: rows, Ack: ack}
	for _, s := range st.shards {
		ack.Hold()
		s.shard.queue.put(item{stream: st.def.Name, batch: b})
	}
	return nil
}

// readers are the shards that have rules of the stream.
func (st *stream) readers() []*shard {
	st.mu.Lock()
	defer st.mu.Unlock()
	list := make([]*shard, 0, maxShards)
	for _, s := range st.shards {
		list = append(list, s.shard)
	}
	return list
}

func (st *stream) decode(msgs []connector.Inbound, now time.Time) []value.Row {
	if err := st.ready(); err != nil {
		st.complain(err, now)
		return nil
	}
	rows := make([]value.Row, 0, len(msgs))
	for i := range msgs {
		m := &msgs[i]
		t, before := st.stamp(m.Time, now), len(rows)
		var err error
		if rows, err = st.decoder.Decode(rows, m.Payload, m.Meta, t); err != nil {
			st.complain(err, now)
		}
		if st.shelf != nil && len(rows) > before {
			st.shelf.put(m, t)
		}
	}
	return rows
}

// stamp is the time of arrival, never before that of an earlier row.
func (st *stream) stamp(arrived, now time.Time) int64 {
	if arrived.IsZero() {
		arrived = now
	}
	st.last = max(st.last, arrived.UnixNano())
	return st.last
}

func (st *stream) complain(err error, now time.Time) {
	st.counts.failed(err, now)
	if instantOf(now) < st.quiet {
		return
	}
	st.quiet = instantOf(now.Add(complainEvery))
	st.source.hub.env.Log.Warn("message cannot be decoded", "stream", st.def.Name, "error", err)
}
