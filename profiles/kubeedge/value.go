package kubeedge

import (
	"fmt"
	"math"
	"strconv"

	"go.yaml.in/yaml/v3"
)

// plain makes a value of a node: nil, bool, int64, float64, string, []any or
// map[string]any.
func plain(n *yaml.Node) (any, error) {
	switch n.Kind {
	case yaml.MappingNode:
		m := map[string]any{}
		for i := 0; i+1 < len(n.Content); i += 2 {
			v, err := plain(n.Content[i+1])
			if err != nil {
				return nil, err
			}
			if v != nil { // null says what a missing key says
				m[n.Content[i].Value] = v
			}
		}
		return m, nil
	case yaml.SequenceNode:
		list := []any{}
		for _, c := range n.Content {
			v, err := plain(c)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		return list, nil
	}
	return plainScalar(n)
}

func plainScalar(n *yaml.Node) (any, error) {
	switch n.Tag {
	case "!!null":
		return nil, nil
	case "!!bool":
		var b bool
		if err := n.Decode(&b); err != nil {
			return nil, err
		}
		return b, nil
	case "!!int":
		if i, err := strconv.ParseInt(n.Value, 0, 64); err == nil {
			return i, nil
		}
		return floating(n)
	case "!!float":
		return floating(n)
	}
	return n.Value, nil
}

func floating(n *yaml.Node) (any, error) {
	var f float64
	if err := n.Decode(&f); err != nil {
		return nil, err
	}
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return nil, fmt.Errorf("%s is not a number", n.Value)
	}
	return number(f), nil
}

// number is a whole number as int64 where that is exact.
func number(f float64) any {
	if f == math.Trunc(f) && math.Abs(f) < 1<<53 {
		return int64(f)
	}
	return f
}

// text is a scalar as it would be written.
func text(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case bool:
		return strconv.FormatBool(v)
	case int:
		return strconv.Itoa(v)
	case int64:
		return strconv.FormatInt(v, 10)
	case float64:
		if i, ok := number(v).(int64); ok {
			return strconv.FormatInt(i, 10)
		}
		return strconv.FormatFloat(v, 'g', -1, 64)
	}
	return fmt.Sprint(v)
}

// whole reads an integer, as a number or as text.
func whole(v any) (int64, error) {
	switch v := v.(type) {
	case int:
		return int64(v), nil
	case int64:
		return v, nil
	case float64:
		if i, ok := number(v).(int64); ok {
			return i, nil
		}
	case string:
		if i, err := strconv.ParseInt(v, 10, 64); err == nil {
			return i, nil
		}
	}
	return 0, fmt.Errorf("%q is not a whole number", text(v))
}

// decimal reads a number, also as text.
func decimal(v any) (float64, error) {
	f, err := strconv.ParseFloat(text(v), 64)
	if err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
		return 0, fmt.Errorf("%q is not a number", text(v))
	}
	return f, nil
}

// truth reads true or false, also as text.
func truth(v any) (bool, error) {
	if b, ok := v.(bool); ok {
		return b, nil
	}
	b, err := strconv.ParseBool(text(v))
	if err != nil {
		return false, fmt.Errorf("%q is not true or false", text(v))
	}
	return b, nil
}
