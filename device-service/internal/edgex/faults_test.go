package edgex

import (
	"errors"
	"log/slog"
	"testing"
)

// A device is down when it does not answer, degraded when a part of it does not.
func TestStateOfDevice(t *testing.T) {
	f := newFaults(slog.New(slog.DiscardHandler))
	bad := errors.New("refused")
	want := func(state int64, why string) {
		t.Helper()
		if got := f.state("d"); got != state {
			t.Errorf("%s: state %d, want %d", why, got, state)
		}
	}
	want(stateUp, "at first")
	f.report("d", "register", bad)
	want(stateDegraded, "one register fails")
	f.turned("d", bad)
	want(stateDown, "the driver says so")
	f.turned("d", nil)
	f.report("d", "register", bad) // again
	f.report("d", "register", nil)
	if n := f.failures(); n != 2 {
		t.Errorf("%d values failed", n)
	}
	want(stateUp, "all is well again")
	f.report("d", "", bad)
	want(stateDown, "no read at all")
	f.forget("d")
	want(stateUp, "forgotten")
}
