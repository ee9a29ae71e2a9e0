package influx

import (
	"encoding/base64"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"sluice/sqlengine/value"
)

// noValue is what templates print for a missing column.
const noValue = "<no value>"

// tag is a name with its value.
type tag struct{ name, value string }

// appendHead appends measurement and tags: what the lines of a message have in
// common.
func appendHead(dst []byte, measurement string, tags []tag) ([]byte, error) {
	name := writable(measurement)
	if strings.TrimSpace(name) == "" || name == noValue || name[0] == '#' { // that begins a comment
		return dst, fmt.Errorf("the measurement is %q; another name is wanted", measurement)
	}
	dst = appendName(dst, name, ", ")
	for _, t := range tags {
		name, text := writable(t.name), writable(t.value)
		if name == "" || text == "" || text == noValue {
			continue
		}
		dst = appendName(append(dst, ','), name, ",= ")
		dst = appendName(append(dst, '='), text, ",= ")
	}
	return dst, nil
}

// writable is a name as the protocol can write it: it has no way to write line
// breaks, which become blanks, nor a backslash at the end.
func writable(name string) string {
	if strings.ContainsAny(name, "\n\r\x00") {
		name = breaks.Replace(name)
	}
	return strings.TrimRight(name, `\`)
}

var breaks = strings.NewReplacer("\n", " ", "\r", " ", "\x00", "")

// appendName appends a writable name with a backslash in front of the special
// characters.
func appendName(dst []byte, name, special string) []byte {
	for i := range len(name) {
		if strings.IndexByte(special, name[i]) >= 0 {
			dst = append(dst, '\\')
		}
		dst = append(dst, name[i])
	}
	return dst
}

var errNoFields = errors.New("the row has no column that can be a field; a point needs one")

// appendFields appends the fields of a row; only are the columns to take, nil:
// all.
func appendFields(dst []byte, row *value.Fields, only []string) ([]byte, error) {
	start := len(dst)
	var err error
	add := func(name string, v value.Value) {
		if name = writable(name); v.IsNull() || name == "" || err != nil {
			return
		}
		if len(dst) > start {
			dst = append(dst, ',')
		}
		dst = append(appendName(dst, name, ",= "), '=')
		if dst, err = appendValue(dst, v); err != nil {
			err = fmt.Errorf("column %q: %w", name, err)
		}
	}
	if len(only) > 0 {
		for _, name := range only {
			add(name, row.Get(name))
		}
	} else {
		for i, name := range row.Names {
			add(name, row.Values[i])
		}
	}
	if err == nil && len(dst) == start {
		err = errNoFields
	}
	return dst, err
}

func appendValue(dst []byte, v value.Value) ([]byte, error) {
	switch v.Kind() {
	case value.Bool:
		return strconv.AppendBool(dst, v.True()), nil
	case value.Int:
		return append(strconv.AppendInt(dst, v.Int(), 10), 'i'), nil
	case value.Float:
		f := v.Float()
		if math.IsNaN(f) || math.IsInf(f, 0) {
			return dst, fmt.Errorf("%v cannot be stored", f)
		}
		return strconv.AppendFloat(dst, f, 'g', -1, 64), nil
	case value.String:
		return appendText(dst, v.Str()), nil
	case value.Bytes:
		return appendText(dst, base64.StdEncoding.EncodeToString(v.Bytes())), nil
	}
	text, err := v.AppendJSON(nil)
	if err != nil {
		return dst, err
	}
	if v.Kind() == value.Time {
		text = []byte(strings.Trim(string(text), `"`))
	}
	return appendText(dst, string(text)), nil
}

// appendText appends a text as the value of a field.
func appendText(dst []byte, text string) []byte {
	dst = append(dst, '"')
	for i := range len(text) {
		if c := text[i]; c == '"' || c == '\\' {
			dst = append(dst, '\\')
		}
		dst = append(dst, text[i])
	}
	return append(dst, '"')
}

// timeOf is the time of a row, from a column.
func timeOf(v value.Value, unit int64) (ns int64, err error) {
	switch v.Kind() {
	case value.Time:
		return v.Time(), nil
	case value.Int:
		return scaled(float64(v.Int()), v.Int(), unit)
	case value.Float:
		return scaled(v.Float(), int64(v.Float()), unit)
	case value.String:
		if n, err := strconv.ParseInt(v.Str(), 10, 64); err == nil {
			return scaled(float64(n), n, unit)
		}
		if t, err := time.Parse(time.RFC3339Nano, v.Str()); err == nil {
			return t.UnixNano(), nil
		}
		return 0, errors.New("the text is no time; a number or RFC 3339 is wanted")
	case value.Null:
		return 0, errors.New("it is missing in the row")
	}
	return 0, fmt.Errorf("%s is no time", v.Kind())
}

// scaled is n units in nanoseconds; f is n too, to see whether they fit.
func scaled(f float64, n, unit int64) (int64, error) {
	if !(math.Abs(f)*float64(unit) < math.MaxInt64) {
		return 0, fmt.Errorf("%v is no time in the unit of precision", f)
	}
	return n * unit, nil
}
