package delivery

import (
	"time"

	"sluice/rules-service/internal/connector"
	"sluice/rules-service/internal/journal"
)

// take waits until something is in the hand; false: the worker ends.
func (w *worker) take() bool {
	for w.ctx.Err() == nil {
		switch more, err := w.load(); {
		case err != nil:
			w.down(err)
			w.sleep(pause(20))
			continue
		case more && len(w.hand.items) == 0:
			continue
		case !more:
			w.takeQueued()
		}
		if len(w.hand.items) > 0 {
			return true
		}
		var lost error
		w.apart(func() {
			select {
			case <-w.wake:
			case lost = <-w.lost():
			case <-w.ctx.Done():
			}
		})
		if lost != nil {
			w.down(lost)
			w.connect()
		}
	}
	return false
}

// load takes what is next on disk into the hand, which is empty, and tells
// whether there was something.
func (w *worker) load() (bool, error) {
	w.mu.Lock()
	end := w.end
	w.mu.Unlock()
	if w.backlog.read >= end {
		return false, nil
	}
	records, err := w.backlog.next(end)
	if err != nil {
		return false, err
	}
	items := w.hand.space[:0]
	w.mu.Lock()
	for _, r := range records {
		if it, ok := w.itemOf(r); ok {
			items = append(items, it)
		}
	}
	w.mu.Unlock()
	w.hand.space = items
	w.keep(items)
	return true, nil
}

// itemOf makes a message of a record, unless it is none or is not to be
// delivered any more; mu is held.
func (w *worker) itemOf(r journal.Record) (item, bool) {
	m, err := parseStored(r.Payload)
	if err != nil || !w.backlog.alive(r.Offset, &m) {
		return item{}, false
	}
	c := w.tally(m.action)
	old := w.storage.MaxAge > 0 && time.Since(r.Time) > w.storage.MaxAge
	if c.skip > 0 || old {
		c.lose(Expired)
		return item{}, false
	}
	return item{message: message{Outbound: m.Outbound}, target: c.owner, place: onDisk, offset: r.Offset}, true
}

// takeQueued takes from the queues what they have, when nothing in front of it
// is on disk or on the way there.
func (w *worker) takeQueued() {
	defer w.releaseDoubles()
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.spilling && w.leaving == 0 {
		w.unspill()
	}
	if w.held > 0 || w.spilling || w.backlog.read < w.end {
		return
	}
	if w.unsettled {
		w.unsettled = false
		w.settleTallies()
	}
	items := w.hand.space[:0]
	for left := (room{w.batch, unlimited}); len(w.ready) > 0 && left.some(); {
		items = w.takeFrom(w.ready[0], items, &left)
	}
	w.hand.items, w.hand.space = items, items
}

// keep notes what is left in the hand, and gives back the space on disk of what
// was in front of it.
func (w *worker) keep(items []item) {
	w.hand.items = items
	before := w.backlog.read
	for i := range items {
		if items[i].place == onDisk {
			before = min(before, items[i].offset)
			break
		}
	}
	err := w.backlog.done(before)
	if err != nil && !w.undropped {
		w.log.Warn("messages that are written stay on disk and may be written again", "error", err)
	}
	w.undropped = err != nil
}

// lost tells of the end of the connection while nothing is written.
func (w *worker) lost() <-chan error {
	if m, ok := w.sink.(connector.Monitored); ok {
		return m.Lost()
	}
	return nil
}
