package function

import "sluice/sqlengine/value"

var arrayDistinct = ofArray("array_distinct", "The array without repeated elements; arrays and objects in it are all kept.", value.List, NullIsNull,
	func(l []value.Value) (value.Value, error) {
		seen := newValueSet(nil)
		var kept []value.Value
		for _, v := range l {
			if k := v.Kind(); k == value.List || k == value.Object || seen.add(v) {
				kept = append(kept, v)
			}
		}
		return value.OfList(kept), nil
	}, Example{`array_distinct(array_create(1, 2, 2, 1))`, `[1,2]`})

// ofTwoArrays declares an operation on two arrays as sets.
func ofTwoArrays(name, summary string, rule NullRule, f func(a, b value.Value) value.Value, examples ...Example) *Scalar {
	return &Scalar{
		Name: name, Section: arrays, Summary: summary, Examples: examples,
		Overloads: []Overload{{
			Params: []Param{List, List}, Result: value.List, Null: rule,
			Call: func(_ *Context, args []value.Value) (value.Value, error) { return f(args[0], args[1]), nil },
		}},
	}
}

var (
	arrayExcept = ofTwoArrays("array_except", "The elements of the first array that are not in the second, each once.", NullHandled, except,
		Example{`array_except(array_create(1, 1, 2, 3), array_create(2))`, `[1,3]`}, Example{`array_except(NULL, array_create(1))`, `null`})
	arrayIntersect = ofTwoArrays("array_intersect", "The elements that are in both arrays, each once, in the order of the second.", NullIsNull, intersect,
		Example{`array_intersect(array_create(1, 1, 2, 3), array_create(3, 1, 4))`, `[3,1]`})
	arrayUnion = ofTwoArrays("array_union", "The elements of both arrays, each once; NULL counts as an empty array.", NullHandled, union,
		Example{`array_union(array_create(1, 1, 2), array_create(1, 4))`, `[1,2,4]`}, Example{`array_union(NULL, array_create(1))`, `[1]`})
)

func except(a, b value.Value) value.Value {
	if a.IsNull() {
		return value.Value{}
	}
	seen, kept := newValueSet(elements(b)), []value.Value(nil)
	for _, v := range a.List() {
		if seen.add(v) {
			kept = append(kept, v)
		}
	}
	return value.OfList(kept)
}

func intersect(a, b value.Value) value.Value {
	first, seen, kept := newValueSet(a.List()), newValueSet(nil), []value.Value(nil)
	for _, v := range b.List() {
		if first.has(v) && seen.add(v) {
			kept = append(kept, v)
		}
	}
	return value.OfList(kept)
}

func union(a, b value.Value) value.Value {
	seen, kept := newValueSet(nil), []value.Value(nil)
	for _, l := range [][]value.Value{elements(a), elements(b)} {
		for _, v := range l {
			if seen.add(v) {
				kept = append(kept, v)
			}
		}
	}
	return value.OfList(kept)
}
