package rule

import (
	"bytes"
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
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var x any
	if d.Decode(&x) != nil {
		return value.Value{}, false
	}
	v, err := value.Of(x)
	return v, err == nil && v.Kind() != value.List && v.Kind() != value.Object
}
