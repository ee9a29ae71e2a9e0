package function

import (
	"fmt"
	"math"

	"sluice/sqlengine/value"
)

var substring = &Scalar{
	Name: "substring", Section: texts,
	Summary: "The characters from a position, from 0, up to the end or up to, not including, an end position. The third argument is a position, not a length.",
	Overloads: []Overload{{
		Params: []Param{Text, Int, Int}, Optional: 1, Result: value.String,
		Call: func(_ *Context, args []value.Value) (value.Value, error) {
			from, to := args[1].Int(), int64(math.MaxInt64)
			if len(args) == 3 {
				to = args[2].Int()
			}
			if from < 0 {
				return value.Value{}, fmt.Errorf("positions are not negative: %d", from)
			}
			if to < from {
				return value.Value{}, fmt.Errorf("no range of positions: %d to %d", from, to)
			}
			return value.OfString(characters(args[0].Str(), from, to)), nil
		},
	}},
	Examples: []Example{
		{`substring("NYCNicks", 3)`, `"Nicks"`}, {`substring("NYCNicks", 3, 5)`, `"Ni"`}, {`substring("中国人", 1, 2)`, `"国"`},
		{`substring("abc", 5)`, `""`}, {`substring("abc", 2, 1)`, `error`}, {`substring("abc", -1)`, `error`},
	},
}

// characters cuts s at character positions; what lies beyond the end is empty.
func characters(s string, from, to int64) string {
	start, n := len(s), int64(0)
	for i := range s {
		if n == from {
			start = i
		}
		if n == to {
			return s[start:i]
		}
		n++
	}
	return s[start:]
}
