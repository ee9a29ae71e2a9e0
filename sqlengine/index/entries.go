package index

import (
	"cmp"
	"slices"
)

// entries are in the order of their ranks.
type entries []*Entry

func (l entries) find(e *Entry) (int, bool) {
	return slices.BinarySearchFunc(l, e, func(a, b *Entry) int { return cmp.Compare(a.Rank, b.Rank) })
}

func (l *entries) add(e *Entry) {
	if at, found := l.find(e); !found {
		*l = slices.Insert(*l, at, e)
	}
}

func (l *entries) remove(e *Entry) {
	if at, found := l.find(e); found {
		*l = slices.Delete(*l, at, at+1)
	}
}
