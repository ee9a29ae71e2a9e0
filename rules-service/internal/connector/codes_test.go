package connector

import (
	"errors"
	"testing"
	"time"
)

func TestCodes(t *testing.T) {
	codes := Codes{Busy: []int{-1}, Later: map[int]time.Duration{45009: time.Minute}, Token: []int{42001}}
	failure := errors.New("failure")
	for _, c := range []struct {
		name string
		o    Outcome
		want string
	}{
		{"success", Outcome{OK: true, Coded: true}, ""},
		{"busy", Outcome{OK: true, Coded: true, Code: -1}, "retry"},
		{"busy, and says for how long", Outcome{OK: true, Coded: true, Code: -1, After: time.Second}, "after 1s"},
		{"too often", Outcome{OK: true, Coded: true, Code: 45009}, "after 1m0s"},
		{"too often, longer", Outcome{OK: true, Coded: true, Code: 45009, After: time.Hour}, "after 1h0m0s"},
		{"token", Outcome{OK: true, Coded: true, Code: 42001}, "retry"},
		{"unknown code", Outcome{OK: true, Coded: true, Code: 93000, After: time.Second}, "permanent"},
		{"unknown code of a server that is down", Outcome{Passing: true, Coded: true, Code: 93000}, "retry"},
		{"no code", Outcome{OK: true}, "retry"},
		{"server error", Outcome{Passing: true}, "retry"},
		{"server error, and says for how long", Outcome{Passing: true, After: 2 * time.Second}, "after 2s"},
		{"bad request", Outcome{}, "permanent"},
		{"bad request with a good code", Outcome{Coded: true}, "permanent"},
	} {
		c.o.Failure = failure
		err := codes.Judge(c.o)
		if got := classOf(err); got != c.want {
			t.Errorf("%s: %s, not %s", c.name, got, c.want)
		}
		if err != nil && !errors.Is(err, failure) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	if !codes.RefusesToken(Outcome{Coded: true, Code: 42001}) || codes.RefusesToken(Outcome{Coded: true, Code: -1}) {
		t.Error("codes of tokens are not known")
	}
}

func classOf(err error) string {
	var permanent *Permanent
	var later *RetryAfter
	switch {
	case err == nil:
		return ""
	case errors.As(err, &permanent):
		return "permanent"
	case errors.As(err, &later):
		return "after " + later.After.String()
	}
	return "retry"
}
