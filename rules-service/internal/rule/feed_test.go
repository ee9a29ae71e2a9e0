package rule

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
)

// A listener that comes late gets what is kept, and none waits for another.
func TestFeed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFeed()
		for i := range feedLength + 2 {
			f.add(fmt.Sprint(i))
		}
		messages, next, ok := f.take(t.Context(), 0)
		if !ok || len(messages) != feedLength || messages[0] != "2" || next != feedLength+2 {
			t.Fatalf("%d messages from %q, next %d, %v", len(messages), messages[0], next, ok)
		}
		got := make(chan []string)
		go func() {
			defer close(got)
			for {
				more, n, ok := f.take(t.Context(), next)
				if next = n; !ok {
					return
				}
				got <- more
			}
		}()
		synctest.Wait() // it waits for more
		f.add("x")
		if more := <-got; len(more) != 1 || more[0] != "x" {
			t.Error(more)
		}
		f.end()
		f.add("behind the end")
		if more, ok := <-got; ok {
			t.Error(more)
		}
	})
}

func TestFeedEndsWithTheListener(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan bool)
		go func() {
			_, _, ok := newFeed().take(ctx, 0)
			ended <- ok
		}()
		synctest.Wait()
		cancel()
		if <-ended {
			t.Error("a listener that has gone gets a message")
		}
	})
}
