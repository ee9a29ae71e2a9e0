package edgex

import (
	"encoding/json"
	"fmt"
	"strconv"
)

// text is a value as a reading carries it: numbers in decimal, floats in the
// shortest form that gives the same float again, arrays as "[1, 2]". The
// elements of text arrays are quoted as in JSON: spaces and commas would tear
// them apart otherwise.
func text(v any) (string, error) {
	switch x := v.(type) {
	case string:
		return x, nil
	case bool, float32, float64, int8, int16, int32, int64, uint8, uint16, uint32, uint64:
		return string(appendScalar(nil, x)), nil
	case []bool:
		return list(x), nil
	case []string:
		return list(x), nil
	case []float32:
		return list(x), nil
	case []float64:
		return list(x), nil
	case []int8:
		return list(x), nil
	case []int16:
		return list(x), nil
	case []int32:
		return list(x), nil
	case []int64:
		return list(x), nil
	case []uint8:
		return list(x), nil
	case []uint16:
		return list(x), nil
	case []uint32:
		return list(x), nil
	case []uint64:
		return list(x), nil
	}
	return "", fmt.Errorf("a value of Go type %T has no text form", v)
}

func list[E any](elements []E) string {
	out := []byte{'['}
	for i, e := range elements {
		if i > 0 {
			out = append(out, ", "...)
		}
		out = appendScalar(out, e)
	}
	return string(append(out, ']'))
}

func appendScalar(out []byte, v any) []byte {
	switch x := v.(type) {
	case bool:
		return strconv.AppendBool(out, x)
	case string:
		quoted, _ := json.Marshal(x) // a string cannot fail
		return append(out, quoted...)
	case float32:
		return strconv.AppendFloat(out, float64(x), 'g', -1, 32)
	case float64:
		return strconv.AppendFloat(out, x, 'g', -1, 64)
	case int8:
		return strconv.AppendInt(out, int64(x), 10)
	case int16:
		return strconv.AppendInt(out, int64(x), 10)
	case int32:
		return strconv.AppendInt(out, int64(x), 10)
	case int64:
		return strconv.AppendInt(out, x, 10)
	case uint8:
		return strconv.AppendUint(out, uint64(x), 10)
	case uint16:
		return strconv.AppendUint(out, uint64(x), 10)
	case uint32:
		return strconv.AppendUint(out, uint64(x), 10)
	case uint64:
		return strconv.AppendUint(out, x, 10)
	}
	return fmt.Append(out, v)
}
