package delivery

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"time"

	"sluice/rules-service/internal/journal"
)

// backlog is the log of one connection. It is guarded by the worker's hand,
// but for append, which the spiller alone calls.
type backlog struct {
	options   journal.Options
	log       *journal.Log // nil until it is needed
	shown     atomic.Pointer[journal.Log]
	read      journal.Offset
	dropped   journal.Offset // records before it are dropped
	forgotten map[action]journal.Offset
	over      map[journal.Offset]bool // done with, behind one that is not
	seen      map[action]seen         // when it was opened, until somebody takes it
	aged      time.Time               // when ages were looked at

	records [][]byte // of append
	ends    []int
	buf     []byte
}

// keptBuffer is how much memory is kept for the next append.
const keptBuffer = 2 * spillBytes

// readAtOnce is how many records are read at a time.
const readAtOnce = 256

// exists tells of messages that were left there.
func (b *backlog) exists() bool {
	if b.options.Dir == "" {
		return false
	}
	_, err := os.Stat(b.options.Dir)
	return err == nil
}

// open opens the log and looks at its records once: count is told of each
// message that is to be delivered. It returns the offset behind them.
func (b *backlog) open(count func(*stored)) (end journal.Offset, err error) {
	log, err := journal.Open(b.options)
	if err != nil {
		return 0, err
	}
	b.forgotten, b.over, b.seen = map[action]journal.Offset{}, map[journal.Offset]bool{}, map[action]seen{}
	b.read, end = log.Bounds()
	b.dropped = b.read
	err = errors.Join(
		each(log, func(r journal.Record, m *stored) { b.note(r.Offset, m) }),
		each(log, func(r journal.Record, m *stored) {
			if b.alive(r.Offset, m) {
				count(m)
			}
			if m.number != 0 && r.Offset+seenMost >= end && !b.isForgotten(r.Offset, m.action) {
				b.seen[m.action] = append(b.seen[m.action], sightingOf(m.number, r.Payload))
			}
		}))
	if err != nil {
		return 0, errors.Join(err, log.Close())
	}
	for _, s := range b.seen {
		s.sort()
	}
	b.log = log
	b.shown.Store(log)
	return end, nil
}

// size is the space that the log takes on disk. Anybody may ask.
func (b *backlog) size() int64 {
	if log := b.shown.Load(); log != nil {
		return log.Stats().Bytes
	}
	return 0
}

// note learns from a record which messages are not to be delivered.
func (b *backlog) note(o journal.Offset, m *stored) {
	if m.forget {
		b.forgotten[m.action] = o
	}
	for _, done := range m.done {
		b.over[done] = true
	}
}

// each looks at all messages of a log.
func each(log *journal.Log, visit func(journal.Record, *stored)) error {
	for from, _ := log.Bounds(); ; {
		records, err := log.Read(from, readAtOnce)
		if err != nil || len(records) == 0 {
			return err
		}
		for _, r := range records {
			if m, err := parseStored(r.Payload); err == nil {
				visit(r, &m)
			}
			from = r.Offset + 1
		}
	}
}

// alive tells whether a record is a message that is to be delivered.
func (b *backlog) alive(o journal.Offset, m *stored) bool {
	return m.isMessage() && !b.over[o] && !b.isForgotten(o, m.action)
}

func (b *backlog) isForgotten(o journal.Offset, a action) bool {
	return o < b.forgotten[a] || o < b.forgotten[action{rule: a.rule}]
}

// next reads the records that follow, in front of end.
func (b *backlog) next(end journal.Offset) ([]journal.Record, error) {
	records, err := b.log.Read(b.read, int(min(readAtOnce, end-b.read)))
	if err != nil && len(records) == 0 {
		return nil, fmt.Errorf("read the queue on disk: %w", err)
	}
	for len(records) > 0 && records[len(records)-1].Offset >= end {
		records = records[:len(records)-1]
	}
	if len(records) == 0 {
		b.read = end // nothing but damage
		return nil, nil
	}
	b.read = records[len(records)-1].Offset + 1
	return records, nil
}

// handed notes that the records that were written last are in the hand, and not
// to be read. Others may stand in front of them, when the log could not be
// opened before.
func (b *backlog) handed(first, end journal.Offset) {
	if b.read == first {
		b.read = end
		return
	}
	for o := first; o < end; o++ {
		b.over[o] = true
	}
}

// append writes messages behind those that are there, and returns the offset
// of the first.
func (b *backlog) append(items []item) (journal.Offset, error) {
	b.buf, b.ends, b.records = b.buf[:0], b.ends[:0], b.records[:0]
	for i := range items {
		b.buf = appendStored(b.buf, &items[i].Outbound, items[i].number, items[i].target.action())
		b.ends = append(b.ends, len(b.buf))
	}
	from := 0
	for _, to := range b.ends {
		b.records = append(b.records, b.buf[from:to])
		from = to
	}
	if cap(b.buf) > keptBuffer {
		defer func() { b.buf, b.records = nil, nil }()
	}
	return b.log.Append(context.Background(), b.records...)
}

// done gives the space of the records before the offset back.
func (b *backlog) done(before journal.Offset) error {
	if b.log == nil || before <= b.dropped {
		return nil
	}
	if err := b.log.Drop(before); err != nil {
		return err
	}
	b.dropped = before
	return nil
}

// forget keeps the messages of an action, or of all of a rule, that are there
// from being delivered, also by a later process.
func (b *backlog) forget(a action) (journal.Offset, error) {
	o, err := b.log.Append(context.Background(), appendForget(nil, a))
	if err != nil {
		_, o = b.log.Bounds()
	}
	b.forgotten[a] = o
	return o, err
}

// close closes the log, and takes its folder away when nothing in it is to be
// delivered. left are the messages that were read and are not done with.
func (b *backlog) close(left []journal.Offset, waits bool) error {
	if b.log == nil {
		return nil
	}
	if !waits {
		return errors.Join(b.log.Close(), os.RemoveAll(b.options.Dir))
	}
	return errors.Join(b.noteDone(left), b.log.Close())
}

// noteDone tells a later process which messages behind the first that is left
// are done with.
func (b *backlog) noteDone(left []journal.Offset) error {
	if len(left) == 0 {
		return nil
	}
	var done []journal.Offset
	for o := left[0]; o < b.read; o++ {
		if len(left) > 0 && o == left[0] {
			left = left[1:]
			continue
		}
		done = append(done, o)
	}
	if len(done) == 0 {
		return nil
	}
	_, err := b.log.Append(context.Background(), appendDone(nil, done))
	return err
}
