package opcua

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/gopcua/opcua/ua"
)

// matrix makes an array of several dimensions of lists of lists.
func matrix(v any, node ua.TypeID) (any, error) {
	flat, sizes, err := flattened(v)
	if err != nil {
		return nil, err
	}
	all, err := encodeAny(flat, node)
	if err != nil {
		return nil, err
	}
	return nested(reflect.ValueOf(all), sizes).Interface(), nil
}

// isMatrix tells lists of lists from lists. Bytes are one value.
func isMatrix(list reflect.Value) bool {
	return list.Len() > 0 && isList(list.Index(0).Interface())
}

func isList(v any) bool {
	_, bytes := v.([]byte)
	return !bytes && v != nil && reflect.TypeOf(v).Kind() == reflect.Slice
}

// flattened takes lists of lists apart; the last dimension changes fastest.
func flattened(v any) (flat []any, sizes []int, err error) {
	if !isList(v) {
		return []any{v}, nil, nil
	}
	list := reflect.ValueOf(v)
	var inner []int
	for i := range list.Len() {
		part, deeper, err := flattened(list.Index(i).Interface())
		switch {
		case err != nil:
			return nil, nil, err
		case len(deeper) >= deepest:
			return nil, nil, errDeep
		case i > 0 && !slices.Equal(inner, deeper):
			return nil, nil, fmt.Errorf("element %d: it is not as long as those before it", i)
		}
		flat, inner = append(flat, part...), deeper
	}
	if len(flat) == 0 {
		return nil, nil, errors.New("a list in a list is empty")
	}
	return flat, append([]int{list.Len()}, inner...), nil
}

// nested is the reverse, in the type of the elements.
func nested(flat reflect.Value, sizes []int) reflect.Value {
	if len(sizes) < 2 {
		return flat
	}
	size := flat.Len() / sizes[0]
	var rows reflect.Value
	for i := range sizes[0] {
		row := nested(flat.Slice(i*size, (i+1)*size), sizes[1:])
		if i == 0 {
			rows = reflect.MakeSlice(reflect.SliceOf(row.Type()), 0, sizes[0])
		}
		rows = reflect.Append(rows, row)
	}
	return rows
}

// listed takes a list that came as text, as values of Object may. The text of a
// node that holds texts is what it is.
func listed(v any, node ua.TypeID) any {
	text, ok := v.(string)
	if !ok || node > ua.TypeIDDouble || !strings.HasPrefix(strings.TrimSpace(text), "[") {
		return v
	}
	var list []any
	if json.Unmarshal([]byte(text), &list) != nil {
		return v
	}
	return list
}
