package function

import (
	"errors"
	"math"

	"sluice/sqlengine/value"
)

var repeat = &Scalar{
	Name: "repeat", Section: arrays, Summary: "An array with so many times the value.",
	Overloads: []Overload{{
		Params: []Param{Any, Int}, Result: value.List,
		Call: func(_ *Context, args []value.Value) (value.Value, error) {
			n := args[1].Int()
			if err := checkCount(n); err != nil {
				return value.Value{}, err
			}
			l := make([]value.Value, n)
			for i := range l {
				l[i] = args[0]
			}
			return value.OfList(l), nil
		},
	}},
	Examples: []Example{{`repeat("ab", 3)`, `["ab","ab","ab"]`}, {`repeat(1, 0)`, `[]`}, {`repeat(1, -1)`, `error`}, {`repeat(1, 1e12)`, `error`}},
}

var sequence = &Scalar{
	Name: "sequence", Section: arrays, Summary: "The numbers from the first to the second, both included, in steps of 1 or of the third.",
	Overloads: []Overload{{Params: []Param{Int, Int, Int}, Optional: 1, Result: value.List, Call: numbers}},
	Examples: []Example{
		{`sequence(1, 3)`, `[1,2,3]`}, {`sequence(3, 1)`, `[3,2,1]`}, {`sequence(1, 7, 2)`, `[1,3,5,7]`}, {`sequence(10, 1, -3)`, `[10,7,4,1]`},
		{`sequence(1, 3, 0)`, `error`}, {`sequence(1, 3, -1)`, `[]`},
	},
}

func numbers(_ *Context, args []value.Value) (value.Value, error) {
	from, to, step := args[0].Int(), args[1].Int(), int64(1)
	if from > to {
		step = -1
	}
	if len(args) == 3 {
		step = args[2].Int()
	}
	if step == 0 {
		return value.Value{}, errors.New("the step must not be 0")
	}
	if (step > 0) != (to >= from) && from != to {
		return value.OfList(nil), nil
	}
	// The differences as unsigned numbers cannot overflow.
	distance, stride := uint64(to)-uint64(from), uint64(step)
	if step < 0 {
		distance, stride = -distance, -stride
	}
	n := distance/stride + 1
	if n > math.MaxInt64 {
		n = math.MaxInt64
	}
	if err := checkCount(int64(n)); err != nil {
		return value.Value{}, err
	}
	l := make([]value.Value, n)
	for i := range l {
		l[i] = value.OfInt(from + int64(i)*step)
	}
	return value.OfList(l), nil
}
