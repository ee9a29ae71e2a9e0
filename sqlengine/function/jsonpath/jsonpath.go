// Package jsonpath finds values inside arrays and objects by paths such as
// $.rings[? @.weight > 1].name, in the form that Goessner described.
package jsonpath

import (
	"fmt"

	"sluice/sqlengine/value"
)

// Path is a compiled path. It is immutable.
type Path struct {
	selectors []selector
	many      bool // some selector is more than a key
}

// Many tells whether the path may lead to several values: it has a wildcard, a
// slice, a union, a filter or a descent.
func (p *Path) Many() bool { return p.many }

// Query returns the value to which the path leads, or, where it may lead to
// several, the ARRAY of those that exist. A single key that does not exist is
// an error; an index outside an array gives NULL.
func (p *Path) Query(v value.Value) (value.Value, error) {
	q := &query{root: v, left: maxVisits}
	found, err := q.follow(p, v)
	if q.left < 0 {
		return value.Value{}, fmt.Errorf("the path visits more than %d values", maxVisits)
	}
	return found, err
}

// maxVisits bounds the work for one row: descents multiply.
const maxVisits = 1 << 18

// query is one evaluation.
type query struct {
	root value.Value
	left int // visits that are still allowed
}

// visit counts a value; false: there were too many.
func (q *query) visit() bool {
	q.left--
	return q.left >= 0
}

// follow evaluates a path from v.
func (q *query) follow(p *Path, v value.Value) (value.Value, error) {
	if !p.many {
		for _, s := range p.selectors {
			var err error
			if v, err = s.(key).child(v); err != nil {
				return value.Value{}, err
			}
		}
		return v, nil
	}
	found := []value.Value{}
	q.walk(p.selectors, v, func(v value.Value) { found = append(found, v) })
	return value.OfList(found), nil
}

// walk yields the values to which the selectors lead from v.
func (q *query) walk(selectors []selector, v value.Value, yield func(value.Value)) {
	if len(selectors) == 0 {
		yield(v)
		return
	}
	selectors[0].pick(q, v, func(child value.Value) { q.walk(selectors[1:], child, yield) })
}
