package jsonpath

import (
	"fmt"

	"sluice/sqlengine/value"
)

// selector is one step of a path.
type selector interface {
	// pick yields what it selects of v, in order.
	pick(q *query, v value.Value, yield func(value.Value))
}

// key is .name, ["name"] or [index]. The index of an object is a name.
type key struct {
	name    string
	index   int
	indexes bool // index was written
}

func (k key) child(v value.Value) (value.Value, error) {
	switch v.Kind() {
	case value.Object:
		child := v.Object().Get(k.name)
		if child.IsMissing() {
			return child, fmt.Errorf("there is no key %q", k.name)
		}
		return child, nil
	case value.List:
		if !k.indexes {
			return value.Missing, fmt.Errorf("an ARRAY has no key %q", k.name)
		}
		l, i := v.List(), k.index
		if i < 0 {
			i += len(l)
		}
		if i < 0 || i >= len(l) {
			return value.Value{}, nil
		}
		return l[i], nil
	}
	return value.Missing, fmt.Errorf("%s has no key %q", v.Kind(), k.name)
}

func (k key) pick(q *query, v value.Value, yield func(value.Value)) {
	if child, err := k.child(v); err == nil && q.visit() {
		yield(child)
	}
}

// union is [a, b].
type union []key

func (u union) pick(q *query, v value.Value, yield func(value.Value)) {
	for _, k := range u {
		k.pick(q, v, yield)
	}
}

// wildcard is .* or [*].
type wildcard struct{}

func (wildcard) pick(q *query, v value.Value, yield func(value.Value)) {
	for _, child := range children(v) {
		if !q.visit() {
			return
		}
		yield(child)
	}
}

// children are the elements of an array, or the values of an object in the
// order of their keys.
func children(v value.Value) []value.Value {
	switch v.Kind() {
	case value.List:
		return v.List()
	case value.Object:
		return v.Object().Values
	}
	return nil
}

// descent is .. : the value itself and all that it holds, at any depth.
type descent struct{}

func (d descent) pick(q *query, v value.Value, yield func(value.Value)) {
	if !q.visit() {
		return
	}
	yield(v)
	for _, child := range children(v) {
		d.pick(q, child, yield)
	}
}

// slice is [low:high:step]. A negative step takes the same range from its end.
type slice struct{ low, high, step int }

func (s slice) pick(q *query, v value.Value, yield func(value.Value)) {
	if v.Kind() != value.List {
		return
	}
	l := v.List()
	low, high := within(s.low, len(l)), within(s.high, len(l))
	at := low
	if s.step < 0 {
		at = high - 1
	}
	for ; at >= low && at < high && q.visit(); at += s.step {
		yield(l[at])
	}
}

// within makes a bound, counted from the end where it is negative, one of n
// elements.
func within(i, n int) int {
	if i < 0 {
		i += n
	}
	return max(0, min(i, n))
}

// filter is [? condition].
type filter struct{ condition expr }

func (f filter) pick(q *query, v value.Value, yield func(value.Value)) {
	for _, child := range children(v) {
		if !q.visit() {
			return
		}
		if isTrue(f.condition.eval(q, child)) {
			yield(child)
		}
	}
}
