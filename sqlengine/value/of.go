package value

import (
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"time"
)

// Of makes a Value of what Go programs hold and encoding/json yields: nil,
// bool, numbers, string, []byte, time.Time, json.Number, []any and
// map[string]any, and a Value itself. Whole numbers become BIGINT by their Go
// type, not by their value: what encoding/json yields is FLOAT. The content of
// slices and maps is copied, that of a []byte is kept.
func Of(x any) (Value, error) {
	switch x := x.(type) {
	case nil:
		return Value{}, nil
	case Value:
		return x, nil
	case bool:
		return OfBool(x), nil
	case float64:
		return OfFloat(x), nil
	case string:
		return OfString(x), nil
	case []byte:
		return OfBytes(x), nil
	case time.Time:
		if year := x.UTC().Year(); year < 1678 || year > 2261 {
			return Value{}, fmt.Errorf("%v is out of the range of times", x)
		}
		return OfTime(x.UnixNano()), nil
	case json.Number:
		return ofNumber(x)
	case []any:
		return ofSlice(x)
	case map[string]any:
		return ofMap(x)
	}
	switch v := reflect.ValueOf(x); {
	case v.CanInt():
		return OfInt(v.Int()), nil
	case v.CanUint() && v.Uint() <= math.MaxInt64:
		return OfInt(int64(v.Uint())), nil
	case v.CanFloat():
		return OfFloat(v.Float()), nil
	}
	return Value{}, fmt.Errorf("%v, a %T, is no value of SQL", x, x)
}

func ofNumber(n json.Number) (Value, error) {
	if i, err := n.Int64(); err == nil {
		return OfInt(i), nil
	}
	f, err := n.Float64()
	if err != nil {
		return Value{}, fmt.Errorf("%q is no number that SQL can hold", n)
	}
	return OfFloat(f), nil
}

func ofSlice(list []any) (Value, error) {
	values := make([]Value, len(list))
	for i, x := range list {
		var err error
		if values[i], err = Of(x); err != nil {
			return Value{}, fmt.Errorf("[%d]: %w", i, err)
		}
	}
	return OfList(values), nil
}

func ofMap(fields map[string]any) (Value, error) {
	names, values := make([]string, 0, len(fields)), make([]Value, 0, len(fields))
	for name, x := range fields {
		v, err := Of(x)
		if err != nil {
			return Value{}, fmt.Errorf("%s: %w", name, err)
		}
		names, values = append(names, name), append(values, v)
	}
	return OfObject(FieldsOf(names, values)), nil
}
