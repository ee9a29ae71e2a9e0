package rule

import (
	"encoding/json"

	"sluice/sqlengine/value"
)

// readParams reads the values that $name stands for in the query.
func readParams(o *object) map[string]value.Value {
	if len(o.keys) == 0 {
		return nil
	}
	params := make(map[string]value.Value, len(o.keys))
	for _, m := range o.keys {
		o.known = append(o.known, m.name)
		v, ok := paramOf(m.raw)
		if !ok {
			o.note.fail("%s%s must be a number, a text, true, false or null, not %s", o.path, m.name, kindOf(m.raw))
			continue
		}
		params[m.name] = v
	}
	return params
}

// paramOf is a scalar of JSON as a value: a number without a fraction is a
// BIGINT.
func paramOf(raw json.RawMessage) (value.Value, bool) {
	var x any
	if err := json.Unmarshal(raw, &x); err != nil {
		return value.Value{}, false
	}
	switch x := x.(type) {
	case nil:
		return value.Value{}, true
	case bool:
		return value.OfBool(x), true
	case string:
		return value.OfString(x), true
	case float64:
		var whole int64
		if json.Unmarshal(raw, &whole) == nil {
			return value.OfInt(whole), true
		}
		return value.OfFloat(x), true
	}
	return value.Value{}, false
}
