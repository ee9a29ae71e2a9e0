package function

import (
	"slices"

	"sluice/sqlengine/value"
)

var erase = &Scalar{
	Name: "erase", Section: objects, Summary: "The object without a key, or without the keys in an array.",
	Overloads: []Overload{
		{
			Params: []Param{Object, String}, Result: value.Object,
			Call: func(_ *Context, args []value.Value) (value.Value, error) {
				return without(args[0].Object(), []string{args[1].Str()}), nil
			},
		},
		{
			Params: []Param{Object, List}, Result: value.Object,
			Call: func(_ *Context, args []value.Value) (value.Value, error) {
				names, err := stringsOf(args[1].List())
				return without(args[0].Object(), names), err
			},
		},
	},
	Examples: []Example{
		{`erase(object_construct("a", 1, "b", 2), "a")`, `{"b":2}`}, {`erase(object_construct("a", 1, "b", 2), array_create("a", "b"))`, `{}`},
	},
}

func without(o *value.Fields, names []string) value.Value {
	kept := new(value.Fields)
	for i, name := range o.Names {
		if !slices.Contains(names, name) {
			kept.Names, kept.Values = append(kept.Names, name), append(kept.Values, o.Values[i])
		}
	}
	return value.OfObject(kept)
}
