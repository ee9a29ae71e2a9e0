package function

import (
	"math/rand/v2"

	"sluice/sqlengine/value"
)

var random = &Scalar{
	Name: "rand", Section: mathematics, Summary: "A random number that is not below 0 and below 1.", Volatile: true,
	Overloads: []Overload{{
		Result: value.Float,
		Call:   func(*Context, []value.Value) (value.Value, error) { return value.OfFloat(rand.Float64()), nil },
	}},
	Examples: []Example{{`floor(rand())`, `0`}},
}
