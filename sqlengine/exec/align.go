package exec

import (
	"time"

	"sluice/sqlengine/plan"
)

// firstEnd is the next multiple of the size, counted from the start of the
// unit's parent: the second of the minute, the minute of the hour; days end at
// midnight.
func firstEnd(spec plan.Length, t time.Time) time.Time {
	year, month, day := t.Date()
	hour, minute, second := t.Clock()
	size := int(spec.Size)
	next := func(passed int) int { return (passed/size + 1) * size }
	fraction := time.Duration(t.Nanosecond())
	switch spec.Unit {
	case "MS":
		return t.Add(time.Duration(next(int(fraction/time.Millisecond)))*time.Millisecond - fraction)
	case "SS":
		return t.Add(time.Duration(next(second)-second)*time.Second - fraction)
	case "MI":
		return t.Add(time.Duration(next(minute)-minute)*time.Minute - time.Duration(second)*time.Second - fraction)
	case "HH":
		return wallClock(year, month, day, next(hour), t.Location())
	}
	return wallClock(year, month, day+size, 0, t.Location())
}

// wallClock is when the clocks of a zone show an hour. Where they skip it, it
// is the moment when they do: time.Date may give one before or after that.
func wallClock(year int, month time.Month, day, hour int, zone *time.Location) time.Time {
	t := time.Date(year, month, day, hour, 0, 0, 0, zone)
	_, offset := t.Zone()
	shown := t.Add(time.Duration(offset) * time.Second)
	wanted := time.Date(year, month, day, hour, 0, 0, 0, time.UTC)
	start, end := t.ZoneBounds()
	switch {
	case shown.Before(wanted):
		return end
	case shown.After(wanted):
		return start
	}
	return t
}
