package index

import "sluice/sqlengine/value"

// class are the kinds of values that compare with each other without an error.
type class uint8

const (
	number class = iota
	text
	truth
)

// classes are those of the kinds that constants have.
var classes = map[value.Kind]class{value.Int: number, value.Float: number, value.String: text, value.Bool: truth}

// column is what conditions look at: a slot, and what its value is compared
// with.
type column struct {
	slot  int
	class class
}

// look tells what a value means to a condition.
type look uint8

const (
	comparable look = iota
	null            // no condition on it is true
	odd             // it cannot be compared: conditions on it fail
)

func (c column) read(r *value.Row) (value.Value, look) {
	if c.slot >= len(r.Cols) {
		return value.Value{}, odd
	}
	v := r.Cols[c.slot]
	switch v.Kind() {
	case value.Null:
		return v, null
	case value.String:
		return v, fits(c.class == text)
	case value.Int, value.Float:
		return v, fits(c.class == number)
	case value.Bool:
		return v, fits(c.class == truth)
	}
	return v, odd
}

func fits(ok bool) look {
	if ok {
		return comparable
	}
	return odd
}
