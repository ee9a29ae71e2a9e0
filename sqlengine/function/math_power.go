package function

import (
	"errors"
	"math"

	"sluice/sqlengine/value"
)

var exp = ofFloat("exp", "e to the power of the argument.", math.Exp, Example{`exp(0)`, `1`}, Example{`exp(1000)`, `error`})

var power = &Scalar{
	Name: "power", Aliases: []string{"pow"}, Section: mathematics, Summary: "The first argument to the power of the second.",
	Overloads: []Overload{{
		Params: []Param{Float, Float}, Result: value.Float,
		Call: func(_ *Context, args []value.Value) (value.Value, error) {
			return number(math.Pow(args[0].Float(), args[1].Float()))
		},
	}},
	Examples: []Example{{`power(10, 3)`, `1000`}, {`pow(2, -1)`, `0.5`}, {`pow(-1, 0.5)`, `null`}, {`pow(0, -1)`, `error`}},
}

var errNegative = errors.New("the argument must not be negative")

var sqrt = &Scalar{
	Name: "sqrt", Section: mathematics, Summary: "The square root; an error for a negative number.",
	Overloads: []Overload{{
		Params: []Param{Float}, Result: value.Float,
		Call: func(_ *Context, args []value.Value) (value.Value, error) {
			f := args[0].Float()
			if f < 0 {
				return value.Value{}, errNegative
			}
			return value.OfFloat(math.Sqrt(f)), nil
		},
	}},
	Examples: []Example{{`sqrt(4)`, `2`}, {`sqrt(-1)`, `error`}},
}

var errLogarithm = errors.New("only a number above 0 has a logarithm")

var ln = &Scalar{
	Name: "ln", Section: mathematics, Summary: "The natural logarithm; an error unless the number is above 0.",
	Overloads: []Overload{{
		Params: []Param{Float}, Result: value.Float,
		Call: func(_ *Context, args []value.Value) (value.Value, error) { return logarithm(math.Log, args[0].Float()) },
	}},
	Examples: []Example{{`ln(1)`, `0`}, {`ln(0)`, `error`}},
}

var log = &Scalar{
	Name: "log", Section: mathematics, Summary: "The logarithm to base 10, or to the base that is given first.",
	Overloads: []Overload{
		{
			Params: []Param{Float}, Result: value.Float,
			Call: func(_ *Context, args []value.Value) (value.Value, error) {
				return logarithm(log10, args[0].Float())
			},
		},
		{Params: []Param{Float, Float}, Result: value.Float, Call: logToBase},
	},
	Examples: []Example{{`log(1000)`, `3`}, {`log(2, 8)`, `3`}, {`log(-10)`, `error`}, {`log(1, 8)`, `error`}},
}

// log10 is exact for powers of ten, which math.Log10 is not.
func log10(x float64) float64 {
	l := math.Log10(x)
	if r := math.Round(l); math.Pow10(int(r)) == x {
		return r
	}
	return l
}

func logarithm(f func(float64) float64, x float64) (value.Value, error) {
	if x <= 0 {
		return value.Value{}, errLogarithm
	}
	return value.OfFloat(f(x)), nil
}

// logToBase divides logarithms to base 2, which are exact for powers of two.
func logToBase(_ *Context, args []value.Value) (value.Value, error) {
	base, x := args[0].Float(), args[1].Float()
	if base <= 0 || x <= 0 {
		return value.Value{}, errLogarithm
	}
	if base == 1 {
		return value.Value{}, errors.New("there is no logarithm to base 1")
	}
	return number(math.Log2(x) / math.Log2(base))
}
