package function

import (
	"encoding/json"
	"fmt"
	"slices"

	"sluice/sqlengine/value"
)

var toJSON = &Scalar{
	Name: "to_json", Section: conversion, Summary: "The value as JSON.",
	Overloads: []Overload{{
		Params: []Param{Any}, Result: value.String,
		Call: func(_ *Context, args []value.Value) (value.Value, error) {
			b, err := args[0].AppendJSON(nil)
			return value.OfString(string(b)), err
		},
	}},
	Examples: []Example{{`to_json("foo")`, `"\"foo\""`}, {`to_json(array_create(1, "a"))`, `"[1,\"a\"]"`}, {`to_json(NULL)`, `null`}},
}

var parseJSON = &Scalar{
	Name: "parse_json", Section: conversion, Summary: "The value that JSON text stands for; numbers are FLOAT.",
	Overloads: []Overload{{
		Params: []Param{String},
		Call: func(_ *Context, args []value.Value) (value.Value, error) {
			return fromJSONText(args[0].Str())
		},
	}},
	Examples: []Example{{`parse_json("{\"a\": [1, null]}")`, `{"a":[1,null]}`}, {`parse_json("null")`, `null`}, {`parse_json("key1")`, `error`}},
}

// fromJSONText reads JSON text; its numbers are FLOAT.
func fromJSONText(s string) (value.Value, error) {
	var v any
	if err := json.Unmarshal([]byte(s), &v); err != nil {
		return value.Value{}, fmt.Errorf("no JSON: %w", err)
	}
	return fromJSON(v), nil
}

// fromJSON takes over what encoding/json decodes into an any.
func fromJSON(v any) value.Value {
	switch v := v.(type) {
	case bool:
		return value.OfBool(v)
	case float64:
		return value.OfFloat(v)
	case string:
		return value.OfString(v)
	case []any:
		l := make([]value.Value, len(v))
		for i, e := range v {
			l[i] = fromJSON(e)
		}
		return value.OfList(l)
	case map[string]any:
		names := make([]string, 0, len(v))
		for name := range v {
			names = append(names, name)
		}
		slices.Sort(names)
		l := make([]value.Value, len(v))
		for i, name := range names {
			l[i] = fromJSON(v[name])
		}
		return value.OfObject(&value.Fields{Names: names, Values: l})
	}
	return value.Value{}
}
