package index

import "slices"

// node is a place in the tree: what is left to look at when the keys on the
// way to it are true.
type node struct {
	entries entries // of queries that have no further key
	equals  []equality
	ranges  []ranges
}

func (n *node) empty() bool { return len(n.entries) == 0 && len(n.equals) == 0 && len(n.ranges) == 0 }

func (n *node) add(e *Entry, way []key) {
	if len(way) == 0 {
		n.entries.add(e)
		return
	}
	k := way[0]
	if k.values == nil {
		n.rangesOf(k.column).add(k, e)
		return
	}
	eq := n.equalityOf(k.column)
	for _, v := range k.values {
		eq.child(v).add(e, way[1:])
	}
}

func (n *node) equalityOf(c column) *equality {
	at := slices.IndexFunc(n.equals, func(eq equality) bool { return eq.column == c })
	if at < 0 {
		at = len(n.equals)
		n.equals = append(n.equals, newEquality(c))
	}
	return &n.equals[at]
}

func (n *node) rangesOf(c column) *ranges {
	at := slices.IndexFunc(n.ranges, func(r ranges) bool { return r.column == c })
	if at < 0 {
		at = len(n.ranges)
		n.ranges = append(n.ranges, ranges{column: c})
	}
	return &n.ranges[at]
}

// remove undoes add, and leaves no empty places.
func (n *node) remove(e *Entry, way []key) {
	if len(way) == 0 {
		n.entries.remove(e)
		return
	}
	k := way[0]
	if k.values == nil {
		if r := n.rangesOf(k.column); r.remove(k, e) {
			n.ranges = slices.DeleteFunc(n.ranges, func(r ranges) bool { return r.column == k.column })
		}
		return
	}
	eq := n.equalityOf(k.column)
	for _, v := range k.values {
		eq.remove(v, e, way[1:])
	}
	if eq.empty() {
		n.equals = slices.DeleteFunc(n.equals, func(eq equality) bool { return eq.column == k.column })
	}
}

// visit finds the queries below a place that the row can match.
func (s *search) visit(n *node) {
	for _, e := range n.entries {
		s.hit(e, true)
	}
	for i := range n.equals {
		eq := &n.equals[i]
		switch v, look := eq.read(s.row); look {
		case comparable:
			if child := eq.of(v); child != nil {
				s.visit(child)
			}
		case odd:
			eq.each(s.all)
		}
	}
	for i := range n.ranges {
		r := &n.ranges[i]
		switch v, look := r.read(s.row); look {
		case comparable:
			r.find(s, v)
		case odd:
			r.each(s.doubt)
		}
	}
}

// all finds every query below a place.
func (s *search) all(n *node) {
	for _, e := range n.entries {
		s.doubt(e)
	}
	for i := range n.equals {
		n.equals[i].each(s.all)
	}
	for i := range n.ranges {
		n.ranges[i].each(s.doubt)
	}
}
