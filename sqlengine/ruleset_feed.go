package sqlengine

import (
	"cmp"
	"slices"
	"sync/atomic"

	"sluice/sqlengine/index"
)

// feed is a stream with the rules that read it.
type feed struct {
	stream string
	rows   atomic.Uint64 // that were pushed
	every  []*rule       // rules that must see every row, by rank
	index  index.Index   // of the others
}

func (f *feed) empty() bool { return len(f.every) == 0 && f.index.Empty() }

// add puts in a rule whose rank is the highest.
func (f *feed) add(r *rule) {
	conditions, all := conditionsOf(r.run)
	if len(conditions) == 0 {
		f.every = append(f.every, r)
		return
	}
	r.indexed, r.sure = true, all
	f.index.Add(&r.Entry, conditions)
	r.run.Offer(&f.rows)
}

func (f *feed) remove(r *rule) {
	if r.indexed {
		conditions, _ := conditionsOf(r.run)
		f.index.Remove(&r.Entry, conditions)
		return
	}
	if at, ok := slices.BinarySearchFunc(f.every, r.Rank, func(r *rule, rank uint32) int { return cmp.Compare(r.Rank, rank) }); ok {
		f.every = slices.Delete(f.every, at, at+1)
	}
}

// conditionsOf are the conjuncts of a query in the form of its index.
func conditionsOf(run *Run) (list []index.Condition, all bool) {
	conditions, all := run.Conditions()
	for _, c := range conditions {
		list = append(list, index.Condition{Slot: c.Slot, Op: c.Op, Values: c.Values})
	}
	return list, all
}

// turns appends the rules that must see some of the rows, in their order:
// those that the hits name, and those that see every row.
func (f *feed) turns(list []turn, hits []index.Hit, order []*rule) []turn {
	every := f.every
	for at := 0; at < len(hits); {
		rank := hits[at].Rank()
		t := turn{rule: order[rank], from: at, sure: order[rank].sure}
		for ; at < len(hits) && hits[at].Rank() == rank; at++ {
			t.sure = t.sure && hits[at].Sure()
		}
		t.to = at
		for len(every) > 0 && every[0].Rank < rank {
			list = append(list, turn{rule: every[0]})
			every = every[1:]
		}
		list = append(list, t)
	}
	for _, r := range every {
		list = append(list, turn{rule: r})
	}
	return list
}
