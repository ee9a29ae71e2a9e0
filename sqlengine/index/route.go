package index

import (
	"slices"

	"sluice/sqlengine/syntax"
	"sluice/sqlengine/value"
)

// route is how a query stands in an Index.
type route struct {
	keys     []key // equalities, in the order of the query, then at most one range
	guards   []column
	complete bool // the keys have all conditions
}

// key is one level of the way to a query: a column, and either values that it
// may equal or a range.
type key struct {
	column
	values []value.Value // nil: it is a range
	low    *Condition    // > or >=; nil: there is no bound
	high   *Condition    // < or <=
	last   int           // index of the last condition that went into the key
}

// What a query may have of the tree; the rest is left to the query itself.
const (
	mostConditions = 16
	mostPlaces     = 1024 // by its lists of values
)

func newRoute(all []Condition) route {
	list := all[:min(len(all), mostConditions)]
	columns := make([]column, len(list))
	for i, c := range list {
		columns[i] = column{c.Slot, classes[c.Values[0].Kind()]}
	}
	var r route
	places := 1
	for i, c := range list {
		if c.Op == syntax.Equal && places*len(c.Values) <= mostPlaces {
			places *= len(c.Values)
			r.keys = append(r.keys, key{column: columns[i], values: c.Values, last: i})
		}
	}
	if k, ok := bestRange(list, columns, r.keys); ok {
		r.keys = append(r.keys, k)
	}
	r.guard(columns)
	r.complete = len(all) == r.conditions()
	return r
}

// bestRange is the range that rules out most: one with two bounds, else the
// first. A column that an equality looks at already has nothing to add.
func bestRange(list []Condition, columns []column, taken []key) (best key, ok bool) {
	for i := range list {
		if list[i].Op == syntax.Equal || slices.ContainsFunc(taken, func(k key) bool { return k.column == columns[i] }) {
			continue
		}
		k := rangeFrom(list, columns, i)
		if !ok || k.low != nil && k.high != nil && (best.low == nil || best.high == nil) {
			best, ok = k, true
		}
	}
	return best, ok
}

// rangeFrom is the range that begins with the i-th condition: the first bounds
// on that column.
func rangeFrom(list []Condition, columns []column, i int) key {
	k := key{column: columns[i]}
	for j := i; j < len(list); j++ {
		if columns[j] != k.column {
			continue
		}
		switch op := list[j].Op; {
		case k.low == nil && (op == syntax.Greater || op == syntax.GreaterEqual):
			k.low, k.last = &list[j], j
		case k.high == nil && (op == syntax.Less || op == syntax.LessEqual):
			k.high, k.last = &list[j], j
		}
	}
	return k
}

// guard finds the columns on which the query may fail before it comes to a
// condition by which a key rules it out.
func (r *route) guard(columns []column) {
	var seen []column
	for _, k := range r.keys {
		seen = append(seen, k.column)
		for _, c := range columns[:k.last] {
			if !slices.Contains(seen, c) && !slices.Contains(r.guards, c) {
				r.guards = append(r.guards, c)
			}
		}
	}
}

// conditions counts those that the keys are made of.
func (r *route) conditions() int {
	n := len(r.keys)
	if n == 0 {
		return 0
	}
	if last := r.keys[n-1]; last.low != nil && last.high != nil {
		n++
	}
	return n
}
