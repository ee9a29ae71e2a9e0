package connector

import "errors"

// Bisect writes n messages, and finds those that the target refuses when it
// refuses a part of them as a whole. write is given the messages from … to-1 and
// returns *Permanent when they are refused; any other error ends the work. The
// result is what Sink.Write returns.
func Bisect(n int, write func(from, to int) error) error {
	b := bisection{write: write}
	err := b.part(0, n)
	switch {
	case err == nil && b.refusal == nil:
		return nil
	case err == nil:
		return &Partial{Failed: b.refused, Err: b.refusal}
	case b.done == 0:
		return err
	}
	for i := b.done; i < n; i++ {
		b.refused = append(b.refused, i) // those that were refused already are found again
	}
	return &Partial{Failed: b.refused, Err: err}
}

type bisection struct {
	write   func(from, to int) error
	done    int   // messages in front that are written or refused
	refused []int // ascending
	refusal error // of the first of them
}

func (b *bisection) part(from, to int) error {
	err := b.write(from, to)
	var permanent *Permanent
	switch {
	case err == nil:
		b.done = to
		return nil
	case !errors.As(err, &permanent):
		return err
	case to-from == 1:
		b.refused, b.done = append(b.refused, from), to
		if b.refusal == nil {
			b.refusal = err
		}
		return nil
	}
	middle := (from + to) / 2
	if err := b.part(from, middle); err != nil {
		return err
	}
	return b.part(middle, to)
}
