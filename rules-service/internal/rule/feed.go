package rule

import (
	"context"
	"sync"
)

// feedLength is how many messages a feed keeps for who is slow, or comes late.
const feedLength = 1024

// feed hands messages to any number of listeners, each at its own pace.
type feed struct {
	mu       sync.Mutex
	messages []string
	first    int           // the number of messages[0]
	more     chan struct{} // closed when there are more, or the end
	ended    bool
}

func newFeed() *feed { return &feed{more: make(chan struct{})} }

// add never waits: the oldest message goes when there are too many.
func (f *feed) add(message string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.ended {
		return
	}
	f.messages = append(f.messages, message)
	if len(f.messages) > feedLength {
		f.messages = append(f.messages[:0], f.messages[1:]...)
		f.first++
	}
	f.wake()
}

func (f *feed) wake() {
	close(f.more)
	f.more = make(chan struct{})
}

// end lets the listeners go when they have read the rest.
func (f *feed) end() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.ended {
		f.ended = true
		f.wake()
	}
}

// take returns the messages from a number on, and the number of the next one.
// Without any it waits; false: there are no more, or ctx has ended.
func (f *feed) take(ctx context.Context, from int) (messages []string, next int, ok bool) {
	for {
		f.mu.Lock()
		from = max(from, f.first)
		messages = append(messages, f.messages[from-f.first:]...)
		more, ended := f.more, f.ended
		f.mu.Unlock()
		if len(messages) > 0 || ended {
			return messages, from + len(messages), len(messages) > 0
		}
		select {
		case <-more:
		case <-ctx.Done():
			return nil, from, false
		}
	}
}
