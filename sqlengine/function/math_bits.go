package function

import "sluice/sqlengine/value"

// ofBits declares an operation on the bits of two BIGINTs.
func ofBits(name, summary string, f func(a, b int64) int64, examples ...Example) *Scalar {
	return &Scalar{
		Name: name, Section: mathematics, Summary: summary, Examples: examples,
		Overloads: []Overload{{
			Params: []Param{Int, Int}, Result: value.Int,
			Call: func(_ *Context, args []value.Value) (value.Value, error) {
				return value.OfInt(f(args[0].Int(), args[1].Int())), nil
			},
		}},
	}
}

var (
	bitand = ofBits("bitand", "The bits that are set in both numbers.", func(a, b int64) int64 { return a & b },
		Example{`bitand(12, 10)`, `8`}, Example{`bitand(10.5, 2)`, `error`})
	bitor = ofBits("bitor", "The bits that are set in one of the numbers or both.", func(a, b int64) int64 { return a | b },
		Example{`bitor(12, 10)`, `14`})
	bitxor = ofBits("bitxor", "The bits that are set in exactly one of the numbers.", func(a, b int64) int64 { return a ^ b },
		Example{`bitxor(12, 10)`, `6`})
)

var bitnot = &Scalar{
	Name: "bitnot", Section: mathematics, Summary: "The complement of the bits.",
	Overloads: []Overload{{
		Params: []Param{Int}, Result: value.Int,
		Call: func(_ *Context, args []value.Value) (value.Value, error) { return value.OfInt(^args[0].Int()), nil },
	}},
	Examples: []Example{{`bitnot(1)`, `-2`}},
}
