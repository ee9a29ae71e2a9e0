package function

import (
	"fmt"

	"sluice/sqlengine/value"
)

// ofSearch declares a function of an array and a value, either of which may
// be NULL.
func ofSearch(name, summary string, result value.Kind, f func(l []value.Value, v value.Value) value.Value, examples ...Example) *Scalar {
	return &Scalar{
		Name: name, Section: arrays, Summary: summary, Examples: examples,
		Overloads: []Overload{{
			Params: []Param{List, Any}, Result: result, Null: NullHandled,
			Call: func(_ *Context, args []value.Value) (value.Value, error) {
				return f(elements(args[0]), args[1]), nil
			},
		}},
	}
}

var (
	arrayContains = ofSearch("array_contains", "Whether the value, which may be NULL, is an element of the array.", value.Bool,
		func(l []value.Value, v value.Value) value.Value { return value.OfBool(position(l, v) >= 0) },
		Example{`array_contains(array_create(1, 2), 2.0)`, `true`}, Example{`array_contains(NULL, 1)`, `false`})
	arrayPosition = ofSearch("array_position", "The index of the first element equal to the value, from 0; −1 when there is none.", value.Int,
		func(l []value.Value, v value.Value) value.Value { return value.OfInt(int64(position(l, v))) },
		Example{`array_position(array_create(3, 2, 1), 1)`, `2`}, Example{`array_position(array_create(3), 4)`, `-1`})
	arrayLastPosition = ofSearch("array_last_position", "The index of the last element equal to the value, from 0; −1 when there is none.", value.Int,
		func(l []value.Value, v value.Value) value.Value {
			for i := len(l) - 1; i >= 0; i-- {
				if value.Equal(l[i], v) {
					return value.OfInt(int64(i))
				}
			}
			return value.OfInt(-1)
		}, Example{`array_last_position(array_create(5, 1, 5), 5)`, `2`})
)

var arrayContainsAny = &Scalar{
	Name: "array_contains_any", Section: arrays, Summary: "Whether the arrays have an element in common.",
	Overloads: []Overload{{
		Params: []Param{List, List}, Result: value.Bool, Null: NullIsFalse,
		Call: func(_ *Context, args []value.Value) (value.Value, error) {
			wanted := newValueSet(args[1].List())
			for _, v := range args[0].List() {
				if wanted.has(v) {
					return value.OfBool(true), nil
				}
			}
			return value.OfBool(false), nil
		},
	}},
	Examples: []Example{{`array_contains_any(array_create(1, 2), array_create(2, 3))`, `true`}, {`array_contains_any(array_create(1), NULL)`, `false`}},
}

var elementAt = &Scalar{
	Name: "element_at", Section: arrays,
	Summary: "An element of an array, from 0, or counted from the end when negative, an error when there is none; or the value of a key of an object, NULL when it is missing.",
	Overloads: []Overload{
		{
			Params: []Param{List, Int},
			Call: func(_ *Context, args []value.Value) (value.Value, error) {
				l, i := args[0].List(), args[1].Int()
				if i < 0 {
					i += int64(len(l))
				}
				if i < 0 || i >= int64(len(l)) {
					return value.Value{}, fmt.Errorf("no element %d: there are %d", args[1].Int(), len(l))
				}
				return l[i], nil
			},
		},
		{
			Params: []Param{Object, String},
			Call: func(_ *Context, args []value.Value) (value.Value, error) {
				return args[0].Object().Get(args[1].Str()), nil
			},
		},
	},
	Examples: []Example{
		{`element_at(array_create(1, 2, 3), 1)`, `2`}, {`element_at(array_create(1, 2, 3), -1)`, `3`}, {`element_at(array_create(1), 1)`, `error`},
		{`element_at(object_construct("a", 1), "a")`, `1`}, {`element_at(object_construct("a", 1), "b")`, `null`},
	},
}
