package modbus

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// The values of attributes and properties come from YAML, JSON and forms: a
// number may be a text and a boolean may be either.

// text is the plain spelling of a value, as a user would type it.
func text(v any) string {
	switch v := v.(type) {
	case string:
		return strings.TrimSpace(v)
	case int:
		return strconv.Itoa(v)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case nil:
		return ""
	}
	return strings.TrimSpace(fmt.Sprint(v))
}

// integer reads a whole number from low to high; in hexadecimal as 0x1f.
func integer(v any, low, high int) (int, error) {
	base := 10
	if strings.HasPrefix(strings.ToLower(text(v)), "0x") {
		base = 0
	}
	n, err := strconv.ParseInt(text(v), base, 64)
	if err != nil {
		f, ferr := strconv.ParseFloat(text(v), 64)
		if ferr != nil || f != math.Trunc(f) {
			return 0, fmt.Errorf("%q is not a whole number", text(v))
		}
		n = int64(max(min(f, math.MaxInt32), math.MinInt32)) // what is beyond is out of every range
	}
	if n < int64(low) || n > int64(high) {
		return 0, fmt.Errorf("%s is not between %d and %d", text(v), low, high)
	}
	return int(n), nil
}

// boolean reads true or false.
func boolean(v any) (bool, error) {
	b, err := strconv.ParseBool(strings.ToLower(text(v)))
	if err != nil {
		return false, fmt.Errorf("%q is neither true nor false", text(v))
	}
	return b, nil
}

// duration reads seconds as a number or numeric text, or a text with a unit.
// The limit tells seconds from milliseconds that somebody took for the unit.
func duration(v any, limit time.Duration) (time.Duration, error) {
	s := text(v)
	d, err := time.ParseDuration(s)
	seconds, notNumber := strconv.ParseFloat(s, 64)
	switch {
	case notNumber == nil && (math.IsNaN(seconds) || math.Abs(seconds) > limit.Seconds()),
		notNumber != nil && err == nil && d.Abs() > limit:
		return 0, fmt.Errorf("%s is too long; a plain number is in seconds, a text such as \"500ms\" has its unit", s)
	case notNumber == nil:
		return time.Duration(seconds * float64(time.Second)), nil
	case err != nil:
		return 0, fmt.Errorf("%q is neither a number of seconds nor a duration such as \"500ms\"", s)
	}
	return d, nil
}
