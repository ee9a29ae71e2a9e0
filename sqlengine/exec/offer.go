package exec

import (
	"sync/atomic"

	"sluice/sqlengine/plan"
	"sluice/sqlengine/value"
)

// Condition is a conjunct that the rows of a run must meet, and the slot in
// which they have its column.
type Condition struct {
	plan.Conjunct
	Slot int
}

// Conditions are the leading conjuncts of the query: of its only stream, a host
// need not push a row for which one of them is false without an error. When
// they are all that its first operator asks, rows that meet them may be given
// to PushMatching.
func (r *Run) Conditions() (list []Condition, all bool) {
	conjuncts, all := r.plan.Conjuncts()
	for _, c := range conjuncts {
		list = append(list, Condition{c, r.source[c.ID]})
	}
	return list, all
}

// PushMatching gives rows to the query that meet all its Conditions for sure.
func (r *Run) PushMatching(b *value.Batch) error { return r.behind.Push(b) }

// Touch reads what PushMatching will touch. Where many runs are about to get
// rows, to touch them all first makes the processor wait for their memory
// together, and not for each in turn. The result means nothing.
func (r *Run) Touch() int {
	n := len(r.timers)
	if p, ok := r.behind.(*project); ok {
		n += p.at + len(p.made) + len(p.cols) + int(p.own.RowTime)
		if len(p.items) > 0 {
			n += int(p.items[0].null)
		}
	}
	return n
}

// offer tells how many rows have come to the query, whether or not they were
// pushed.
type offer struct {
	rows *atomic.Uint64 // of the stream
	more uint64         // to add to them; it may have wrapped around
}

// Offer makes Stats count, as rows that came in, those that a counter counts
// from now on, as the host pushes only rows that can meet the conditions. It
// is called by the goroutine that drives the run.
func (r *Run) Offer(rows *atomic.Uint64) {
	before := r.Stats()[0].In
	r.offer.Store(&offer{rows, before - rows.Load()})
}

// Withdraw ends Offer: from now on the rows count that are pushed. The last
// ones that the counter has counted did not come to the query.
func (r *Run) Withdraw(last int) {
	pushed := &r.ops[0].base().in
	r.offer.Store(&offer{pushed, r.Stats()[0].In - uint64(last) - pushed.Load()})
}
