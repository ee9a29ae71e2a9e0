package rule

import (
	"bytes"
	"encoding/json"

	"sluice/sqlengine/value"
)

// readParams reads the values that $name stands for in the query, and the
// queries that those are bound to which get their values from a stream.
func readParams(o *object) (values map[string]value.Value, from map[string]string) {
	if len(o.keys) == 0 {
		return nil, nil
	}
	values = make(map[string]value.Value, len(o.keys))
	for _, m := range o.keys {
		o.known = append(o.known, m.name)
		if bytes.HasPrefix(bytes.TrimSpace(m.raw), []byte("{")) {
			var sql string
			values[m.name], sql = readBound(newObject(o.path+m.name+".", m.raw, o.note))
			if from == nil {
				from = map[string]string{}
			}
			from[m.name] = sql
			continue
		}
		v, ok := paramOf(m.raw)
		if !ok {
			o.note.fail("%s%s must be a number, a text, true, false or null, not %s", o.path, m.name, kindOf(m.raw))
			continue
		}
		values[m.name] = v
	}
	return values, from
}

// readBound reads a parameter that is bound to a query.
func readBound(o *object) (first value.Value, sql string) {
	if raw, ok := o.take("value"); ok {
		if first, ok = paramOf(raw); !ok {
			o.wrong("value", "a number, a text, true, false or null", raw)
		}
	}
	if sql = o.text("from"); sql == "" {
		o.note.fail("%sfrom is missing; give the query whose rows set the parameter, or the value alone", o.path)
	}
	o.warnUnknown()
	return first, sql
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
