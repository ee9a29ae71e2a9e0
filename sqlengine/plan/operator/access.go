package operator

import (
	"fmt"

	"sluice/sqlengine/value"
)

// Field is x->name: NULL where x is no object or has no such field.
func Field(x value.Value, name string) value.Value {
	if x.Kind() != value.Object {
		return value.Value{}
	}
	return x.Object().Get(name)
}

// Index is x[i]; a negative i counts from the end.
func Index(x, i value.Value) (value.Value, error) {
	list, ok, err := elements(x)
	if !ok {
		return value.Value{}, err
	}
	at, err := position(i, len(list))
	if err != nil {
		return value.Value{}, err
	}
	if at < 0 || at >= len(list) {
		return value.Value{}, fmt.Errorf("index %s is out of the range of an array of %d", written(i), len(list))
	}
	return list[at], nil
}

// Slice is x[low:high]; a bound that is Missing was not written.
func Slice(x, low, high value.Value) (value.Value, error) {
	list, ok, err := elements(x)
	if !ok {
		return value.Value{}, err
	}
	from, to := 0, len(list)
	if !low.IsMissing() {
		if from, err = position(low, len(list)); err != nil {
			return value.Value{}, err
		}
	}
	if !high.IsMissing() {
		if to, err = position(high, len(list)); err != nil {
			return value.Value{}, err
		}
	}
	// Nothing is left where the end counts from the end, as in x[0:-1] of one
	// element: that is no mistake of the query.
	empty := low.IsMissing() && high.IsMissing() || from == to && negative(high)
	if from < 0 || to > len(list) || from >= to && !empty {
		return value.Value{}, fmt.Errorf("slice [%s:%s] is out of the range of an array of %d", written(low), written(high), len(list))
	}
	return value.OfList(list[from:to:to]), nil
}

func negative(i value.Value) bool {
	f, ok := i.Number()
	return ok && f < 0
}

// written is an index as the query or the row has it.
func written(i value.Value) string {
	if i.IsMissing() {
		return ""
	}
	text, _ := i.AppendJSON(nil) // position has checked that it is whole
	return string(text)
}

func elements(x value.Value) ([]value.Value, bool, error) {
	switch x.Kind() {
	case value.List:
		return x.List(), true, nil
	case value.Null:
		return nil, false, nil
	}
	return nil, false, fmt.Errorf("only an ARRAY has elements, not %s", x.Kind())
}

// position is the index that i means in a list of n.
func position(i value.Value, n int) (int, error) {
	if i.Kind() != value.Int {
		if f, ok := i.Number(); ok && f == float64(int64(f)) {
			i = value.OfInt(int64(f))
		} else {
			return 0, fmt.Errorf("an index must be BIGINT, not %s", i.Kind())
		}
	}
	at := i.Int()
	if at < 0 {
		at += int64(n)
	}
	if at < -1 || at > int64(n) {
		return -1, nil
	}
	return int(at), nil
}
