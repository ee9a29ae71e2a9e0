package function

import (
	"errors"
	"math"

	"sluice/sqlengine/value"
)

// absolute has two overloads so that a large BIGINT keeps its digits.
var absolute = &Scalar{
	Name: "abs", Section: mathematics, Summary: "The absolute value; BIGINT stays BIGINT.",
	Overloads: []Overload{
		{Params: []Param{Int}, Result: value.Int, Call: absoluteInt},
		{Params: []Param{Float}, Result: value.Float, Call: func(_ *Context, args []value.Value) (value.Value, error) {
			return value.OfFloat(math.Abs(args[0].Float())), nil
		}},
	},
	Examples: []Example{
		{`abs(-12)`, `12`}, {`abs(-1.5)`, `1.5`}, {`abs(-9007199254740993)`, `9007199254740993`},
		{`abs(NULL)`, `null`}, {`abs("1")`, `error`},
	},
}

var errOverflow = errors.New("overflow: the result is no BIGINT")

func absoluteInt(_ *Context, args []value.Value) (value.Value, error) {
	i := args[0].Int()
	switch {
	case i == math.MinInt64:
		return value.Value{}, errOverflow
	case i < 0:
		i = -i
	}
	return value.OfInt(i), nil
}
