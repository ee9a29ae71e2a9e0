package hub

import (
	"testing"

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
		if _, err := b.Cut(); err != nil {
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
