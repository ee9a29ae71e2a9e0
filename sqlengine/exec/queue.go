package exec

// queue holds what leaves in the order in which it came. It is a ring, so that
// items stay where they are.
type queue[T any] struct {
	ring  []T // its length is a power of two
	head  int // index of the oldest item
	count int
}

// smallRing is the room that a queue keeps when items leave.
const smallRing = 8

func (q *queue[T]) len() int { return q.count }

// at is the i-th item, the oldest first. It may move with the next push or pop.
func (q *queue[T]) at(i int) *T { return &q.ring[(q.head+i)&(len(q.ring)-1)] }

func (q *queue[T]) push(item T) {
	if q.count == len(q.ring) {
		q.resize(max(1, 2*q.count))
	}
	q.count++
	*q.at(q.count - 1) = item
}

// pop takes the oldest item. Room is given back when a quarter is enough.
func (q *queue[T]) pop() T {
	var none T
	oldest := q.at(0)
	item := *oldest
	*oldest = none
	q.head = (q.head + 1) & (len(q.ring) - 1)
	q.count--
	if len(q.ring) > smallRing && q.count < len(q.ring)/4 {
		q.resize(len(q.ring) / 2)
	}
	return item
}

func (q *queue[T]) resize(size int) {
	ring := make([]T, size)
	n := copy(ring, q.ring[q.head:min(q.head+q.count, len(q.ring))])
	copy(ring[n:], q.ring[:q.count-n])
	q.ring, q.head = ring, 0
}
