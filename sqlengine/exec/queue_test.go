package exec

import (
	"testing"

	"pgregory.net/rapid"
)

// TestQueueLikeSlice: what comes leaves in order, what has left is let go, and
// the room follows the number of items.
func TestQueueLikeSlice(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var q queue[*int]
		var want []*int
		for range rapid.IntRange(1, 20).Draw(t, "phases") {
			for range rapid.IntRange(0, 300).Draw(t, "pushes") {
				item := new(int)
				q.push(item)
				want = append(want, item)
			}
			for range rapid.IntRange(0, len(want)).Draw(t, "pops") {
				if got := q.pop(); got != want[0] {
					t.Fatal("another item leaves")
				}
				want = want[1:]
			}
			if q.len() != len(want) {
				t.Fatalf("%d items, want %d", q.len(), len(want))
			}
			for i := range want {
				if *q.at(i) != want[i] {
					t.Fatalf("item %d is another", i)
				}
			}
			kept := 0
			for _, item := range q.ring {
				if item != nil {
					kept++
				}
			}
			if kept != len(want) || len(q.ring) > max(smallRing, 4*kept) {
				t.Fatalf("%d items, %d are kept in room for %d", len(want), kept, len(q.ring))
			}
		}
	})
}

// TestQueueGivesRoomBack: what a rush has taken is given back, whether the
// queue runs empty or goes on with a few items.
func TestQueueGivesRoomBack(t *testing.T) {
	for _, rest := range []int{0, 10} {
		var q queue[int]
		for i := range 100000 {
			q.push(i)
		}
		for range 100000 - rest {
			q.pop()
		}
		for i := range 300000 {
			q.push(i)
			q.pop()
		}
		if len(q.ring) > 8*smallRing {
			t.Errorf("%d items have room for %d", rest, len(q.ring))
		}
	}
}
