package hub

import (
	"context"
	"testing"

	"sluice/sqlengine/value"
)

// A few deliveries of many rows fill a queue as many of a few rows do.
func TestQueueCountsRows(t *testing.T) {
	q := newQueue()
	full, cancel := context.WithCancel(t.Context())
	cancel()
	q.put(item{batch: &value.Batch{Rows: make([]value.Row, queueRows-1)}})
	if !q.room(t.Context()) {
		t.Fatal("no room")
	}
	q.put(item{batch: &value.Batch{Rows: make([]value.Row, 1)}})
	if q.room(full) {
		t.Error("room for more rows than may wait")
	}
	room := make(chan bool)
	go func() { room <- q.room(t.Context()) }()
	if _, ok := q.take(); !ok {
		t.Fatal("nothing to take")
	}
	if !<-room {
		t.Error("no room after rows were taken")
	}
}
