package delivery

import (
	"math"

	"sluice/rules-service/internal/journal"
)

// item is a message under way.
type item struct {
	message
	target *Target
	place  place
	offset journal.Offset // when it is on disk
}

// place is where a message under way is, apart from the memory.
type place uint8

const (
	inMemory place = iota
	onDisk
	evicted // it was dropped there
	barred  // it may not go to disk: it is too large, or the disk is full
)

// recordSize is what a message has on disk beside its contents, about.
const recordSize = 100

func (it *item) size() int {
	size := recordSize + len(it.Payload)
	for name, v := range it.Values {
		size += len(name) + len(v)
	}
	return size
}

// account is the Target whose figures the message counts for: rules come and
// go while it is on disk. worker.mu is held.
func (it *item) account() *Target {
	if it.place == inMemory {
		return it.target
	}
	return it.target.disk.owner
}

// leave notes that a message is no longer under way; mu is held.
func (w *worker) leave(it *item) {
	t := it.target
	switch it.place {
	case onDisk, evicted:
		t.disk.waiting--
		return
	case barred:
		t.disk.waiting--
		t.barred--
		t.release()
	case inMemory:
		if t.inFlight--; t.inFlight == 0 {
			t.release()
		}
	}
	t.settled(it.number)
}

// release tells the sources of items what became of them.
func release(items []item, err error) {
	for i := range items {
		ack := items[i].ack
		items[i].ack = nil
		ack.Release(err)
	}
}

// releaseDoubles tells the sources of messages that are on disk already; the
// hand is held.
func (w *worker) releaseDoubles() {
	release(w.doubles, nil)
	clear(w.doubles)
	w.doubles = w.doubles[:0]
}

// room is how much more is taken.
type room struct{ messages, bytes int }

const unlimited = math.MaxInt // bytes, which are not counted then

func (r *room) some() bool { return r.messages > 0 && r.bytes > 0 }

// takeFrom empties the first target in turn, or as much as there is room for.
// What is on disk already it leaves to releaseDoubles. The hand and mu are held.
func (w *worker) takeFrom(t *Target, items []item, left *room) []item {
	w.ready = w.ready[1:]
	t.listed = false
	for t.waiting() > 0 && left.some() {
		m := t.pop()
		if t.replays && w.isDouble(t, &m) {
			w.doubles = append(w.doubles, item{message: m})
			t.settled(m.number)
			continue
		}
		items = append(items, item{message: m, target: t})
		t.inFlight++
		left.messages--
		if left.bytes != unlimited {
			left.bytes -= items[len(items)-1].size()
		}
	}
	t.release()
	if t.waiting() > 0 {
		t.listed = true
		w.ready = append(w.ready, t)
	}
	return items
}
