package function

import (
	"strings"
	"unicode/utf8"

	"sluice/sqlengine/value"
)

var length = &Scalar{
	Name: "length", Section: texts, Summary: "The number of characters of a text, bytes of a BYTEA, elements of an array or keys of an object.",
	Overloads: []Overload{{
		Params: []Param{Any}, Result: value.Int, Null: NullIsZero,
		Call: func(c *Context, args []value.Value) (value.Value, error) {
			switch v := args[0]; v.Kind() {
			case value.List:
				return value.OfInt(int64(len(v.List()))), nil
			case value.Object:
				return value.OfInt(int64(v.Object().Len())), nil
			case value.Bytes:
				return value.OfInt(int64(len(v.Bytes()))), nil
			default:
				s, err := text(c, v)
				return value.OfInt(int64(utf8.RuneCountInString(s))), err
			}
		},
	}},
	Examples: []Example{{`length("中国")`, `2`}, {`length(NULL)`, `0`}, {`length(12.5)`, `4`}, {`length(array_create(1, 2))`, `2`}},
}

var numbytes = &Scalar{
	Name: "numbytes", Section: texts, Summary: "The number of bytes of the text in UTF-8.",
	Overloads: []Overload{{
		Params: []Param{Text}, Result: value.Int, Null: NullIsZero,
		Call: func(_ *Context, args []value.Value) (value.Value, error) {
			return value.OfInt(int64(len(args[0].Str()))), nil
		},
	}},
	Examples: []Example{{`numbytes("中国")`, `6`}, {`numbytes(NULL)`, `0`}},
}

var indexof = &Scalar{
	Name: "indexof", Section: texts, Summary: "The first position of the second text in the first, in bytes from 0; −1 when it is absent or one is NULL.",
	Overloads: []Overload{{
		Params: []Param{Text, Text}, Result: value.Int, Null: NullHandled,
		Call: func(_ *Context, args []value.Value) (value.Value, error) {
			if args[0].IsNull() || args[1].IsNull() {
				return value.OfInt(-1), nil
			}
			return value.OfInt(int64(strings.Index(args[0].Str(), args[1].Str()))), nil
		},
	}},
	Examples: []Example{{`indexof("mya", "a")`, `2`}, {`indexof("mya", "b")`, `-1`}, {`indexof(NULL, "a")`, `-1`}},
}
