package function

import (
	"math"

	"sluice/sqlengine/value"
)

var (
	ceil  = ofFloat("ceil", "The least whole number that is not below the argument.", math.Ceil, Example{`ceil(1.2)`, `2`}, Example{`ceiling(-1)`, `-1`}).or("ceiling")
	floor = ofFloat("floor", "The greatest whole number that is not above the argument.", math.Floor, Example{`floor(1.8)`, `1`}, Example{`floor(-1.2)`, `-2`})
)

var sign = &Scalar{
	Name: "sign", Section: mathematics, Summary: "−1 for a negative number, 0 for zero, 1 for a positive one.",
	Overloads: []Overload{{
		Params: []Param{Float}, Result: value.Int,
		Call: func(_ *Context, args []value.Value) (value.Value, error) {
			switch f := args[0].Float(); {
			case f > 0:
				return value.OfInt(1), nil
			case f < 0:
				return value.OfInt(-1), nil
			}
			return value.OfInt(0), nil
		},
	}},
	Examples: []Example{{`sign(10.2)`, `1`}, {`sign(-2)`, `-1`}, {`sign(0)`, `0`}},
}
