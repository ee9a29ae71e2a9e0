package modbus

import (
	"slices"
	"time"
)

// borders are addresses that no request may reach across, for the device
// refused one that did. They lapse after a while, since a device may refuse
// for a passing reason or get a new configuration.
type borders struct {
	lapse  time.Duration
	since  time.Time // of the first one
	tables [4][]int  // sorted; a border at n parts n-1 from n
}

// within tells whether a border lies inside the span.
func (b *borders) within(s span) bool {
	sorted := b.tables[s.table]
	i, _ := slices.BinarySearch(sorted, s.start+1)
	return i < len(sorted) && sorted[i] < s.end()
}

// set puts a border before an address.
func (b *borders) set(t table, at int) {
	if b.since.IsZero() {
		b.since = time.Now()
	}
	if i, found := slices.BinarySearch(b.tables[t], at); !found {
		b.tables[t] = slices.Insert(b.tables[t], i, at)
	}
}

// fresh drops the borders once they are too old.
func (b *borders) fresh() *borders {
	if time.Since(b.since) > b.lapse {
		*b = borders{lapse: b.lapse}
	}
	return b
}
