package function

import (
	"strconv"
	"time"

	"sluice/sqlengine/value"
)

// text is the printed form of a value: floats as in JSON, BYTEA as its own
// bytes, arrays and objects as JSON. NULL prints as "".
func text(c *Context, v value.Value) (string, error) {
	switch v.Kind() {
	case value.Null:
		return "", nil
	case value.String:
		return v.Str(), nil
	case value.Bytes:
		return string(v.Bytes()), nil
	case value.Bool:
		return strconv.FormatBool(v.True()), nil
	case value.Int:
		return strconv.FormatInt(v.Int(), 10), nil
	case value.Time:
		return at(c, v).Format(time.RFC3339Nano), nil
	}
	b, err := v.AppendJSON(nil)
	return string(b), err
}
