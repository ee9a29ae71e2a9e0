//go:build !race

// The race detector makes sync.Pool drop what it is given at random, so that
// package regexp allocates there; the count means something without it alone.

package function

import (
	"testing"

	"sluice/sqlengine/value"
)

func TestCallsDoNotAllocate(t *testing.T) {
	for _, s := range strict {
		for _, typed := range []bool{true, false} {
			bound := bindStrict(t, s.name, s.args, typed)
			c, args := testContext(), make([]value.Value, len(s.args))
			n := testing.AllocsPerRun(100, func() {
				copy(args, s.args)
				if _, err := bound.Call(c, args); err != nil {
					t.Fatal(err)
				}
			})
			if n != 0 {
				t.Errorf("%s allocates %v times (typed: %v)", s.name, n, typed)
			}
		}
	}
}
