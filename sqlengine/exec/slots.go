package exec

import (
	"fmt"
	"strconv"

	"sluice/sqlengine/value"
)

// slot is a range of time, its end excluded.
type slot struct{ start, end int64 }

// slots are ranges of time that do not touch each other, in order.
type slots []slot

// claim adds a range and returns the parts of it that were not there.
func (s *slots) claim(start, end int64) []slot {
	var fresh []slot
	merged, at := slot{start, end}, start
	kept := make(slots, 0, len(*s)+1)
	var behind slots
	for _, old := range *s {
		switch {
		case old.end < start:
			kept = append(kept, old)
			continue
		case old.start > end:
			behind = append(behind, old)
			continue
		}
		if old.start > at {
			fresh = append(fresh, slot{at, old.start})
		}
		at = max(at, old.end)
		merged = slot{min(merged.start, old.start), max(merged.end, old.end)}
	}
	if at < end {
		fresh = append(fresh, slot{at, end})
	}
	*s = append(append(kept, merged), behind...)
	return fresh
}

// forget drops the ranges that end before a time.
func (s *slots) forget(t int64) {
	for len(*s) > 0 && (*s)[0].end < t {
		*s = (*s)[1:]
	}
}

// valueOf is a list of ranges as the dialect shows it; NULL when there are none.
func valueOf(list []slot) value.Value {
	if len(list) == 0 {
		return value.Value{}
	}
	values := make([]value.Value, len(list))
	for i, s := range list {
		values[i] = value.OfObject(&value.Fields{
			Names:  []string{"end_key", "start_key"},
			Values: []value.Value{value.OfString(strconv.FormatInt(s.end, 10)), value.OfString(strconv.FormatInt(s.start, 10))},
		})
	}
	return value.OfList(values)
}

func (s slots) snapshot(e *value.Encoder) {
	e.Uint(uint64(len(s)))
	for _, one := range s {
		e.Int(one.start)
		e.Int(one.end)
	}
}

func (s *slots) restore(d *value.Decoder) {
	*s = nil
	for range d.Count() {
		one := slot{d.Int(), d.Int()}
		if n := len(*s); d.Err() == nil && (one.start >= one.end || n > 0 && (*s)[n-1].end > one.start) {
			d.Fail(fmt.Errorf("a time slot from %d to %d", one.start, one.end))
		}
		if d.Err() != nil {
			return
		}
		*s = append(*s, one)
	}
}
