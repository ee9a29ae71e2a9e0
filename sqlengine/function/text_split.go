package function

import (
	"fmt"
	"strings"

	"sluice/sqlengine/value"
)

var splitValue = &Scalar{
	Name: "split_value", Section: texts,
	Summary: "A part of the text between separators: 0 is the first, −1 the last; an error when there is no such part.",
	Overloads: []Overload{{
		Params: []Param{Text, Text, Int}, Result: value.String,
		Call: func(_ *Context, args []value.Value) (value.Value, error) {
			parts := strings.Split(args[0].Str(), args[1].Str())
			i := args[2].Int()
			if i < 0 {
				i += int64(len(parts))
			}
			if i < 0 || i >= int64(len(parts)) {
				return value.Value{}, fmt.Errorf("no part %d: there are %d", args[2].Int(), len(parts))
			}
			return value.OfString(parts[i]), nil
		},
	}},
	Examples: []Example{{`split_value("a/b/c", "/", 0)`, `"a"`}, {`split_value("a/b/c", "/", -1)`, `"c"`}, {`split_value("a/b/c", "/", 3)`, `error`}},
}
