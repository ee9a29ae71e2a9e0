package function

import (
	"math"
	"strconv"
	"strings"

	"sluice/sqlengine/value"
)

var format = &Scalar{
	Name: "format", Section: texts, Summary: "The number with exactly so many decimal places, a literal, without grouping.",
	Overloads: []Overload{{
		Params: []Param{Number, Int}, Literals: []int{1}, Result: value.String, Call: formatNumber,
	}},
	Examples: []Example{{`format(12332.2, 2)`, `"12332.20"`}, {`format(9007199254740993, 1)`, `"9007199254740993.0"`}, {`format(2.5, -1)`, `error`}},
}

func formatNumber(_ *Context, args []value.Value) (value.Value, error) {
	places := args[1].Int()
	if err := checkCount(places); err != nil {
		return value.Value{}, err
	}
	if args[0].Kind() == value.Float {
		f := args[0].Float()
		if math.IsInf(f, 0) || math.IsNaN(f) {
			return value.Value{}, errRange
		}
		return value.OfString(strconv.FormatFloat(f, 'f', int(places), 64)), nil
	}
	s := strconv.FormatInt(args[0].Int(), 10)
	if places > 0 {
		s += "." + strings.Repeat("0", int(places))
	}
	return value.OfString(s), nil
}
