package function

import (
	"fmt"
	"math"

	"sluice/sqlengine/value"
)

var paramNames = [...]string{
	Any: "any value", Document: "ARRAY, STRUCT or JSON text", Bool: "BOOLEAN", Int: "BIGINT", Float: "a number", Number: "a number",
	String: "STRING", Text: "text", Bytes: "BYTEA", Binary: "STRING or BYTEA", Time: "DATETIME",
	List: "ARRAY", Object: "STRUCT", Ordered: "a number, STRING or DATETIME",
}

// String is how messages and documentation name the parameter.
func (p Param) String() string { return paramNames[p] }

// The distances of a kind from a parameter.
const (
	exact   = 0 // handed over as it is
	widened = 1 // converted without loss
	checked = 2 // converted if the value allows it
)

// cost is the distance of an argument, refused for one that does not fit.
func (p Param) cost(a Arg) int {
	if p == Text && a.Literal && a.Kind != value.String && a.Kind != value.Null {
		return refused
	}
	return p.distance(a.Kind)
}

func (p Param) distance(k value.Kind) int {
	if k == value.Null {
		return exact
	}
	switch p {
	case Any:
		return exact
	case Bool:
		return only(k == value.Bool)
	case Int:
		if k == value.Float {
			return checked
		}
		return only(k == value.Int)
	case Float:
		if k == value.Int {
			return widened
		}
		return only(k == value.Float)
	case Number:
		return only(k == value.Int || k == value.Float)
	case String:
		return only(k == value.String)
	case Text:
		if k == value.String {
			return exact
		}
		return widened
	case Bytes:
		return only(k == value.Bytes)
	case Binary:
		return only(k == value.Bytes || k == value.String)
	case Time:
		if k == value.Int || k == value.Float || k == value.String {
			return checked
		}
		return only(k == value.Time)
	case List:
		return only(k == value.List)
	case Document:
		return only(k == value.List || k == value.Object || k == value.String)
	case Ordered:
		return only(k == value.Int || k == value.Float || k == value.String || k == value.Time)
	}
	return only(k == value.Object)
}

func only(ok bool) int {
	if ok {
		return exact
	}
	return refused
}

// convert hands a value over as the parameter wants it. Kinds are checked
// even where they were known: a Value read as another kind is not safe. The
// errors continue "argument 1 of f".
func (p Param) convert(c *Context, v value.Value) (value.Value, error) {
	k := v.Kind()
	switch p {
	case Any:
		return v, nil
	case Float:
		switch k {
		case value.Float:
			return v, nil
		case value.Int:
			return value.OfFloat(float64(v.Int())), nil
		}
	case Number:
		if k == value.Int || k == value.Float {
			return v, nil
		}
	case Int:
		switch k {
		case value.Int:
			return v, nil
		case value.Float:
			return wholeNumber(v.Float())
		}
	case Text:
		if k == value.String {
			return v, nil
		}
		s, err := text(c, v)
		return value.OfString(s), err
	case Time:
		if k == value.Time {
			return v, nil
		}
		t, err := TimeOf(c, v)
		return value.OfTime(t), err
	default:
		if p.distance(k) == exact {
			return v, nil
		}
	}
	return value.Value{}, fmt.Errorf("must be %s, not %s", p, k)
}

func wholeNumber(f float64) (value.Value, error) {
	if f != math.Trunc(f) || f < -1<<63 || f >= 1<<63 {
		return value.Value{}, fmt.Errorf("must be BIGINT, not %v", f)
	}
	return value.OfInt(int64(f)), nil
}
