package main

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// kind is the type of an entry.
type kind int

const (
	text kind = iota
	boolean
	integer
	number
	duration
)

// setter takes the text of a setting.
type setter interface{ set(text string) error }

// assign reads a text into a setting.
func assign(field any, text string) (err error) {
	switch f := field.(type) {
	case *string:
		*f = text
	case *bool:
		*f, err = readBool(text)
	case *int:
		*f, err = readInt(text)
	case *int64:
		*f, err = readBytes(text)
	case *time.Duration:
		*f, err = readDuration(text)
	case **time.Location:
		*f, err = readZone(text)
	case setter:
		err = f.set(text)
	default:
		panic(fmt.Sprintf("setting of type %T", field))
	}
	return err
}

func readBool(text string) (bool, error) {
	b, err := strconv.ParseBool(text)
	if err != nil {
		return false, fmt.Errorf("%q must be true or false", text)
	}
	return b, nil
}

func readInt(text string) (int, error) {
	n, err := strconv.ParseInt(strings.TrimSpace(text), 10, 32)
	if err != nil {
		return 0, fmt.Errorf("%q must be a whole number", text)
	}
	return int(n), nil
}

func readNumber(text string) (float64, error) {
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
		return 0, fmt.Errorf("%q must be a number", text)
	}
	return f, nil
}

// units are what may stand behind a number of bytes.
var units = []struct {
	name string
	size int64
}{{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"TiB", 1 << 40}}

func readBytes(text string) (int64, error) {
	digits, size := strings.TrimSpace(text), int64(1)
	for _, u := range units {
		if before, ok := strings.CutSuffix(digits, u.name); ok {
			digits, size = strings.TrimSpace(before), u.size
		}
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || n < 0 || n > math.MaxInt64/size {
		return 0, fmt.Errorf(`%q must be bytes, such as 1048576 or "64MiB"`, text)
	}
	return n * size, nil
}

// readDuration takes milliseconds too, as eKuiper does.
func readDuration(text string) (time.Duration, error) {
	if ms, err := strconv.ParseInt(text, 10, 64); err == nil && ms >= 0 && ms <= math.MaxInt64/int64(time.Millisecond) {
		return time.Duration(ms) * time.Millisecond, nil
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 {
		return 0, fmt.Errorf(`%q must be a time such as "10s", or milliseconds`, text)
	}
	return d, nil
}

func readZone(text string) (*time.Location, error) {
	if strings.EqualFold(text, "local") {
		return time.Local, nil
	}
	zone, err := time.LoadLocation(text)
	if err != nil {
		return nil, fmt.Errorf("%q is no time zone of this machine; write Local, UTC or a name such as Europe/Berlin", text)
	}
	return zone, nil
}

// entry is a value below a path in a map, as JSON would have it.
type entry struct {
	in   map[string]any
	path string
	kind kind
}

func (e entry) set(text string) error {
	v, err := e.read(text)
	if err != nil {
		return err
	}
	at := e.in
	levels := strings.Split(e.path, ".")
	for _, name := range levels[:len(levels)-1] {
		below, ok := at[lowerFirst(name)].(map[string]any)
		if !ok {
			below = map[string]any{}
			at[lowerFirst(name)] = below
		}
		at = below
	}
	at[lowerFirst(levels[len(levels)-1])] = v
	return nil
}

func (e entry) read(text string) (any, error) {
	switch e.kind {
	case boolean:
		return readBool(text)
	case integer:
		return readInt(text)
	case number:
		return readNumber(text)
	case duration:
		d, err := readDuration(text)
		return d.String(), err
	}
	return text, nil
}

func lowerFirst(s string) string { return strings.ToLower(s[:1]) + s[1:] }

// debugSwitch asks for the level debug, or not for it.
type debugSwitch struct{ s *settings }

func (d debugSwitch) set(text string) error {
	on, err := readBool(text)
	if on {
		d.s.LogLevel = "debug"
	}
	return err
}

// shown is the value, or "" when it is not set.
func (e entry) shown() string {
	var v any = e.in
	for name := range strings.SplitSeq(e.path, ".") {
		m, ok := v.(map[string]any)
		if !ok {
			return ""
		}
		v = m[lowerFirst(name)]
	}
	if v == nil {
		return ""
	}
	return fmt.Sprint(v)
}

// shownBytes is the number with the largest unit that divides it.
func shownBytes(n int64) string {
	for i := len(units) - 1; i >= 0; i-- {
		if u := units[i]; n >= u.size && n%u.size == 0 {
			return strconv.FormatInt(n/u.size, 10) + u.name
		}
	}
	return strconv.FormatInt(n, 10)
}
