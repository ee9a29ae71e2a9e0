package hub

import (
	"context"
	"sync"

	"sluice/sqlengine/value"
)

// queueLength is how many deliveries may wait for a shard. Sources wait for
// room before they decode the next one.
const queueLength = 64

// queueRows is how many rows may wait besides the delivery that reaches it: what
// is sent while sources are held back must fit behind it.
const queueRows = 16384

// item is a batch of a stream, or a step to take in between.
type item struct {
	stream string
	batch  *value.Batch
	step   func()
}

// queue keeps batches and steps in order. Putting never waits, so it can be
// done under a lock; who has batches waits for room first.
type queue struct {
	ready chan struct{} // holds a token while there are items

	mu      sync.Mutex
	items   []item
	head    int // the oldest of items
	batches int
	rows    int           // of the batches
	space   chan struct{} // closed when there is room; nil when nobody waits
}

func newQueue() *queue { return &queue{ready: make(chan struct{}, 1)} }

// room waits until there is room for a batch; it is false when ctx ends first.
func (q *queue) room(ctx context.Context) bool {
	for ctx.Err() == nil {
		q.mu.Lock()
		if q.spacious() {
			q.mu.Unlock()
			return true
		}
		if q.space == nil {
			q.space = make(chan struct{})
		}
		space := q.space
		q.mu.Unlock()
		select {
		case <-space:
		case <-ctx.Done():
		}
	}
	return false
}

func (q *queue) spacious() bool { return q.batches < queueLength && q.rows < queueRows }

func (q *queue) put(it item) {
	q.mu.Lock()
	q.items = append(q.items, it)
	if it.batch != nil {
		q.batches++
		q.rows += len(it.batch.Rows)
	}
	q.mu.Unlock()
	q.signal()
}

func (q *queue) signal() {
	select {
	case q.ready <- struct{}{}:
	default:
	}
}

// take returns the oldest item; false: there is none.
func (q *queue) take() (item, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.head == len(q.items) {
		return item{}, false
	}
	it := q.items[q.head]
	q.items[q.head] = item{}
	if q.head++; q.head < len(q.items) {
		q.signal()
	}
	q.compact()
	if it.batch != nil {
		q.batches--
		q.rows -= len(it.batch.Rows)
	}
	if q.space != nil && q.spacious() {
		close(q.space)
		q.space = nil
	}
	return it, true
}

// compact uses the memory of taken items again, once they are most of it.
func (q *queue) compact() {
	if q.head < len(q.items) && (q.head < queueLength || q.head < len(q.items)/2) {
		return
	}
	n := copy(q.items, q.items[q.head:])
	clear(q.items[n:])
	q.items, q.head = q.items[:n], 0
}

// length is the number of batches that wait.
func (q *queue) length() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.batches
}
