package hub

import (
	"hash/crc32"

	"sluice/rules-service/internal/connector"
	"sluice/rules-service/internal/journal"
)

// A transport delivers again what it has no acknowledgement of, though it may
// be in the journal: after a crash, or when the connection was lost. Such a
// message would count twice in a window. recent remembers what went to the
// journal last, also over a restart.
type recent struct {
	list []known
	next int // in list, where the oldest is, once it is full
}

type known struct {
	from origin
	sum  uint32
	id   uint16
	lost bool // it is not in the journal: only its name counts
}

const (
	// recentMessages is more than brokers leave without acknowledgement.
	recentMessages = 16384
	// distinctNames is how many messages back from one no name may be used
	// twice: a transport that uses its names again at once does not tell
	// messages apart by them.
	distinctNames = 256
)

func knownOf(from origin, m *connector.Inbound) known {
	return known{from: from, sum: crc32.ChecksumIEEE(m.Payload), id: m.ID}
}

// add remembers a message that is in the journal.
func (r *recent) add(from origin, m *connector.Inbound) { r.note(knownOf(from, m)) }

// pass remembers the name of a message that went by the journal: an older one of
// that name is not the one that may come again.
func (r *recent) pass(from origin, m *connector.Inbound) {
	k := knownOf(from, m)
	k.lost = true
	r.note(k)
}

func (r *recent) note(k known) {
	if k.id == 0 {
		return
	}
	if len(r.list) < recentMessages {
		r.list = append(r.list, k)
		return
	}
	r.list[r.next] = k
	r.next = (r.next + 1) % recentMessages
}

// has tells whether a message that is delivered again was there. When in doubt
// it was not: then it may count twice, but is not lost. A sensor that sends the
// same text once more is in doubt as soon as any name comes up twice nearby.
func (r *recent) has(from origin, m *connector.Inbound) bool {
	if m.ID == 0 || !m.Again {
		return false
	}
	var used names
	sum, found, behind := crc32.ChecksumIEEE(m.Payload), false, 0
	for i := range r.list {
		k := &r.list[(r.next+len(r.list)-1-i)%len(r.list)] // the newest first
		if k.from != from {
			continue
		}
		if used.add(k.id) {
			return false
		}
		if k.id == m.ID {
			if k.lost || k.sum != sum {
				return false
			}
			found = true
		}
		if found {
			if behind++; behind > distinctNames {
				break
			}
		}
	}
	return found
}

// names is a set of what a transport calls its messages.
type names [1 << 16 / 64]uint64

// add tells whether the name was there.
func (n *names) add(id uint16) bool {
	word, bit := &n[id/64], uint64(1)<<(id%64)
	was := *word&bit != 0
	*word |= bit
	return was
}

// unknown are the messages that the journal has not had.
func (in *intake) unknown(s *source, msgs []connector.Inbound) []connector.Inbound {
	again := false
	for i := range msgs {
		again = again || msgs[i].Again
	}
	if !again {
		return msgs
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	fresh := make([]connector.Inbound, 0, len(msgs))
	for i := range msgs {
		if in.recent.has(s.origin, &msgs[i]) {
			in.repeated++
			continue
		}
		fresh = append(fresh, msgs[i])
	}
	return fresh
}

// passBy notes messages that go on without the journal.
func (in *intake) passBy(s *source, msgs []connector.Inbound) {
	in.mu.Lock()
	defer in.mu.Unlock()
	for i := range msgs {
		in.recent.pass(s.origin, &msgs[i])
	}
}

// remember reads what stands at the end of a former process's journal; mu is
// held.
func (in *intake) remember() error {
	oldest, end := in.journal.Bounds()
	if end-oldest > recentMessages {
		oldest = end - recentMessages
	}
	for at := oldest; at < end; {
		records, err := in.journal.Read(at, replayAtOnce)
		if err != nil && len(records) == 0 {
			return err
		}
		if len(records) == 0 {
			break
		}
		for _, rec := range records {
			if from, m, err := parseInbound(rec.Payload); err == nil {
				in.recent.add(from, &m)
			}
		}
		at = records[len(records)-1].Offset + 1
	}
	return nil
}

// keepRecent is how far the journal is dropped, so that what recent needs after
// a restart stays, unless there is no room for it.
func (in *intake) keepRecent(before journal.Offset) journal.Offset {
	if in.full || in.journal.Stats().Bytes > in.o.MaxBytes/2 {
		return before
	}
	return before - min(before, recentMessages)
}

// begins notes what the checkpoint holds that the service starts from.
func (in *intake) begins(at journal.Offset) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.done = at
}
