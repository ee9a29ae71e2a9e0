package function

import (
	"fmt"
	"math"
	"time"

	"sluice/sqlengine/value"
)

// timeLayouts are the forms of a time as text that are understood, the usual
// ones first. Those without a zone are read in that of the Context. A
// fraction of the second is understood behind every one.
var timeLayouts = []string{
	time.RFC3339, "2006-01-02 15:04:05", "2006-01-02T15:04:05", "2006-01-02",
	"2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05 -0700 MST", "2006-01-02 15:04:05 -0700",
	"2006-01-02T15:04:05-0700", "2006-01-02T15:04Z07:00", "2006-01-02 15:04", "2006-01-02T15:04",
	"20060102150405", "20060102T150405", "20060102T150405Z0700", "20060102", "2006/01/02 15:04:05", "2006/01/02",
	time.RFC1123Z, time.RFC1123, time.RFC850, time.RFC822Z, time.RFC822, time.ANSIC, time.UnixDate, time.RubyDate,
}

// location is the zone in which times are read and shown.
func (c *Context) location() *time.Location {
	if c.Location == nil {
		return time.UTC
	}
	return c.Location
}

// TimeOf reads a DATETIME, milliseconds or text as nanoseconds since 1970, as
// functions of times and comparisons with a DATETIME do. The errors continue a
// sentence: "argument 1 of f" or the like stands before them.
func TimeOf(c *Context, v value.Value) (int64, error) {
	const most = math.MaxInt64 / int64(time.Millisecond)
	switch v.Kind() {
	case value.Time:
		return v.Time(), nil
	case value.Int:
		if v.Int() > most || v.Int() < -most {
			return 0, fmt.Errorf("is out of the range of times: %d ms", v.Int())
		}
		return v.Int() * int64(time.Millisecond), nil
	case value.Float:
		// Nanoseconds since 1970 have more digits than a FLOAT.
		ms, fraction := math.Modf(v.Float())
		if !(math.Abs(ms) < float64(most)) {
			return 0, fmt.Errorf("is out of the range of times: %v ms", v.Float())
		}
		return int64(ms)*int64(time.Millisecond) + int64(fraction*float64(time.Millisecond)), nil
	case value.String:
		t, err := parseTime(v.Str(), c.location())
		if err != nil {
			return 0, err
		}
		return t.UnixNano(), nil
	}
	return 0, fmt.Errorf("must be %s, not %s", Time, v.Kind())
}

func parseTime(s string, zone *time.Location) (time.Time, error) {
	for _, layout := range timeLayouts {
		if t, err := time.ParseInLocation(layout, s, zone); err == nil {
			if !inRange(t) {
				return t, fmt.Errorf("is out of the range of times: %q", s)
			}
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("is no time: %q (write it as 2006-01-02 15:04:05 or in RFC 3339)", s)
}

// inRange tells whether nanoseconds since 1970 can hold a time.
func inRange(t time.Time) bool { return t.Year() >= 1678 && t.Year() <= 2261 }

// at is the moment of a DATETIME in the zone in which it is shown: its own, or
// that of the Context.
func at(c *Context, v value.Value) time.Time {
	zone := v.Zone()
	if zone == nil {
		zone = c.location()
	}
	return time.Unix(0, v.Time()).In(zone)
}
