package index

import (
	"math"

	"sluice/sqlengine/syntax"
	"sluice/sqlengine/value"
)

// ranges leads to queries by a range that a column lies in.
type ranges struct {
	column
	numbers spans[float64] // one of the two is empty, by the class
	texts   spans[string]
}

func (r *ranges) add(k key, e *Entry) {
	if r.class == text {
		r.texts.add(textSpan(k, e))
	} else {
		r.numbers.add(numberSpan(k, e))
	}
}

// remove undoes add, and tells whether nothing is left.
func (r *ranges) remove(k key, e *Entry) (empty bool) {
	if r.class == text {
		r.texts.remove(textSpan(k, e))
	} else {
		r.numbers.remove(numberSpan(k, e))
	}
	return len(r.texts.list)+len(r.numbers.list) == 0
}

func (r *ranges) find(s *search, v value.Value) {
	if r.class == text {
		r.texts.find(s, v.Str())
		return
	}
	n, _ := v.Number()
	if math.IsNaN(n) {
		n = math.Inf(-1) // as in comparisons: less than all others
	}
	r.numbers.find(s, n)
}

func (r *ranges) each(visit func(*Entry)) {
	for i := range r.texts.list {
		visit(r.texts.list[i].entry)
	}
	for i := range r.numbers.list {
		visit(r.numbers.list[i].entry)
	}
}

// exactBelow is where FLOATs stop to tell all whole numbers apart. Bounds
// beyond are taken as closed: as large BIGINTs are rounded to FLOATs, their
// order stays, but different ones may become equal.
const exactBelow = 1 << 53

func numberSpan(k key, e *Entry) span[float64] {
	s := span[float64]{low: math.Inf(-1), endless: k.high == nil, exact: true, entry: e}
	if k.low != nil {
		s.low = numberBound(&s, k.low, syntax.Greater, math.Inf(1))
	}
	if k.high != nil {
		s.high = numberBound(&s, k.high, syntax.Less, math.Inf(-1))
	}
	return s
}

// numberBound is the first number on the inner side of a bound.
func numberBound(s *span[float64], c *Condition, open syntax.Op, inner float64) float64 {
	n, _ := c.Values[0].Number()
	switch {
	case math.Abs(n) >= exactBelow:
		s.exact = false
		return n
	case c.Op == open:
		return math.Nextafter(n, inner)
	}
	return n
}

// textSpan takes bounds as closed: before a text there is no last one.
func textSpan(k key, e *Entry) span[string] {
	s := span[string]{endless: k.high == nil, exact: true, entry: e}
	if k.low != nil {
		s.low = k.low.Values[0].Str()
		s.exact = k.low.Op == syntax.GreaterEqual
	}
	if k.high != nil {
		s.high = k.high.Values[0].Str()
		s.exact = s.exact && k.high.Op == syntax.LessEqual
	}
	return s
}
