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
}

const (
	// recentMessages is more than brokers leave without acknowledgement.
	recentMessages = 16384
	// distinctNames is how many messages back a name must not have been used
	// before: a transport that uses its names again at once does not tell
	// messages apart by them.
	distinctNames = 256
)

func (r *recent) add(from origin, m *connector.Inbound) {
	if m.ID == 0 {
		return
	}
	k := known{from, crc32.ChecksumIEEE(m.Payload), m.ID}
	if len(r.list) < recentMessages {
		r.list = append(r.list, k)
		return
	}
	r.list[r.next] = k
	r.next = (r.next + 1) % recentMessages
}

// has tells whether a message that is delivered again was there. When in doubt
// it was not: then it may count twice, but is not lost.
func (r *recent) has(from origin, m *connector.Inbound) bool {
	if m.ID == 0 || !m.Again {
		return false
	}
	sum, found, behind := crc32.ChecksumIEEE(m.Payload), false, 0
	for i := range r.list {
		k := &r.list[(r.next+len(r.list)-1-i)%len(r.list)] // the newest first
		switch {
		case k.from != from:
			continue
		case k.id == m.ID && (found || k.sum != sum):
			return false
		case k.id == m.ID:
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
