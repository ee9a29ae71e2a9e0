package delivery

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"time"

	"sluice/rules-service/internal/codec"
	"sluice/rules-service/internal/connector"
	"sluice/sqlengine/value"
)

const (
	defaultLinger = time.Second // of a batch with a size alone: a rest never waits for ever
	batchBytes    = 16 << 20    // after which a batch is sent, whatever its size
	lingerGrain   = 5 * time.Millisecond
)

var errNotJSON = errors.New("dataTemplate together with batchSize or lingerInterval must give JSON")

// batch makes one message of many results: an array of their payloads or, for a
// sink of rows, all their rows. worker.mu guards it.
type batch struct {
	size   int // results; 0: any number within the time
	linger time.Duration
	rows   bool

	encoding *encoding // nil: plain JSON, or rows
	payload  []byte
	parts    [][]byte        // instead of payload, in another format
	list     []*value.Fields // instead of payload
	values   map[string]string
	rule     string
	results  int
	bytes    int
	acks     []*value.Ack
	due      time.Time
	timed    bool // it is among those that the worker's timer looks at
}

// newBatch is nil for an action that sends each result by itself.
func newBatch(c *connector.SinkConfig, e *encoding) *batch {
	if !batches(&c.Common) {
		return nil
	}
	linger := c.Common.LingerInterval
	if linger == 0 {
		linger = defaultLinger
	}
	return &batch{size: c.Common.BatchSize, linger: linger, rows: c.Rows, encoding: e}
}

// takes tells whether a result may join those that are there: all share the
// evaluated properties.
func (b *batch) takes(out *connector.Outbound) bool {
	return b.results == 0 || maps.Equal(b.values, out.Values)
}

// add puts a result behind the others.
func (b *batch) add(out *connector.Outbound, ack *value.Ack) error {
	if err := b.addPayload(out.Payload); err != nil {
		return err
	}
	b.values, b.rule = out.Values, out.Rule
	b.results++
	b.bytes += len(out.Payload)
	if n := len(b.acks); ack != nil && (n == 0 || b.acks[n-1] != ack) {
		ack.Hold()
		b.acks = append(b.acks, ack)
	}
	return nil
}

func (b *batch) addPayload(payload []byte) error {
	switch {
	case b.rows:
		list, err := codec.ParseRows(payload)
		b.list = append(b.list, list...)
		return err
	case b.encoding.formatted():
		b.parts = append(b.parts, payload)
		return nil
	case !json.Valid(payload):
		return errNotJSON
	}
	separator := byte(',')
	if b.results == 0 {
		separator = '['
	}
	b.payload = append(append(b.payload, separator), payload...)
	return nil
}

func (b *batch) full() bool { return b.size > 0 && b.results >= b.size || b.bytes >= batchBytes }

// message is all that was collected; the batch is empty again.
func (b *batch) message() message {
	m := message{Outbound: connector.Outbound{Values: b.values, Rule: b.rule}, ack: allOf(b.acks)}
	switch {
	case b.rows:
		m.Payload = codec.AppendRows(nil, b.list)
	case b.encoding.formatted():
		m.Payload = b.encoding.pack(b.encoding.joiner.Join(nil, b.parts))
	default:
		m.Payload = b.encoding.pack(append(b.payload, ']'))
	}
	*b = batch{size: b.size, linger: b.linger, rows: b.rows, encoding: b.encoding, timed: b.timed}
	return m
}

// allOf tells the sources of many results what becomes of their message.
func allOf(acks []*value.Ack) *value.Ack {
	if len(acks) == 0 {
		return nil
	}
	return value.NewAck(func(err error) {
		for _, a := range acks {
			a.Release(err)
		}
	})
}

// collect puts a result into the batch, and queues that when it is full.
// worker.mu is held, but not while it waits.
func (t *Target) collect(out *connector.Outbound, ack *value.Ack, dropped []*value.Ack) []*value.Ack {
	if !t.batch.takes(out) {
		dropped = t.putBatch(dropped)
	}
	if err := t.batch.add(out, ack); err != nil {
		t.unrendered(fmt.Errorf("batch: %w", err))
		return dropped
	}
	switch {
	case t.batch.full():
		dropped = t.putBatch(dropped)
	case t.batch.results == 1:
		t.batch.due = t.now.Add(t.batch.linger)
		t.worker.linger(t)
	}
	return dropped
}

// putBatch queues what is collected, and waits for room as every Push does.
func (t *Target) putBatch(dropped []*value.Ack) []*value.Ack {
	if t.batch == nil || t.batch.results == 0 {
		return dropped
	}
	m := t.batch.message()
	dropped = t.put(m, dropped)
	return append(dropped, m.ack) // its own hold
}

// flush queues what is collected without waiting for room: it is one message.
// worker.mu is held; the result is to be released without it.
func (t *Target) flush() *value.Ack {
	if t.batch == nil || t.batch.results == 0 {
		return nil
	}
	m := t.batch.message()
	t.number(&m)
	t.enqueue(m)
	return m.ack
}

// squeeze makes room for a message that cannot wait for it, unless there may be
// some soon. worker.mu is held.
func (t *Target) squeeze(dropped []*value.Ack) []*value.Ack {
	for t.full() {
		var wait time.Duration
		if wait, dropped = t.relieve(dropped); wait > 0 {
			break
		}
	}
	return dropped
}

// linger sees to it that a batch that has begun is sent in time. One timer
// serves all batches of the worker; mu is held.
func (w *worker) linger(t *Target) {
	if t.batch.timed {
		return // the timer finds out that it begins anew
	}
	t.batch.timed = true
	w.lingering = append(w.lingering, t)
	wait := max(t.batch.linger, lingerGrain)
	switch {
	case w.lingerTimer == nil:
		w.lingerTimer = time.AfterFunc(wait, w.flushDue)
	case len(w.lingering) > 1 && !t.batch.due.Before(w.lingerDue):
		return
	default:
		w.lingerTimer.Reset(wait)
	}
	w.lingerDue = t.batch.due
}

// flushDue queues the batches whose time has come.
func (w *worker) flushDue() {
	w.mu.Lock()
	now := time.Now()
	later, own := w.lingering[:0], []*value.Ack(nil)
	var next time.Time
	for _, t := range w.lingering {
		if t.batch.results > 0 && t.batch.due.After(now) {
			if later = append(later, t); next.IsZero() || t.batch.due.Before(next) {
				next = t.batch.due
			}
			continue
		}
		t.batch.timed = false
		own = append(t.squeeze(own), t.flush())
	}
	clear(w.lingering[len(later):])
	if w.lingering = later; len(later) > 0 {
		w.lingerDue = next
		w.lingerTimer.Reset(max(next.Sub(now), lingerGrain))
	}
	w.mu.Unlock()
	for _, a := range own {
		a.Release(nil)
	}
}
