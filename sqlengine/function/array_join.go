package function

import (
	"fmt"
	"strings"

	"sluice/sqlengine/value"
)

var arrayJoin = &Scalar{
	Name: "array_join", Section: arrays, Summary: "The printed elements with a separator between them; elements that are NULL are left out or printed as the third argument.",
	Overloads: []Overload{{
		Params: []Param{List, String, String}, Optional: 1, Result: value.String,
		Call: func(c *Context, args []value.Value) (value.Value, error) {
			var parts []string
			for i, v := range args[0].List() {
				if v.IsNull() {
					if len(args) == 3 {
						parts = append(parts, args[2].Str())
					}
					continue
				}
				s, err := text(c, v)
				if err != nil {
					return value.Value{}, fmt.Errorf("element %d: %w", i, err)
				}
				parts = append(parts, s)
			}
			return value.OfString(strings.Join(parts, args[1].Str())), nil
		},
	}},
	Examples: []Example{{`array_join(array_create(123, "b"), ":")`, `"123:b"`}, {`array_join(parse_json("[\"a\", null]"), ",", "-")`, `"a,-"`}},
}
