package file

import (
	"errors"
	"slices"

	"sluice/rules-service/internal/connector"
)

// failures gathers the messages of a batch that were not written.
type failures struct {
	failed []int // indexes into the batch
	final  error // of those that no retry will mend
	again  error // of the others
}

// add notes what became of the messages at these places of the batch.
func (f *failures) add(err error, places []int) {
	var part *connector.Partial
	if errors.As(err, &part) {
		at := make([]int, len(part.Failed))
		for i, n := range part.Failed {
			at[i] = places[n]
		}
		places, err = at, part.Err
	}
	if err == nil {
		return
	}
	var permanent *connector.Permanent
	if errors.As(err, &permanent) {
		f.final = first(f.final, err)
	} else {
		f.again = first(f.again, err)
	}
	f.failed = append(f.failed, places...)
}

// retract forgets the messages from a place on: they are all tried again.
func (f *failures) retract(from int) {
	f.failed = slices.DeleteFunc(f.failed, func(n int) bool { return n >= from })
	if len(f.failed) == 0 {
		f.final = nil
	}
}

func first(known, err error) error {
	if known != nil {
		return known
	}
	return err
}

// err is for the worker. Where there are failures of both kinds all are tried
// again: those that are final come out alone then.
func (f *failures) err(messages int) error {
	err := first(f.again, f.final)
	if err == nil || len(f.failed) == messages && f.final == nil {
		return err
	}
	slices.Sort(f.failed)
	return &connector.Partial{Failed: f.failed, Err: err}
}
