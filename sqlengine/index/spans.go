package index

import (
	"cmp"
	"slices"
)

// span is the range of a query: both ends belong to it.
type span[T cmp.Ordered] struct {
	low, high T
	endless   bool  // there is no upper end
	exact     bool  // the ends were not rounded
	furthest  int32 // see spans
	entry     *Entry
}

func (s *span[T]) reaches(v T) bool { return s.endless || s.high >= v }

// spans are in the order of their lower ends, and a search tree: its root is
// the one in the middle, its subtrees are the halves beside that, down to
// leaves of a few. The root of each subtree knows which span of it reaches
// furthest, so that one that ends before a value need not be searched.
type spans[T cmp.Ordered] struct {
	list  []span[T]
	stale bool // furthest is out of date
}

// leaf is how many spans are looked at one by one.
const leaf = 8

func order[T cmp.Ordered](a, b span[T]) int {
	return cmp.Or(cmp.Compare(a.low, b.low), compareEnds(&a, &b), cmp.Compare(a.entry.Rank, b.entry.Rank))
}

func compareEnds[T cmp.Ordered](a, b *span[T]) int {
	switch {
	case a.endless && b.endless:
		return 0
	case a.endless:
		return 1
	case b.endless:
		return -1
	}
	return cmp.Compare(a.high, b.high)
}

// add puts in a span. It may be there already: a list may name a value twice.
func (s *spans[T]) add(n span[T]) {
	if at, found := slices.BinarySearchFunc(s.list, n, order[T]); !found {
		s.list, s.stale = slices.Insert(s.list, at, n), true
	}
}

func (s *spans[T]) remove(n span[T]) {
	if at, found := slices.BinarySearchFunc(s.list, n, order[T]); found {
		s.list, s.stale = slices.Delete(s.list, at, at+1), true
	}
}

// find finds the queries whose spans hold v.
func (s *spans[T]) find(to *search, v T) {
	if s.stale {
		s.measure(0, len(s.list))
		s.stale = false
	}
	s.within(to, v, 0, len(s.list))
}

// measure fills in the furthest spans of a subtree, and returns its own.
func (s *spans[T]) measure(from, end int) int32 {
	if end-from <= leaf {
		return s.furthest(from, end)
	}
	root := (from + end) / 2
	best := int32(root)
	for _, other := range []int32{s.measure(from, root), s.measure(root+1, end)} {
		if compareEnds(&s.list[best], &s.list[other]) < 0 {
			best = other
		}
	}
	s.list[root].furthest = best
	return best
}

func (s *spans[T]) furthest(from, end int) int32 {
	best := from
	for i := from + 1; i < end; i++ {
		if compareEnds(&s.list[best], &s.list[i]) < 0 {
			best = i
		}
	}
	return int32(best)
}

func (s *spans[T]) within(to *search, v T, from, end int) {
	for end-from > leaf {
		root := &s.list[(from+end)/2]
		if !s.list[root.furthest].reaches(v) {
			return
		}
		s.within(to, v, from, (from+end)/2)
		if root.low > v {
			return
		}
		if root.reaches(v) {
			to.hit(root.entry, root.exact)
		}
		from = (from+end)/2 + 1
	}
	for i := from; i < end; i++ {
		n := &s.list[i]
		if n.low > v {
			return
		}
		if n.reaches(v) {
			to.hit(n.entry, n.exact)
		}
	}
}
