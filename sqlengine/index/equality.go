package index

import (
	"math"

	"sluice/sqlengine/value"
)

// equality leads on by the value of a column.
type equality struct {
	column
	texts   map[string]*node // one of the two is nil, by the class
	numbers map[exact]*node
}

// exact is a number, or a BOOLEAN: equal for equal ones, whatever their kind.
type exact struct {
	bits  uint64 // of a whole number that is a BIGINT, or of a FLOAT
	float bool
}

func newEquality(c column) equality {
	if c.class == text {
		return equality{column: c, texts: map[string]*node{}}
	}
	return equality{column: c, numbers: map[exact]*node{}}
}

func exactOf(v value.Value) exact {
	switch v.Kind() {
	case value.Int:
		return exact{bits: uint64(v.Int())}
	case value.Float:
		f := v.Float()
		if f == math.Trunc(f) && f >= -1<<63 && f < 1<<63 {
			return exact{bits: uint64(int64(f))}
		}
		return exact{math.Float64bits(f), true}
	}
	if v.True() {
		return exact{bits: 1}
	}
	return exact{}
}

func (eq *equality) empty() bool { return len(eq.texts)+len(eq.numbers) == 0 }

// of is the place that a value leads to, or nil.
func (eq *equality) of(v value.Value) *node {
	if eq.class == text {
		return eq.texts[v.Str()]
	}
	return eq.numbers[exactOf(v)]
}

// child is the place that a value leads to; it is made if there is none.
func (eq *equality) child(v value.Value) *node {
	n := eq.of(v)
	if n != nil {
		return n
	}
	n = &node{}
	if eq.class == text {
		eq.texts[v.Str()] = n
	} else {
		eq.numbers[exactOf(v)] = n
	}
	return n
}

// remove takes a query from the way by a value, which a list may name twice.
func (eq *equality) remove(v value.Value, e *Entry, way []key) {
	n := eq.of(v)
	if n == nil {
		return
	}
	n.remove(e, way)
	switch {
	case !n.empty():
	case eq.class == text:
		delete(eq.texts, v.Str())
	default:
		delete(eq.numbers, exactOf(v))
	}
}

func (eq *equality) each(visit func(*node)) {
	for _, n := range eq.texts {
		visit(n)
	}
	for _, n := range eq.numbers {
		visit(n)
	}
}
