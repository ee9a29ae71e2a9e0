package jsonpath

import "sluice/sqlengine/value"

// expr is a part of a filter. Missing is the value of a path that leads to
// nothing.
type expr interface {
	eval(q *query, at value.Value) value.Value
}

// literal is a constant.
type literal struct{ value.Value }

func (l literal) eval(*query, value.Value) value.Value { return l.Value }

// operand is a path from the element, @, or from the whole, $.
type operand struct {
	path     *Path
	fromRoot bool
}

func (o operand) eval(q *query, at value.Value) value.Value {
	if o.fromRoot {
		at = q.root
	}
	v, err := q.follow(o.path, at)
	if err != nil {
		return value.Missing
	}
	return v
}

// not is !x.
type not struct{ x expr }

func (n not) eval(q *query, at value.Value) value.Value {
	return value.OfBool(!isTrue(n.x.eval(q, at)))
}

// logic is x && y or x || y.
type logic struct {
	x, y expr
	or   bool
}

func (l logic) eval(q *query, at value.Value) value.Value {
	if isTrue(l.x.eval(q, at)) == l.or {
		return value.OfBool(l.or)
	}
	return value.OfBool(isTrue(l.y.eval(q, at)))
}

// isTrue is the truth of a value as a condition: of a path alone, whether it
// leads to something that is neither NULL nor false.
func isTrue(v value.Value) bool {
	switch v.Kind() {
	case value.Null:
		return false
	case value.Bool:
		return v.True()
	case value.List:
		return len(v.List()) > 0
	}
	return true
}

// comparison is x == y and the like. Beside a path that leads to nothing it is
// false, and < needs two numbers or two texts.
type comparison struct {
	x, y expr
	op   string
}

func (c comparison) eval(q *query, at value.Value) value.Value {
	x, y := c.x.eval(q, at), c.y.eval(q, at)
	if x.IsMissing() || y.IsMissing() {
		return value.OfBool(false)
	}
	switch c.op {
	case "==":
		return value.OfBool(value.Equal(x, y))
	case "!=":
		return value.OfBool(!value.Equal(x, y))
	}
	order, ok := value.Compare(x, y)
	return value.OfBool(ok && c.holds(order))
}

func (c comparison) holds(order int) bool {
	switch c.op {
	case "<":
		return order < 0
	case "<=":
		return order <= 0
	case ">":
		return order > 0
	}
	return order >= 0
}
