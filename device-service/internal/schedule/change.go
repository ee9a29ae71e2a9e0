package schedule

import (
	"maps"
	"math"
	"reflect"
	"slices"

	"sluice/device-service/internal/driver"
)

// changes remembers the last reading of each resource of an auto-event.
type changes struct{ last map[string]driver.Reading }

// update tells whether a value or its quality is new or differs from the one
// before, and remembers it. A resource without a value counts as unchanged: that it could
// not be read says nothing of its value.
func (c *changes) update(readings []driver.Reading) bool {
	if c.last == nil {
		c.last = make(map[string]driver.Reading, len(readings))
	}
	changed := false
	for _, r := range readings {
		if r.Err != nil {
			continue
		}
		if last, known := c.last[r.Resource]; known && equal(last.Value, r.Value) && maps.Equal(last.Tags, r.Tags) {
			continue
		}
		c.last[r.Resource] = r
		changed = true
	}
	return changed
}

// equal compares exact values of any type. NaN equals NaN: a sensor that has
// no number twice has not changed.
func equal(a, b any) bool {
	switch x := a.(type) {
	case float64:
		y, ok := b.(float64)
		return ok && equalFloat(x, y)
	case float32:
		y, ok := b.(float32)
		return ok && equalFloat(x, y)
	case []float64:
		y, ok := b.([]float64)
		return ok && slices.EqualFunc(x, y, equalFloat)
	case []float32:
		y, ok := b.([]float32)
		return ok && slices.EqualFunc(x, y, equalFloat)
	}
	return reflect.DeepEqual(a, b)
}

func equalFloat[F float32 | float64](a, b F) bool {
	return a == b || math.IsNaN(float64(a)) && math.IsNaN(float64(b))
}
