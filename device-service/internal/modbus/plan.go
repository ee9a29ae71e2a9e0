package modbus

import (
	"cmp"
	"slices"
)

// limits bound what one request may read.
type limits struct {
	registers, bits     int // at most in one request
	registerGap, bitGap int // at most unwanted between two that are wanted
}

func (l limits) of(t table) (count, gap int) {
	if t.bits() {
		return l.bits, l.bitGap
	}
	return l.registers, l.registerGap
}

// group is one request and the wanted spans that it answers.
type group struct {
	span
	members []int // indexes into the wanted spans, sorted by address
}

// plan covers the wanted spans with the fewest requests: sorted by address,
// each request takes as many spans as the limits and the borders allow. Taking
// all that fits is best, since a later request can only begin further on.
// A span that is longer than a request may be, or that has a border inside,
// makes a request by itself.
func plan(wanted []span, l limits, b *borders) []group {
	order := make([]int, len(wanted))
	alone := make([]bool, len(wanted))
	for i, s := range wanted {
		order[i], alone[i] = i, b.within(s)
	}
	slices.SortFunc(order, func(i, j int) int {
		a, b := wanted[i], wanted[j]
		return cmp.Or(compareBool(alone[i], alone[j]), cmp.Compare(a.table, b.table), cmp.Compare(a.start, b.start), cmp.Compare(a.end(), b.end()))
	})
	var groups []group
	for _, i := range order {
		if n := len(groups) - 1; n >= 0 && l.fits(groups[n].span, wanted[i], b) {
			groups[n].span = groups[n].join(wanted[i])
			groups[n].members = append(groups[n].members, i)
			continue
		}
		groups = append(groups, group{wanted[i], []int{i}})
	}
	return groups
}

// compareBool orders false before true.
func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

// fits tells whether a request for s may be extended to cover next as well,
// which does not begin before it.
func (l limits) fits(s, next span, b *borders) bool {
	if s.covers(next) {
		return true
	}
	count, gap := l.of(s.table)
	joined := s.join(next)
	return s.table == next.table && next.start-s.end() <= gap && joined.count <= count && !b.within(joined)
}

// split cuts a request that was refused in two: at its largest gap, where the
// device is most likely to have nothing, else in the middle.
func (g group) split(wanted []span) (left, right group) {
	cut, widest, end := 0, 0, 0
	middle := len(g.members) / 2
	for k := 1; k < len(g.members); k++ {
		end = max(end, wanted[g.members[k-1]].end())
		gap := wanted[g.members[k]].start - end
		closer := max(k-middle, middle-k) < max(cut-middle, middle-cut)
		if cut == 0 || gap > widest || gap == widest && closer {
			cut, widest = k, gap
		}
	}
	return regroup(g.members[:cut], wanted), regroup(g.members[cut:], wanted)
}

func regroup(members []int, wanted []span) group {
	g := group{wanted[members[0]], members}
	for _, i := range members[1:] {
		g.span = g.join(wanted[i])
	}
	return g
}
