package function

import (
	"strings"

	"sluice/sqlengine/value"
)

var (
	lpad = padding("lpad", "The text with so many blanks put before it; it does not fill up to a width.",
		func(s, blanks string) string { return blanks + s }, Example{`lpad("NYC", 2)`, `"  NYC"`}, Example{`lpad("a", -1)`, `error`})
	rpad = padding("rpad", "The text with so many blanks put behind it; it does not fill up to a width.",
		func(s, blanks string) string { return s + blanks }, Example{`rpad("NYC", 2)`, `"NYC  "`})
)

func padding(name, summary string, f func(s, blanks string) string, examples ...Example) *Scalar {
	return &Scalar{
		Name: name, Section: texts, Summary: summary, Examples: examples,
		Overloads: []Overload{{
			Params: []Param{Text, Int}, Result: value.String,
			Call: func(_ *Context, args []value.Value) (value.Value, error) {
				n := args[1].Int()
				if err := checkCount(n); err != nil {
					return value.Value{}, err
				}
				return value.OfString(f(args[0].Str(), strings.Repeat(" ", int(n)))), nil
			},
		}},
	}
}
