package httppush

import (
	"errors"
	"io"
	"sync/atomic"
)

var errNoRoom = errors.New("there is no room")

// room bounds the memory of the bodies of all requests of a server.
type room struct{ free atomic.Int64 }

// take reserves bytes; false: there is no room.
func (r *room) take(n int64) bool {
	if r.free.Add(-n) < 0 {
		r.free.Add(n)
		return false
	}
	return true
}

// metered takes room for what is read through it.
type metered struct {
	room  *room
	from  io.Reader
	taken int64
}

func (m *metered) Read(p []byte) (int, error) {
	n, err := m.from.Read(p)
	if !m.room.take(int64(n)) {
		return 0, errNoRoom
	}
	m.taken += int64(n)
	return n, err
}

// end gives the room back.
func (m *metered) end() { m.room.free.Add(m.taken) }
