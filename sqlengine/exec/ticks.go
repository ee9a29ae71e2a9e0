package exec

import (
	"time"

	"sluice/sqlengine/plan"
)

// ticks are moments of equal distance at which windows end: a base and all
// that lie a multiple of the step before or behind it. They are counted in
// positions: nanoseconds or, as the clocks of a zone change, days.
type ticks struct {
	days bool
	zone *time.Location
	base int64 // position of a tick
	step int64 // in positions
}

// ticksFrom are the ticks of a length, aligned as they are for a window that
// begins at a time.
func ticksFrom(length plan.Length, start int64, zone *time.Location) ticks {
	k := ticks{days: length.Unit == "DD", zone: zone}
	k.step = k.positions(length)
	k.base = k.position(firstEnd(length, time.Unix(0, start).In(zone)).UnixNano())
	return k
}

// positions is a length in positions.
func (k ticks) positions(l plan.Length) int64 {
	if k.days {
		return l.Size
	}
	return l.Nanos()
}

const secondsOfDay = 24 * 60 * 60

// position is the last one that has begun at a time.
func (k ticks) position(t int64) int64 {
	if !k.days {
		return t
	}
	year, month, day := time.Unix(0, t).In(k.zone).Date()
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Unix() / secondsOfDay
}

// time is when a position begins: a day does when its date comes, which need
// not be at midnight.
func (k ticks) time(position int64) int64 {
	if !k.days {
		return position
	}
	year, month, day := time.Unix(position*secondsOfDay, 0).UTC().Date()
	return wallClock(year, month, day, 0, k.zone).UnixNano()
}

// after is the first tick behind a position.
func (k ticks) after(position int64) int64 {
	past := (position - k.base) % k.step
	if past < 0 {
		past += k.step
	}
	return position - past + k.step
}

// reaches tells whether a window around such times can have that position.
func (k ticks) reaches(position int64) bool {
	unit := int64(1)
	if k.days {
		unit = secondsOfDay * int64(time.Second)
	}
	return earliestTime/unit <= position && position <= (latestTime+plan.LongestWindow)/unit
}
