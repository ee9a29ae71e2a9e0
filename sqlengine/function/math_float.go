package function

import (
	"errors"
	"math"

	"sluice/sqlengine/value"
)

var errRange = errors.New("the result is out of range")

// number makes a FLOAT that every sink can write: what is no number is NULL,
// an infinity an error.
func number(f float64) (value.Value, error) {
	switch {
	case math.IsNaN(f):
		return value.Value{}, nil
	case math.IsInf(f, 0):
		return value.Value{}, errRange
	}
	return value.OfFloat(f), nil
}

// ofFloat declares a mathematical function of one number.
func ofFloat(name, summary string, f func(float64) float64, examples ...Example) *Scalar {
	return &Scalar{
		Name: name, Section: mathematics, Summary: summary, Examples: examples,
		Overloads: []Overload{{
			Params: []Param{Float}, Result: value.Float,
			Call: func(_ *Context, args []value.Value) (value.Value, error) { return number(f(args[0].Float())) },
		}},
	}
}

// or gives a function further names.
func (s *Scalar) or(aliases ...string) *Scalar {
	s.Aliases = aliases
	return s
}
