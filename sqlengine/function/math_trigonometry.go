package function

import (
	"errors"
	"math"

	"sluice/sqlengine/value"
)

var (
	acos    = ofFloat("acos", "The arc cosine in radians; NULL outside −1…1.", math.Acos, Example{`acos(1)`, `0`}, Example{`acos(2)`, `null`})
	asin    = ofFloat("asin", "The arc sine in radians; NULL outside −1…1.", math.Asin, Example{`asin(1)`, `1.5707963267948966`}, Example{`asin(-2)`, `null`})
	atan    = ofFloat("atan", "The arc tangent in radians.", math.Atan, Example{`atan(1)`, `0.7853981633974483`})
	cos     = ofFloat("cos", "The cosine of an angle in radians.", math.Cos, Example{`cos(0)`, `1`})
	cosh    = ofFloat("cosh", "The hyperbolic cosine.", math.Cosh, Example{`cosh(0)`, `1`}, Example{`cosh(1000)`, `error`})
	sin     = ofFloat("sin", "The sine of an angle in radians.", math.Sin, Example{`sin(0)`, `0`})
	sinh    = ofFloat("sinh", "The hyperbolic sine.", math.Sinh, Example{`sinh(0)`, `0`})
	tan     = ofFloat("tan", "The tangent of an angle in radians.", math.Tan, Example{`tan(0)`, `0`})
	tanh    = ofFloat("tanh", "The hyperbolic tangent.", math.Tanh, Example{`tanh(1)`, `0.7615941559557649`})
	degrees = ofFloat("degrees", "Radians as degrees.", func(x float64) float64 { return x * 180 / math.Pi }, Example{`degrees(0)`, `0`}, Example{`degrees(1.5707963267948966)`, `90`})
	radians = ofFloat("radians", "Degrees as radians.", func(x float64) float64 { return x * math.Pi / 180 }, Example{`radians(180)`, `3.141592653589793`})
)

var atan2 = &Scalar{
	Name: "atan2", Section: mathematics, Summary: "The angle of the point (x, y) in radians; y comes first.",
	Overloads: []Overload{{
		Params: []Param{Float, Float}, Result: value.Float,
		Call: func(_ *Context, args []value.Value) (value.Value, error) {
			return value.OfFloat(math.Atan2(args[0].Float(), args[1].Float())), nil
		},
	}},
	Examples: []Example{{`atan2(1, 1)`, `0.7853981633974483`}, {`atan2(0, 2)`, `0`}},
}

var errPole = errors.New("out of range: the cotangent has a pole here")

var cot = &Scalar{
	Name: "cot", Section: mathematics, Summary: "The cotangent of an angle in radians; an error at a pole.",
	Overloads: []Overload{{
		Params: []Param{Float}, Result: value.Float,
		Call: func(_ *Context, args []value.Value) (value.Value, error) {
			t := math.Tan(args[0].Float())
			if t == 0 {
				return value.Value{}, errPole
			}
			return number(1 / t)
		},
	}},
	Examples: []Example{{`cot(0.7853981633974483)`, `1`}, {`cot(0)`, `error`}},
}

var pi = &Scalar{
	Name: "pi", Section: mathematics, Summary: "The number π.",
	Overloads: []Overload{{
		Result: value.Float,
		Call:   func(*Context, []value.Value) (value.Value, error) { return value.OfFloat(math.Pi), nil },
	}},
	Examples: []Example{{`pi()`, `3.141592653589793`}},
}
