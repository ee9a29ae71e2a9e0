package function

import (
	"strings"

	"sluice/sqlengine/value"
)

var objectPick = &Scalar{
	Name: "object_pick", Section: objects,
	Summary: "The object with these keys alone, given one by one or in an array; a.b.c picks a nested field with its path. Unknown keys are ignored.",
	Overloads: []Overload{
		{
			Params: []Param{Object, List}, Result: value.Object, Null: NullHandled,
			Call: func(_ *Context, args []value.Value) (value.Value, error) {
				return pick(args[0], elements(args[1])), nil
			},
		},
		{
			Params: []Param{Object, Any}, Variadic: true, Result: value.Object, Null: NullHandled,
			Call: func(_ *Context, args []value.Value) (value.Value, error) { return pick(args[0], args[1:]), nil },
		},
	},
	Examples: []Example{
		{`object_pick(object_construct("a", 1, "b", 2), "b", "c")`, `{"b":2}`},
		{`object_pick(parse_json("{\"a\":{\"b\":1,\"c\":2,\"d\":3}}"), "a.b", "a.c")`, `{"a":{"b":1,"c":2}}`},
	},
}

func pick(o value.Value, paths []value.Value) value.Value {
	if o.IsNull() {
		return o
	}
	picked := value.OfObject(nil)
	for _, p := range paths {
		if p.Kind() != value.String {
			continue
		}
		if branch, ok := pickPath(o, p.Str()); ok {
			picked = merged(picked, branch)
		}
	}
	return picked
}

// pickPath returns the object that has nothing but the field at the path.
func pickPath(o value.Value, path string) (value.Value, bool) {
	if o.Kind() != value.Object {
		return value.Value{}, false
	}
	name, rest, nested := strings.Cut(path, ".")
	v := o.Object().Get(name)
	if v.IsMissing() {
		return value.Value{}, false
	}
	if nested {
		var ok bool
		if v, ok = pickPath(v, rest); !ok {
			return value.Value{}, false
		}
	}
	return value.OfObject(&value.Fields{Names: []string{name}, Values: []value.Value{v}}), true
}

// merged joins two objects; where both have an object under a key, so deep.
func merged(a, b value.Value) value.Value {
	f, g := a.Object(), b.Object()
	names := append(append([]string(nil), f.Names...), g.Names...)
	l := append(append([]value.Value(nil), f.Values...), g.Values...)
	for i, name := range g.Names {
		if old := f.Get(name); old.Kind() == value.Object && g.Values[i].Kind() == value.Object {
			l[f.Len()+i] = merged(old, g.Values[i])
		}
	}
	return value.OfObject(value.FieldsOf(names, l))
}
