package delivery

import (
	"time"

	"sluice/rules-service/internal/journal"
)

// expire drops what is too old; the hand is held.
func (w *worker) expire() error {
	now := time.Now()
	if w.storage.MaxAge <= 0 || now.Sub(w.backlog.aged) < expireEvery {
		return nil
	}
	w.backlog.aged = now
	for {
		if more, err := w.evict(now.Add(-w.storage.MaxAge)); err != nil || !more {
			return err
		}
	}
}

// evict drops the oldest messages from disk, some at a time, those alone that
// are older than a time unless it is zero; false: none was dropped. The hand is
// held.
func (w *worker) evict(before time.Time) (bool, error) {
	b := &w.backlog
	oldest, next := b.log.Bounds()
	records, err := b.log.Read(oldest, readAtOnce)
	if err != nil {
		return false, err
	}
	for i, r := range records {
		if !before.IsZero() && !r.Time.Before(before) {
			records = records[:i]
			break
		}
	}
	switch {
	case len(records) > 0:
		next = records[len(records)-1].Offset + 1
	case oldest == next || !before.IsZero():
		return false, nil
	}
	why := Overflow
	if !before.IsZero() {
		why = Expired
	}
	w.mu.Lock()
	for _, r := range records {
		w.forgo(r, why)
	}
	w.mu.Unlock()
	b.read = max(b.read, next)
	return true, b.done(next)
}

// forgo notes that a record is dropped. A message that is in the hand stays
// there; it is not put on disk again, behind what came after it.
func (w *worker) forgo(r journal.Record, why Reason) {
	for i := range w.hand.items {
		if it := &w.hand.items[i]; it.place == onDisk && it.offset == r.Offset {
			it.place = evicted
			return
		}
	}
	m, err := parseStored(r.Payload)
	if r.Offset < w.backlog.read || err != nil || !w.backlog.alive(r.Offset, &m) {
		return
	}
	w.tally(m.action).lose(why)
}
