package function

import (
	"errors"
	"math"

	"sluice/sqlengine/value"
)

var errDivision = errors.New("divided by zero")

var mod = &Scalar{
	Name: "mod", Section: mathematics, Summary: "The remainder as FLOAT, with the sign of the first argument.",
	Overloads: []Overload{{
		Params: []Param{Float, Float}, Result: value.Float,
		Call: func(_ *Context, args []value.Value) (value.Value, error) {
			if args[1].Float() == 0 {
				return value.Value{}, errDivision
			}
			return value.OfFloat(math.Mod(args[0].Float(), args[1].Float())), nil
		},
	}},
	Examples: []Example{{`mod(10, 3)`, `1`}, {`mod(-10.5, 2)`, `-0.5`}, {`mod(1, 0)`, `error`}},
}
