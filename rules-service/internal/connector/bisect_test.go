package connector

import (
	"errors"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// Whatever messages are bad, these alone are refused, and the others are
// written once, in order. When the target goes away the rest is left.
func TestBisect(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		bad := rapid.SliceOfN(rapid.Bool(), 1, 40).Draw(t, "bad")
		away := rapid.IntRange(0, 60).Draw(t, "writes until it is away")
		gone := errors.New("away")
		var written []int
		err := Bisect(len(bad), func(from, to int) error {
			if away--; away < 0 {
				return gone
			}
			if slices.Contains(bad[from:to], true) {
				return &Permanent{Err: errors.New("refused")}
			}
			for i := from; i < to; i++ {
				written = append(written, i)
			}
			return nil
		})
		var failed []int
		var partial *Partial
		switch {
		case errors.As(err, &partial):
			failed = partial.Failed
		case err != nil:
			for i := range bad {
				failed = append(failed, i)
			}
		}
		if !slices.IsSorted(failed) || !slices.IsSorted(written) || len(failed)+len(written) != len(bad) {
			t.Fatalf("%d messages: written %v, failed %v", len(bad), written, failed)
		}
		for i, b := range bad {
			wanted := b || errors.Is(err, gone) && slices.Contains(failed, i)
			if slices.Contains(failed, i) != wanted || slices.Contains(written, i) == wanted {
				t.Fatalf("bad %v: written %v, failed %v", bad, written, failed)
			}
		}
	})
}
