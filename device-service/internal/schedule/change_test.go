package schedule

import (
	"errors"
	"math"
	"testing"

	"sluice/device-service/internal/driver"
)

func TestEqual(t *testing.T) {
	nan := math.NaN()
	for _, c := range []struct {
		a, b any
		want bool
	}{
		{0.1, 0.1, true}, {0.1, math.Nextafter(0.1, 1), false}, {nan, nan, true}, {nan, 1.0, false},
		{float32(1), 1.0, false}, {float32(2), float32(2), true}, {int64(1), int64(1), true}, {int64(1), uint64(1), false},
		{[]float64{1, nan}, []float64{1, nan}, true}, {[]float64{1}, []float64{1, 2}, false}, {[]float32{1}, []float32{2}, false},
		{[]byte{1}, []byte{1}, true}, {[]string{"a b"}, []string{"a", "b"}, false},
		{map[string]any{"a": 1.0}, map[string]any{"a": 1.0}, true}, {nil, nil, true}, {nil, 0.0, false},
	} {
		if got := equal(c.a, c.b); got != c.want {
			t.Errorf("equal(%#v, %#v) = %v", c.a, c.b, got)
		}
	}
}

func TestResourceWithoutValueIsNoChange(t *testing.T) {
	var c changes
	good := []driver.Reading{{Resource: "A", Value: 1}, {Resource: "B", Value: 2}}
	bad := []driver.Reading{{Resource: "A", Value: 1}, {Resource: "B", Err: errors.New("no answer")}}
	for i, step := range []struct {
		readings []driver.Reading
		want     bool
	}{{bad, true}, {bad, false}, {good, true}, {good, false}, {bad, false}, {good, false}} {
		if got := c.update(step.readings); got != step.want {
			t.Errorf("step %d: %v", i, got)
		}
	}
}

func TestQualityIsAChange(t *testing.T) {
	var c changes
	for i, step := range []struct {
		quality string
		want    bool
	}{{"", true}, {"Uncertain", true}, {"Uncertain", false}, {"BadSensorFailure", true}, {"", true}, {"", false}} {
		r := driver.Reading{Resource: "A", Value: 1}
		if step.quality != "" {
			r.Tags = map[string]string{"quality": step.quality}
		}
		if got := c.update([]driver.Reading{r}); got != step.want {
			t.Errorf("step %d: %v", i, got)
		}
	}
}
