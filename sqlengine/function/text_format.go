package function

import (
	"math"
	"strconv"
	"strings"

	"sluice/sqlengine/function/locale"
	"sluice/sqlengine/value"
)

var format = &Scalar{
	Name: "format", Section: texts,
	Summary: "The number with exactly so many decimal places, a literal. With a locale, a literal such as \"de_DE\", it has the groups, signs and digits " +
		"of that language and country by the Unicode CLDR; without one no groups and a point.",
	Overloads: []Overload{{
		Params: []Param{Number, Int, String}, Optional: 1, Literals: []int{1, 2}, Result: value.String, Call: formatNumber, Prepare: prepareFormat,
	}},
	Examples: []Example{
		{`format(12332.2, 2)`, `"12332.20"`}, {`format(9007199254740993, 1)`, `"9007199254740993.0"`}, {`format(2.5, -1)`, `error`},
		{`format(-12332.2, 2, "de_DE")`, `"-12.332,20"`}, {`format(1234567, 0, "en_IN")`, `"12,34,567"`}, {`format(12332.2, 2, "ar_IN")`, `"١٢٬٣٣٢٫٢٠"`},
		{`format(12332.2, 2, "de")`, `error`},
	},
}

// prepareFormat checks the places and finds the locale once.
func prepareFormat(args []Arg) (Bound, error) {
	if places := args[1].Value; places.Kind() == value.Int {
		if err := checkCount(places.Int()); err != nil {
			return Bound{}, &BindError{Arg: 1, Msg: err.Error()}
		}
	}
	if len(args) < 3 || args[2].Value.IsNull() {
		return Bound{}, nil
	}
	numbers, err := locale.Of(args[2].Value.Str())
	if err != nil {
		return Bound{}, &BindError{Arg: 2, Msg: err.Error()}
	}
	return Bound{Call: func(c *Context, args []value.Value) (value.Value, error) {
		v, err := formatNumber(c, args)
		if err != nil {
			return value.Value{}, err
		}
		return value.OfString(numbers.Format(v.Str())), nil
	}}, nil
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
