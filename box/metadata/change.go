package metadata

import (
	"errors"
	"sync"
)

// change is a change that waits to be written, or was.
type change struct {
	edit     func(*tables) error
	announce func([]news)
	news     []news // of its edit
	done     bool
	err      error
}

// errNotWritten is what a change has that a panic of another one has kept from
// the disk.
var errNotWritten = errors.New("the change was not written")

// queue are the changes that wait.
type queue struct {
	mu   sync.Mutex
	list []*change
}

func (q *queue) join(c *change) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.list = append(q.list, c)
}

// leave takes all that wait.
func (q *queue) leave() []*change {
	q.mu.Lock()
	defer q.mu.Unlock()
	all := q.list
	q.list = nil
	return all
}
