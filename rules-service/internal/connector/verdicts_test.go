package connector

import (
	"errors"
	"slices"
	"testing"
)

func TestVerdicts(t *testing.T) {
	no, busy := &Permanent{errors.New("no")}, errors.New("busy")
	for _, c := range []struct {
		verdicts Verdicts
		want     error
		failed   []int // nil: all, or none
	}{
		{Verdicts{}, nil, nil},
		{Verdicts{nil, nil}, nil, nil},
		{Verdicts{no}, no, nil},
		{Verdicts{no, no}, no, nil},
		{Verdicts{nil, no, nil}, no, []int{1}},
		{Verdicts{no, nil, busy}, busy, []int{0, 2}},
		{Verdicts{no, busy}, busy, nil},
	} {
		err := c.verdicts.Err()
		var partial *Partial
		var failed []int
		if errors.As(err, &partial) {
			err, failed = partial.Err, partial.Failed
		}
		if err != c.want || !slices.Equal(failed, c.failed) {
			t.Errorf("%v: %v of %v", c.verdicts, err, failed)
		}
	}
}
