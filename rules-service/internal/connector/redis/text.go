package redis

import (
	"strconv"
	"time"

	"sluice/sqlengine/value"
)

// text is a value as Redis keeps it: texts and numbers as they are, all else as
// JSON.
func text(v value.Value) (string, error) {
	switch v.Kind() {
	case value.String:
		return v.Str(), nil
	case value.Bytes:
		return string(v.Bytes()), nil
	case value.Int:
		return strconv.FormatInt(v.Int(), 10), nil
	case value.Float:
		return strconv.FormatFloat(v.Float(), 'f', -1, 64), nil
	case value.Time:
		return time.Unix(0, v.Time()).UTC().Format(time.RFC3339Nano), nil
	}
	b, err := v.AppendJSON(nil)
	return string(b), err
}
