package connector

import "errors"

// Verdicts are what became of each message of a batch: nil of one that has
// arrived.
type Verdicts []error

// Fill gives all of them the same one.
func (v Verdicts) Fill(err error) {
	for i := range v {
		v[i] = err
	}
}

// Again is the first error that is worth another attempt, or nil.
func (v Verdicts) Again() error {
	for _, err := range v {
		var permanent *Permanent
		if err != nil && !errors.As(err, &permanent) {
			return err
		}
	}
	return nil
}

// Err is the whole as Write returns it: an error that is worth another attempt
// covers those that are not, which then come again, and fail again.
func (v Verdicts) Err() error {
	err := v.Again()
	var failed []int
	for i, e := range v {
		if e == nil {
			continue
		}
		failed = append(failed, i)
		if err == nil {
			err = e
		}
	}
	if len(failed) == 0 || len(failed) == len(v) {
		return err
	}
	return &Partial{Failed: failed, Err: err}
}
