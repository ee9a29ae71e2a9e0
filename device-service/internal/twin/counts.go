package twin

import (
	"cmp"
	"maps"
	"slices"
)

// Counts are what a bridge has done since its start.
type Counts struct {
	Reports   uint64 // that edgecore has taken
	Refused   uint64 // that it has not
	Unnamed   uint64 // of these, those without a device
	LeftOut   uint64 // readings that no twin can have
	Coalesced uint64 // values that were overtaken while reports were throttled
	Dropped   uint64 // values of time series that could not be sent
	Set       uint64 // desired values that were set
	NotSet    uint64 // desired values that were not
}

// Counts tells what was done so far.
func (b *Bridge) Counts() Counts {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.counts
}

// Status is how the twin of a device is.
type Status struct {
	Device  string            `json:"device"`
	ID      string            `json:"id"`
	Known   bool              `json:"known"` // edgecore has not said otherwise
	State   State             `json:"state,omitempty"`
	LeftOut map[string]string `json:"leftOut,omitempty"` // properties that are not reported, and why
	NotSet  map[string]string `json:"notSet,omitempty"`  // properties whose desired value was not set, and why
}

// Status tells how the twins are, by the names of their devices.
func (b *Bridge) Status() []Status {
	b.mu.Lock()
	defer b.mu.Unlock()
	var out []Status
	for d := range maps.Values(b.devices) {
		s := Status{Device: d.Name, ID: d.ID, Known: !d.unknown, State: d.state, LeftOut: map[string]string{}, NotSet: map[string]string{}}
		for name, p := range d.last {
			if p.leftOut != "" {
				s.LeftOut[name] = p.leftOut
			} else if p.refused != nil {
				s.LeftOut[name] = "edgecore has refused " + *p.refused
			}
		}
		for name, t := range d.wanted.tried {
			if t.err != nil {
				s.NotSet[name] = t.err.Error()
			}
		}
		out = append(out, s)
	}
	slices.SortFunc(out, func(x, y Status) int { return cmp.Compare(x.Device, y.Device) })
	return out
}
