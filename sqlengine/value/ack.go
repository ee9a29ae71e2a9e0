package value

import "sync/atomic"

// Ack tells the source when the last holder of its rows is done with them.
// All batches derived row by row from one delivery share its Ack. A nil Ack is
// valid and does nothing.
//
// Windows do not hold it: brokers stop at a few unacknowledged messages. A
// source that must not lose rows in a window writes them to the intake journal
// first, and the checkpoint remembers how far the windows have come.
type Ack struct {
	holds atomic.Int32
	err   atomic.Pointer[error]
	done  func(error)
}

// NewAck returns an Ack with one hold. done runs exactly once, with the first
// error given, on the goroutine of the last Release.
func NewAck(done func(error)) *Ack {
	a := &Ack{done: done}
	a.holds.Store(1)
	return a
}

// Hold delays the acknowledgement until a matching Release. Only who has a
// hold, or was given a Batch by someone who has, may take another.
func (a *Ack) Hold() {
	if a != nil {
		a.holds.Add(1)
	}
}

// Release gives up one hold. It panics on more releases than holds, which
// would acknowledge rows that are still in use.
func (a *Ack) Release(err error) {
	if a == nil {
		return
	}
	if err != nil {
		a.err.CompareAndSwap(nil, &err)
	}
	switch n := a.holds.Add(-1); {
	case n > 0:
		return
	case n < 0:
		panic("value: Ack released more often than held")
	}
	if p := a.err.Load(); p != nil {
		a.done(*p)
		return
	}
	a.done(nil)
}
