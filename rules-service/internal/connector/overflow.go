package connector

import (
	"context"
	"errors"
)

// Overflow sends messages one by one while its pace allows that. What is more
// goes together: the target gets few messages, and none is lost.
type Overflow struct {
	Pace *Pace
	// Send sends one message or, merged, several of them.
	Send func(ctx context.Context, msgs []Outbound) error
	// Joins tells whether a message may be merged with one before it; nil: all may.
	Joins func(first, m *Outbound) bool
}

// Write is that of a Sink.
func (o *Overflow) Write(ctx context.Context, msgs []Outbound) error {
	var refused []int
	var refusal error
	for next := 0; next < len(msgs); {
		more, err := o.Pace.Take(ctx)
		n := 1
		if err == nil {
			if more == 0 {
				n = o.joined(msgs[next:])
			}
			err = o.Send(ctx, msgs[next:next+n])
		}
		var permanent *Permanent
		switch {
		case err == nil:
		case errors.As(err, &permanent):
			refused, refusal = appendRange(refused, next, next+n), err
		default: // those that were refused come again, and are refused again
			return partial(appendRange(refused, next, len(msgs)), len(msgs), err)
		}
		next += n
	}
	return partial(refused, len(msgs), refusal)
}

// joined is how many of the first messages go together.
func (o *Overflow) joined(msgs []Outbound) int {
	for i := range msgs {
		if o.Joins != nil && !o.Joins(&msgs[0], &msgs[i]) {
			return i
		}
	}
	return len(msgs)
}

func appendRange(dst []int, from, to int) []int {
	for i := from; i < to; i++ {
		dst = append(dst, i)
	}
	return dst
}

// partial is the error of a batch of which some messages failed.
func partial(failed []int, all int, err error) error {
	if len(failed) == 0 || len(failed) == all {
		return err
	}
	return &Partial{Failed: failed, Err: err}
}
