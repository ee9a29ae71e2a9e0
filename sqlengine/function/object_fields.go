package function

import "sluice/sqlengine/value"

// ofObject declares a function of one object.
func ofObject(name, summary string, result value.Kind, rule NullRule, f func(*value.Fields) value.Value, examples ...Example) *Scalar {
	return &Scalar{
		Name: name, Section: objects, Summary: summary, Examples: examples,
		Overloads: []Overload{{
			Params: []Param{Object}, Result: result, Null: rule,
			Call: func(_ *Context, args []value.Value) (value.Value, error) { return f(args[0].Object()), nil },
		}},
	}
}

func stringList(l []string) value.Value {
	out := make([]value.Value, len(l))
	for i, s := range l {
		out[i] = value.OfString(s)
	}
	return value.OfList(out)
}

// each makes an array of one value for each field.
func each(o *value.Fields, f func(key, v value.Value) value.Value) value.Value {
	l := make([]value.Value, o.Len())
	for i, name := range o.Names {
		l[i] = f(value.OfString(name), o.Values[i])
	}
	return value.OfList(l)
}

var (
	keys = ofObject("keys", "The keys of the object, sorted.", value.List, NullIsNull,
		func(o *value.Fields) value.Value { return stringList(o.Names) },
		Example{`keys(object_construct("b", 1, "a", 2))`, `["a","b"]`})
	values = ofObject("values", "The values of the object in the order of its sorted keys.", value.List, NullIsNull,
		func(o *value.Fields) value.Value { return value.OfList(o.Values) },
		Example{`values(object_construct("b", 1, "a", 2))`, `[2,1]`})
	items = ofObject("items", "An array of pairs of key and value, sorted by key.", value.List, NullIsNull,
		func(o *value.Fields) value.Value {
			return each(o, func(key, v value.Value) value.Value { return value.OfList([]value.Value{key, v}) })
		}, Example{`items(object_construct("a", 1))`, `[["a",1]]`})
	objToKvpairArray = ofObject("obj_to_kvpair_array", "An array of an object with the fields key and value for each field, sorted by key.", value.List, NullIsNull,
		func(o *value.Fields) value.Value {
			return each(o, func(key, v value.Value) value.Value {
				return value.OfObject(&value.Fields{Names: []string{"key", "value"}, Values: []value.Value{key, v}})
			})
		}, Example{`obj_to_kvpair_array(object_construct("a", 1))`, `[{"key":"a","value":1}]`})
	objectSize = ofObject("object_size", "The number of keys of the object.", value.Int, NullIsZero,
		func(o *value.Fields) value.Value { return value.OfInt(int64(o.Len())) },
		Example{`object_size(object_construct("a", 1))`, `1`}, Example{`object_size(NULL)`, `0`})
)
