package function

import (
	"strings"

	"sluice/sqlengine/value"
)

var concat = &Scalar{
	Name: "concat", Section: texts,
	Summary: "The printed forms of the arguments, one after the other; NULL prints as nothing, arrays and objects as JSON. Number literals are refused.",
	Overloads: []Overload{{
		Params: []Param{Text}, Variadic: true, Result: value.String, Null: NullHandled,
		Call: func(_ *Context, args []value.Value) (value.Value, error) {
			var b strings.Builder
			for _, v := range args {
				if !v.IsNull() {
					b.WriteString(v.Str())
				}
			}
			return value.OfString(b.String()), nil
		},
	}},
	Examples: []Example{{`concat("a", NULL, "b")`, `"ab"`}, {`concat("a", 1)`, `error`}},
}
