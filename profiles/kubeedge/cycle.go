package kubeedge

import (
	"fmt"
	"time"
)

// defaultCycle is that of properties which name none.
const defaultCycle = time.Second

// firstNanoseconds is the value from which auto takes cycles as nanoseconds.
const firstNanoseconds = 1e8

// unitOf is the unit of a cycle.
func (u CycleUnit) unitOf(cycle int64) CycleUnit {
	switch {
	case u != Auto:
		return u
	case cycle >= firstNanoseconds:
		return Nanoseconds
	}
	return Milliseconds
}

// longestCycle keeps products within 64 bits.
const longestCycle = 1 << 43 // milliseconds, some 278 years

// duration is a cycle as time. Without one it is 0.
func (u CycleUnit) duration(cycle *int64) (time.Duration, error) {
	switch {
	case cycle == nil || *cycle == 0:
		return 0, nil
	case *cycle < 0:
		return 0, fmt.Errorf("%d is below 0", *cycle)
	case u.unitOf(*cycle) == Nanoseconds:
		return time.Duration(*cycle), nil
	case *cycle > longestCycle:
		return 0, fmt.Errorf("%d ms is too long", *cycle)
	}
	return time.Duration(*cycle) * time.Millisecond, nil
}

// interval is a time as auto-events have it, whole milliseconds.
func interval(d time.Duration) string {
	ms := max(d.Milliseconds(), 1)
	if ms%1000 == 0 {
		return fmt.Sprintf("%ds", ms/1000)
	}
	return fmt.Sprintf("%dms", ms)
}

// perMillisecond is how many of a device's units of cycles a millisecond has.
func perMillisecond(u CycleUnit, version string) time.Duration {
	if u == Nanoseconds || u == Auto && version != V1Beta1 && version != "" {
		return time.Millisecond
	}
	return 1
}
