package hub

import (
	"context"
	"testing"
	"testing/synctest"

	"sluice/sqlengine/value"
)

func TestQueueKeepsOrderAndItsBound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		q := newQueue()
		next, taken := 0, 0
		put := func() {
			q.put(item{stream: string(rune(next)), batch: &value.Batch{}})
			next++
		}
		take := func() {
			t.Helper()
			it, ok := q.take()
			if !ok || it.stream != string(rune(taken)) {
				t.Fatalf("took %q, want number %d", it.stream, taken)
			}
			taken++
		}
		for range 5 * queueLength { // it is never empty, and its memory does not grow
			for q.length() < queueLength {
				put()
			}
			for range queueLength / 2 {
				take()
			}
		}
		if cap(q.items) > 4*queueLength {
			t.Errorf("memory for %d items", cap(q.items))
		}
		for q.length() < queueLength {
			if !q.room(ctx) {
				t.Fatal("no room")
			}
			put()
		}
		room := make(chan bool)
		go func() { room <- q.room(ctx) }()
		synctest.Wait()
		q.put(item{step: func() {}}) // steps find room always
		take()
		if !<-room {
			t.Error("no room after an item was taken")
		}
		put()
		go func() { room <- q.room(ctx) }()
		synctest.Wait()
		cancel()
		if <-room {
			t.Error("room though the context has ended")
		}
	})
}
