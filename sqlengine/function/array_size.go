package function

import "sluice/sqlengine/value"

var arrayCardinality = ofArray("array_cardinality", "The number of elements that are not NULL.", value.Int, NullIsZero,
	func(l []value.Value) (value.Value, error) {
		n := int64(0)
		for _, v := range l {
			if !v.IsNull() {
				n++
			}
		}
		return value.OfInt(n), nil
	}, Example{`array_cardinality(parse_json("[1, null]"))`, `1`}, Example{`array_cardinality(NULL)`, `0`})

var cardinality = &Scalar{
	Name: "cardinality", Section: arrays, Summary: "The number of elements of an array, NULLs included; 0 for anything else.",
	Overloads: []Overload{{
		Params: []Param{Any}, Result: value.Int, Null: NullIsZero,
		Call: func(_ *Context, args []value.Value) (value.Value, error) {
			if args[0].Kind() != value.List {
				return value.OfInt(0), nil
			}
			return value.OfInt(int64(len(args[0].List()))), nil
		},
	}},
	Examples: []Example{{`cardinality(parse_json("[1, null]"))`, `2`}, {`cardinality("ab")`, `0`}},
}
