package connector

import (
	"context"
	"sync"
)

// The bounds of an Inbox: a client's callback may run so far ahead of the
// rules. Brokers hold back more, or drop it, themselves.
const (
	inboxMessages = 1 << 16
	inboxBytes    = 64 << 20
)

// Inbox takes messages from a client's callback, which must never block, and
// hands them to Source.Read. What does not fit is dropped and counted.
type Inbox[T any] struct {
	mu      sync.Mutex
	waiting []T
	spare   []T // what Take gave out last
	bytes   int
	lost    error
	dropped uint64
	most    int           // messages that wait
	wake    chan struct{} // nil until Take waits
	ready   func()        // see Notifier
}

// NewInbox returns an empty Inbox.
func NewInbox[T any]() *Inbox[T] { return NewInboxFor[T](inboxMessages) }

// NewInboxFor returns an empty Inbox that so many messages may wait in.
func NewInboxFor[T any](messages int) *Inbox[T] {
	return &Inbox[T]{most: messages}
}

// Notify sets what Notifier says; it is called before the first Put.
func (b *Inbox[T]) Notify(ready func()) { b.ready = ready }

// Put adds a message of that many bytes; false: it was dropped.
func (b *Inbox[T]) Put(m T, size int) bool {
	b.mu.Lock()
	fits := len(b.waiting) < b.most && b.bytes+size <= inboxBytes || len(b.waiting) == 0
	if fits {
		b.waiting = append(b.waiting, m)
		b.bytes += size
	} else {
		b.dropped++
	}
	wake := b.wake
	b.mu.Unlock()
	b.signal(wake)
	return fits
}

// Fail makes Take return err once, after the messages that came before.
func (b *Inbox[T]) Fail(err error) {
	b.mu.Lock()
	b.lost = err
	wake := b.wake
	b.mu.Unlock()
	b.signal(wake)
}

// signal tells that there is something to take; b.mu is not held.
func (b *Inbox[T]) signal(wake chan struct{}) {
	if b.ready != nil {
		b.ready()
	}
	select {
	case wake <- struct{}{}:
	default:
	}
}

// Take waits for messages and returns all that are there, valid until the next
// Take.
func (b *Inbox[T]) Take(ctx context.Context) ([]T, error) {
	for {
		if out, err := b.take(); out != nil || err != nil {
			return out, err
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		select {
		case <-b.waker():
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// waker is told of what comes. It is made when somebody waits, as thousands of
// sources are only read when they are ready.
func (b *Inbox[T]) waker() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.wake == nil {
		b.wake = make(chan struct{}, 1)
		b.wake <- struct{}{} // something may have come since take
	}
	return b.wake
}

func (b *Inbox[T]) take() ([]T, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.waiting) == 0 {
		err := b.lost
		b.lost = nil
		return nil, err
	}
	out := b.waiting
	if b.lost != nil {
		defer b.signal(b.wake) // there is more to take
	}
	clear(b.spare[:cap(b.spare)]) // lets go of the messages of the last Take
	b.waiting, b.spare, b.bytes = b.spare[:0], out, 0
	return out, nil
}

// Dropped counts the messages that did not fit.
func (b *Inbox[T]) Dropped() uint64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.dropped
}
