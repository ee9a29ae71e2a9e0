package connector

import (
	"context"
	"errors"
	"testing"
)

func TestInbox(t *testing.T) {
	b := NewInbox[int]()
	for i := range inboxMessages + 5 {
		if b.Put(i, 1) != (i < inboxMessages) {
			t.Fatal("message", i)
		}
	}
	gone := errors.New("gone")
	b.Fail(gone)
	got, err := b.Take(t.Context())
	if err != nil || len(got) != inboxMessages || got[0] != 0 || got[inboxMessages-1] != inboxMessages-1 || b.Dropped() != 5 {
		t.Fatal(len(got), err, b.Dropped())
	}
	if _, err := b.Take(t.Context()); err != gone {
		t.Fatal("the loss is told after the messages:", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := b.Take(ctx); err != context.Canceled {
		t.Fatal("the loss is told once:", err)
	}
	if !b.Put(1, inboxBytes*2) || b.Put(2, 1) {
		t.Fatal("one message of any size fits, and no more than the bytes")
	}
}
