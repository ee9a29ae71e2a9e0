package function

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"sluice/sqlengine/value"
)

var (
	arrayMax = ofArray("array_max", "The greatest element, of the type of the first; elements that are NULL are skipped.", value.Null, NullIsNull,
		func(l []value.Value) (value.Value, error) { return extreme(l, 1) },
		Example{`array_max(array_create(1, 3))`, `3`}, Example{`array_max(array_create(1, 3.2, 4.1, 2))`, `4`}, Example{`array_max(array_create(1, "4"))`, `error`})
	arrayMin = ofArray("array_min", "The least element, of the type of the first; elements that are NULL are skipped.", value.Null, NullIsNull,
		func(l []value.Value) (value.Value, error) { return extreme(l, -1) },
		Example{`array_min(array_create(1.5, 3))`, `1.5`}, Example{`array_min(parse_json("[null]"))`, `null`})
)

// extreme is the element at that end of the order: 1 the greatest, -1 the
// least. A FLOAT is cut when the first element is BIGINT.
func extreme(l []value.Value, end int) (value.Value, error) {
	var best value.Value
	for i, v := range l {
		if v.IsNull() {
			continue
		}
		if best.IsNull() {
			best = v
			continue
		}
		v, err := likeFirst(best.Kind(), v)
		if err != nil {
			return value.Value{}, fmt.Errorf("element %d %w", i, err)
		}
		if order, ok := value.Compare(v, best); ok && order == end {
			best = v
		}
	}
	return best, nil
}

func likeFirst(first value.Kind, v value.Value) (value.Value, error) {
	switch k := v.Kind(); {
	case k == first && k != value.List && k != value.Object:
		return v, nil
	case first == value.Float && k == value.Int:
		return value.OfFloat(float64(v.Int())), nil
	case first == value.Int && k == value.Float:
		return toInt(v)
	}
	return value.Value{}, fmt.Errorf("cannot be compared: %s after %s", v.Kind(), first)
}

var arraySort = ofArray("array_sort", "The array in ascending order: numbers, then text, then the rest, NULL last.", value.List, NullIsNull,
	func(l []value.Value) (value.Value, error) {
		sorted := slices.Clone(l)
		slices.SortStableFunc(sorted, func(a, b value.Value) int {
			if r := rank(a) - rank(b); r != 0 {
				return r
			}
			order, _ := value.Compare(a, b)
			return order
		})
		return value.OfList(sorted), nil
	}, Example{`array_sort(array_create("b", 10, "a", 9.5))`, `[9.5,10,"a","b"]`}, Example{`array_sort(parse_json("[null, 1]"))`, `[1,null]`})

func rank(v value.Value) int {
	switch v.Kind() {
	case value.Int, value.Float:
		return 0
	case value.String:
		return 1
	case value.Null:
		return 1 << 8
	}
	return 1 + int(v.Kind())
}

var arrayShuffle = func() *Scalar {
	f := ofArray("array_shuffle", "The elements in random order.", value.List, NullIsNull,
		func(l []value.Value) (value.Value, error) {
			shuffled := slices.Clone(l)
			rand.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
			return value.OfList(shuffled), nil
		}, Example{`array_sort(array_shuffle(array_create(3, 1, 2)))`, `[1,2,3]`})
	f.Volatile = true
	return f
}()

var arrayRemove = &Scalar{
	Name: "array_remove", Section: arrays, Summary: "The array without the elements that are equal to the value.",
	Overloads: []Overload{{
		Params: []Param{List, Any}, Result: value.List, Null: NullHandled,
		Call: func(_ *Context, args []value.Value) (value.Value, error) {
			if args[0].IsNull() {
				return value.Value{}, nil
			}
			var kept []value.Value
			for _, v := range args[0].List() {
				if !value.Equal(v, args[1]) {
					kept = append(kept, v)
				}
			}
			return value.OfList(kept), nil
		},
	}},
	Examples: []Example{{`array_remove(array_create(1, 2, 1), 1)`, `[2]`}, {`array_remove(array_create(3, 3), 3)`, `[]`}},
}
