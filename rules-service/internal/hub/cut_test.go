package hub

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// Rules without a state cost a cut nothing until they yield something.
func TestCutLeavesOutWhoHasNothingNew(t *testing.T) {
	b := newBench(t, demo).keeping(IntakeOptions{})
	quiet, busy, window := make(chan []byte, 9), make(chan []byte, 9), make(chan []byte, 9)
	b.attachDurable("quiet", "SELECT a FROM demo WHERE a > 1000", quiet)
	_, out := b.attachDurable("busy", "SELECT a FROM demo", busy)
	aw, _ := b.attachDurable("window", "SELECT sum(a) FROM demo GROUP BY COUNTWINDOW(100)", window)
	b.feeds.get("demo").send(`{"a":1}`)
	out.want(t, "a=1 ")
	counts := func() []int {
		if _, err := b.Cut(t.Context()); err != nil {
			t.Fatal(err)
		}
		return []int{len(quiet), len(busy), len(window)}
	}
	if diff := cmp.Diff([]int{0, 1, 1}, counts()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]int{0, 1, 2}, counts()); diff != "" {
		t.Error(diff)
	}
	if state := <-busy; state != nil {
		t.Errorf("state %q of a rule that has none", state)
	}
	if state := <-window; state == nil {
		t.Error("no state of a window")
	}
	state, _, ok := aw.Leave(t.Context())
	if !ok || state == nil {
		t.Error("no state at the end")
	}
	aw.Detach()
	if diff := cmp.Diff([]int{0, 0, 1}, counts()); diff != "" {
		t.Error(diff)
	}
}

// A cut that a shard does not come to ends with its time, and what it has not
// told the next one tells.
func TestCutOfAShardThatStands(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, demo).keeping(IntakeOptions{})
		cuts := make(chan []byte, 9)
		_, out := b.attachDurable("r", "SELECT a FROM demo", cuts)
		hold := make(chan struct{})
		out.fail = func() error { <-hold; return nil }
		b.feeds.get("demo").send(`{"a":1}`)
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := b.Cut(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v", err)
		}
		close(hold)
		if _, err := b.Cut(t.Context()); err != nil {
			t.Fatal(err)
		}
		if len(cuts) == 0 {
			t.Error("the rule has yielded a row, and no cut has told that")
		}
	})
}
