// Package index finds, among thousands of queries over one stream, those that
// a row can match, by the conditions column op constant that the queries begin
// with. What it finds is a superset: a query that would fail on the row, rather
// than reject it, is among it.
package index

import (
	"slices"

	"sluice/sqlengine/syntax"
	"sluice/sqlengine/value"
)

// Condition is a conjunct that a query begins with, over the slots of rows.
type Condition struct {
	Slot   int
	Op     syntax.Op     // = < <= > >=
	Values []value.Value // with = any of them; the others have one. All are numbers but NaN, or texts, or, with =, BOOLEANs
}

// Entry stands for a query in an Index.
type Entry struct {
	// Rank is the query's place in the order in which queries are found. It
	// may change as long as the order of the entries stays.
	Rank uint32
	sure bool // the way to it has all conditions
}

// Index is a tree: each level looks at one column, the inner ones for values
// that are equal to it, the last for ranges that it lies in. A query stands at
// the end of its way, which has all its equalities and one range.
type Index struct {
	root   node
	guards []guard
}

// guard holds the queries that fail, or may, when a column has a value that
// their constant cannot be compared with, although a key that the column does
// not belong to says that they do not match.
type guard struct {
	column
	entries entries
}

// Add puts a query in, with at least one condition.
func (x *Index) Add(e *Entry, list []Condition) {
	r := newRoute(list)
	e.sure = r.complete
	x.root.add(e, r.keys)
	for _, c := range r.guards {
		at := slices.IndexFunc(x.guards, func(g guard) bool { return g.column == c })
		if at < 0 {
			at = len(x.guards)
			x.guards = append(x.guards, guard{column: c})
		}
		x.guards[at].entries.add(e)
	}
}

// Remove takes a query out that was added with these conditions.
func (x *Index) Remove(e *Entry, list []Condition) {
	r := newRoute(list)
	x.root.remove(e, r.keys)
	for _, c := range r.guards {
		at := slices.IndexFunc(x.guards, func(g guard) bool { return g.column == c })
		if x.guards[at].entries.remove(e); len(x.guards[at].entries) == 0 {
			x.guards = slices.Delete(x.guards, at, at+1)
		}
	}
}

// Empty tells that there is no query.
func (x *Index) Empty() bool { return x.root.empty() && len(x.guards) == 0 }

// Find appends a hit for each query and row that may match, in order.
func (x *Index) Find(hits []Hit, rows []value.Row) []Hit {
	s := search{hits: hits}
	for i := range rows {
		s.at, s.row = Hit(i)<<1, &rows[i]
		for g := range x.guards {
			if _, look := x.guards[g].read(s.row); look == odd {
				for _, e := range x.guards[g].entries {
					s.doubt(e)
				}
			}
		}
		s.visit(&x.root)
	}
	found := s.hits[len(hits):]
	slices.Sort(found)
	found = slices.CompactFunc(found, func(a, b Hit) bool { return a|unsure == b|unsure })
	return s.hits[:len(hits)+len(found)]
}
