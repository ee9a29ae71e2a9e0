package function

import (
	"errors"
	"fmt"

	"sluice/sqlengine/function/jsonpath"
	"sluice/sqlengine/value"
)

const aboutPaths = ` Paths are written $.a.b, $["a.b"], $[0], $.x[*].y, $..y, $[1:3], $[0,2] or $[? @.weight > 1 && !(@.name == "x")].`

var (
	jsonPathQuery = ofJSONPath("json_path_query", value.Null,
		"The value at a path, or the ARRAY of all of them where the path has a wildcard, slice, union, filter or descent; a key that does not exist is an error."+aboutPaths,
		queryPath,
		Example{`json_path_query("{\"a\": [1, {\"b.c\": 2}]}", "$.a[1][\"b.c\"]")`, `2`},
		Example{`json_path_query("[{\"w\": 1}, {\"w\": 3}, 5]", "$[*].w")`, `[1,3]`}, Example{`json_path_query("[{\"w\": 1}, {\"w\": 3}]", "$[? @.w > 1]")`, `[{"w":3}]`},
		Example{`json_path_query(object_construct("a", 1), "$.b")`, `error`}, Example{`json_path_query(NULL, "$.b")`, `error`}, Example{`json_path_query("{}", "$.[")`, `error`})
	jsonPathQueryFirst = ofJSONPath("json_path_query_first", value.Null,
		"The first element of the ARRAY that json_path_query gives, NULL if it is empty; anything else than an ARRAY is an error.",
		queryPathFirst,
		Example{`json_path_query_first("{\"a\": [{\"w\": 1}, {\"w\": 3}]}", "$.a[*].w")`, `1`}, Example{`json_path_query_first("[]", "$[*]")`, `null`},
		Example{`json_path_query_first("{\"a\": 1}", "$.a")`, `error`})
	jsonPathExists = ofJSONPath("json_path_exists", value.Bool,
		"Whether json_path_query gives something: false for NULL, an empty ARRAY and all that is an error there.",
		existsPath,
		Example{`json_path_exists("{\"a\": 1}", "$.a")`, `true`}, Example{`json_path_exists("{\"a\": 1}", "$.b")`, `false`}, Example{`json_path_exists("no json", "$.b")`, `false`})
)

// ofJSONPath declares a function of a document and a path, which is compiled
// once.
func ofJSONPath(name string, result value.Kind, summary string, f func(*jsonpath.Path, value.Value) (value.Value, error), examples ...Example) *Scalar {
	return &Scalar{
		Name: name, Section: conversion, Summary: summary, Examples: examples,
		Overloads: []Overload{{
			Params: []Param{Document, String}, Literals: []int{1}, Result: result, Null: NullHandled,
			Prepare: func(args []Arg) (Bound, error) {
				if args[1].Value.IsNull() {
					return Bound{}, &BindError{Arg: 1, Msg: "the path is NULL"}
				}
				path, err := jsonpath.Compile(args[1].Value.Str())
				if err != nil {
					return Bound{}, &BindError{Arg: 1, Msg: err.Error()}
				}
				return Bound{Call: func(_ *Context, args []value.Value) (value.Value, error) { return f(path, args[0]) }}, nil
			},
		}},
	}
}

var errNoDocument = errors.New("the value to search is NULL")

func queryPath(path *jsonpath.Path, v value.Value) (value.Value, error) {
	switch v.Kind() {
	case value.Null:
		return v, errNoDocument
	case value.String:
		var err error
		if v, err = fromJSONText(v.Str()); err != nil {
			return v, err
		}
	}
	return path.Query(v)
}

func queryPathFirst(path *jsonpath.Path, v value.Value) (value.Value, error) {
	found, err := queryPath(path, v)
	switch {
	case err != nil:
		return found, err
	case found.Kind() != value.List:
		return value.Value{}, fmt.Errorf("the path leads to %s, not to an ARRAY", found.Kind())
	case len(found.List()) == 0:
		return value.Value{}, nil
	}
	return found.List()[0], nil
}

func existsPath(path *jsonpath.Path, v value.Value) (value.Value, error) {
	found, err := queryPath(path, v)
	return value.OfBool(err == nil && !found.IsNull() && !(found.Kind() == value.List && len(found.List()) == 0)), nil
}
