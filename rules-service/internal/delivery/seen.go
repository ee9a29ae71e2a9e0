package delivery

import (
	"cmp"
	"hash/crc32"
	"slices"
)

// After a crash a rule renders again what came after its last checkpoint. What
// of it is on disk already is not queued twice.

// seenMost is how many messages on disk are known by number, the newest ones:
// far more than come between two checkpoints.
const seenMost = 1 << 19

// seen are the messages of an action that were on disk when the log was opened,
// in the order of their numbers.
type seen []sighting

// sighting is a message by number and by the checksum of its record.
type sighting struct {
	number uint64
	sum    uint32
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func sightingOf(number uint64, record []byte) sighting {
	return sighting{number, crc32.Checksum(record, castagnoli)}
}

func (a sighting) compare(b sighting) int {
	return cmp.Or(cmp.Compare(a.number, b.number), cmp.Compare(a.sum, b.sum))
}

func (s seen) sort() { slices.SortFunc(s, sighting.compare) }

func (s seen) has(m sighting) bool {
	_, found := slices.BinarySearchFunc(s, m, sighting.compare)
	return found
}

// endsBefore tells that all numbers are smaller.
func (s seen) endsBefore(number uint64) bool {
	return len(s) == 0 || s[len(s)-1].number < number
}

// isDouble tells whether a message that is taken from the queue of an action
// that goes on where an earlier life ended is on disk already. The hand and mu
// are held.
func (w *worker) isDouble(t *Target, m *message) bool {
	s := t.disk.seen
	if s.endsBefore(m.number) {
		t.replays, t.disk.seen = false, nil
		return false
	}
	w.record = appendStored(w.record[:0], &m.Outbound, m.number, t.action())
	return s.has(sightingOf(m.number, w.record))
}
