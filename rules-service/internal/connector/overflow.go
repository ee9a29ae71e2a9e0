package connector

import "context"

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
	v := make(Verdicts, len(msgs))
	for next := 0; next < len(msgs); {
		more, err := o.Pace.Take(ctx)
		n := 1
		if err == nil {
			if more == 0 {
				n = o.joined(msgs[next:])
			}
			err = o.Send(ctx, msgs[next:next+n])
		}
		v[next : next+n].Fill(err)
		if v[next:next+n].Again() != nil {
			v[next:].Fill(err)
			break
		}
		next += n
	}
	return v.Err()
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
