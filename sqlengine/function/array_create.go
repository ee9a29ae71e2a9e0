package function

import "sluice/sqlengine/value"

var arrayCreate = &Scalar{
	Name: "array_create", Section: arrays, Summary: "An array of the arguments; those that are NULL are left out, and NULL is the result when none is left.",
	Overloads: []Overload{
		{Result: value.List, Null: NullHandled, Call: arrayOf},
		{Params: []Param{Any}, Variadic: true, Result: value.List, Null: NullHandled, Call: arrayOf},
	},
	Examples: []Example{{`array_create(1, "2", NULL, 3)`, `[1,"2",3]`}, {`array_create(NULL)`, `null`}, {`array_create()`, `null`}},
}

func arrayOf(_ *Context, args []value.Value) (value.Value, error) {
	l := make([]value.Value, 0, len(args))
	for _, v := range args {
		if !v.IsNull() {
			l = append(l, v)
		}
	}
	if len(l) == 0 {
		return value.Value{}, nil
	}
	return value.OfList(l), nil
}

var arrayConcat = &Scalar{
	Name: "array_concat", Section: arrays, Summary: "The elements of all arrays in one; arguments that are NULL are skipped.",
	Overloads: []Overload{{
		Params: []Param{List}, Variadic: true, Result: value.List, Null: NullHandled,
		Call: func(_ *Context, args []value.Value) (value.Value, error) {
			var l []value.Value
			for _, v := range args {
				l = append(l, elements(v)...)
			}
			return value.OfList(l), nil
		},
	}},
	Examples: []Example{{`array_concat(array_create(1), NULL, array_create("2"))`, `[1,"2"]`}, {`array_concat(1)`, `error`}},
}

var arrayFlatten = ofArray("array_flatten", "The array with the elements of its arrays in their place, one level deep.", value.List, NullIsNull,
	func(l []value.Value) (value.Value, error) {
		flat := make([]value.Value, 0, len(l))
		for _, v := range l {
			if v.Kind() == value.List {
				flat = append(flat, v.List()...)
				continue
			}
			flat = append(flat, v)
		}
		return value.OfList(flat), nil
	}, Example{`array_flatten(array_create(array_create(1, 2), 3))`, `[1,2,3]`})
