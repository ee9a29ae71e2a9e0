package function

import "sluice/sqlengine/value"

var isnull = &Scalar{
	Name: "isnull", Section: conversion, Summary: "Whether the value is NULL or missing; an empty array is neither.",
	Overloads: []Overload{{
		Params: []Param{Any}, Result: value.Bool, Null: NullHandled,
		Call: func(_ *Context, args []value.Value) (value.Value, error) { return value.OfBool(args[0].IsNull()), nil },
	}},
	Examples: []Example{{`isnull(NULL)`, `true`}, {`isnull(0)`, `false`}},
}

var coalesce = &Scalar{
	Name: "coalesce", Section: conversion, Summary: "The first argument that is not NULL.",
	Overloads: []Overload{{
		Params: []Param{Any}, Variadic: true, Null: NullHandled,
		Call: func(_ *Context, args []value.Value) (value.Value, error) {
			for _, v := range args {
				if !v.IsNull() {
					return v, nil
				}
			}
			return value.Value{}, nil
		},
		Prepare: func(args []Arg) (Bound, error) { return Bound{Result: commonKind(args)}, nil },
	}},
	Examples: []Example{{`coalesce(NULL, "a", 2)`, `"a"`}, {`coalesce(NULL, NULL)`, `null`}},
}

// commonKind is the kind of all arguments that are not the literal NULL, or
// Null when they differ or one is not known.
func commonKind(args []Arg) value.Kind {
	common := value.Null
	for _, a := range args {
		switch {
		case a.Literal && a.Kind == value.Null:
		case a.Kind == value.Null, common != value.Null && a.Kind != common:
			return value.Null
		default:
			common = a.Kind
		}
	}
	return common
}
