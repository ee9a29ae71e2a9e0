package function

import (
	"errors"
	"fmt"

	"sluice/sqlengine/value"
)

var object = &Scalar{
	Name: "object", Section: objects, Summary: "An object of an array of keys and an array of as many values.",
	Overloads: []Overload{{
		Params: []Param{List, List}, Result: value.Object,
		Call: func(_ *Context, args []value.Value) (value.Value, error) {
			names, err := stringsOf(args[0].List())
			if err != nil {
				return value.Value{}, err
			}
			l := args[1].List()
			if len(l) != len(names) {
				return value.Value{}, fmt.Errorf("%d keys, but %d values", len(names), len(l))
			}
			return value.OfObject(value.FieldsOf(names, append([]value.Value(nil), l...))), nil
		},
	}},
	Examples: []Example{{`object(array_create("b", "a"), array_create(1, 2))`, `{"a":2,"b":1}`}, {`object(array_create("a"), array_create(1, 2))`, `error`}},
}

// stringsOf are the elements of an array of text.
func stringsOf(l []value.Value) ([]string, error) {
	out := make([]string, len(l))
	for i, v := range l {
		if v.Kind() != value.String {
			return nil, fmt.Errorf("element %d must be STRING, not %s", i, v.Kind())
		}
		out[i] = v.Str()
	}
	return out, nil
}

var objectConstruct = &Scalar{
	Name: "object_construct", Section: objects, Summary: "An object of keys and values in turn; a pair whose key is NULL is left out, a value that is NULL is kept.",
	Overloads: []Overload{{
		Params: []Param{String, Any}, Variadic: true, Result: value.Object, Null: NullHandled, Call: construct,
		Prepare: func(args []Arg) (Bound, error) {
			if len(args)%2 != 0 {
				return Bound{}, &BindError{Arg: -1, Msg: "object_construct takes keys and values in turn, but the last key has no value"}
			}
			return Bound{}, checkKeys(args)
		},
	}},
	Examples: []Example{
		{`object_construct("k1", NULL, "k2", "v2")`, `{"k1":null,"k2":"v2"}`}, {`object_construct(NULL, 1, "k", 2)`, `{"k":2}`},
		{`object_construct("a")`, `error`}, {`object_construct("a", 1, 2, 3)`, `error`},
	},
}

func checkKeys(args []Arg) error {
	for i := 0; i < len(args); i += 2 {
		if String.cost(args[i]) == refused {
			return &BindError{Arg: i, Msg: fmt.Sprintf("argument %d of object_construct is a key and must be STRING, not %s", i+1, args[i].Kind)}
		}
	}
	return nil
}

func construct(_ *Context, args []value.Value) (value.Value, error) {
	names, l := make([]string, 0, len(args)/2), make([]value.Value, 0, len(args)/2)
	for i := 0; i+1 < len(args); i += 2 {
		switch args[i].Kind() {
		case value.Null:
		case value.String:
			names, l = append(names, args[i].Str()), append(l, args[i+1])
		default:
			return value.Value{}, fmt.Errorf("argument %d is a key and must be STRING, not %s", i+1, args[i].Kind())
		}
	}
	return value.OfObject(value.FieldsOf(names, l)), nil
}

var objectConcat = &Scalar{
	Name: "object_concat", Section: objects, Summary: "The fields of all objects in one; later ones win, arguments that are NULL are skipped.",
	Overloads: []Overload{{
		Params: []Param{Object, Object}, Variadic: true, Result: value.Object, Null: NullHandled,
		Call: func(_ *Context, args []value.Value) (value.Value, error) {
			var names []string
			var l []value.Value
			for _, v := range args {
				if !v.IsNull() {
					names, l = append(names, v.Object().Names...), append(l, v.Object().Values...)
				}
			}
			return value.OfObject(value.FieldsOf(names, l)), nil
		},
	}},
	Examples: []Example{{`object_concat(object_construct("a", 1, "b", 2), NULL, object_construct("b", 3))`, `{"a":1,"b":3}`}},
}

var zip = &Scalar{
	Name: "zip", Section: objects, Summary: "An object of an array of pairs of key and value; elements that are NULL are skipped.",
	Overloads: []Overload{{
		Params: []Param{List}, Result: value.Object,
		Call: func(_ *Context, args []value.Value) (value.Value, error) {
			var names []string
			var l []value.Value
			for i, e := range args[0].List() {
				if e.IsNull() {
					continue
				}
				if e.Kind() != value.List || len(e.List()) != 2 || e.List()[0].Kind() != value.String {
					return value.Value{}, fmt.Errorf("element %d is no pair of a text and a value", i)
				}
				names, l = append(names, e.List()[0].Str()), append(l, e.List()[1])
			}
			return value.OfObject(value.FieldsOf(names, l)), nil
		},
	}},
	Examples: []Example{{`zip(parse_json("[[\"a\", 1], null]"))`, `{"a":1}`}, {`zip(array_create(1))`, `error`}},
}

var errPair = errors.New(`each element must be an object with the fields "key", a text, and "value" alone`)

var kvpairArrayToObj = &Scalar{
	Name: "kvpair_array_to_obj", Section: objects, Summary: "An object of an array of objects with the fields key and value.",
	Overloads: []Overload{{
		Params: []Param{List}, Result: value.Object,
		Call: func(_ *Context, args []value.Value) (value.Value, error) {
			var names []string
			var l []value.Value
			for _, e := range args[0].List() {
				if e.Kind() != value.Object || e.Object().Len() != 2 {
					return value.Value{}, errPair
				}
				f := e.Object()
				if f.Names[0] != "key" || f.Names[1] != "value" || f.Values[0].Kind() != value.String {
					return value.Value{}, errPair
				}
				names, l = append(names, f.Values[0].Str()), append(l, f.Values[1])
			}
			return value.OfObject(value.FieldsOf(names, l)), nil
		},
	}},
	Examples: []Example{{`kvpair_array_to_obj(obj_to_kvpair_array(object_construct("a", 1)))`, `{"a":1}`}, {`kvpair_array_to_obj(array_create(1))`, `error`}},
}
