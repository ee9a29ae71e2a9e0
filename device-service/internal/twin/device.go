package twin

import (
	"fmt"
	"maps"
	"time"
)

// device is what a bridge knows of a device.
type device struct {
	Device
	state   State
	last    map[string]*last // by property
	sending bool             // a report is under way
	next    time.Time        // when the next may go
	timer   *time.Timer      // of the next
	unknown bool             // to edgecore
	unheard bool             // its last report was not answered, others were
	warned  map[string]bool  // what was logged of edgecore's refusals
	ended   bool
	wanted  wanted
}

// last is the last value of a property.
type last struct {
	value   Value
	due     bool    // it is to be reported
	alone   bool    // edgecore has refused a report with it: it goes by itself
	refused *string // the text that edgecore has refused
	desired string  // how the cloud writes the value that it wants
	leftOut string  // why the latest reading could not be reported
	told    bool    // such a reason was logged
}

func newDevice(d Device) *device {
	return &device{Device: d, last: map[string]*last{}, warned: map[string]bool{}, wanted: newWanted()}
}

// of returns what is known of a property.
func (d *device) of(property string) *last {
	p := d.last[property]
	if p == nil {
		p = &last{}
		d.last[property] = p
	}
	return p
}

// narrow forgets the properties that are not reported any more: edgecore would
// make twins of them again.
func (d *device) narrow() {
	maps.DeleteFunc(d.last, func(property string, _ *last) bool { return d.Reported != nil && !d.Reported[property] })
}

// take notes a reading, and tells whether there is something new to report.
// The error says why a twin cannot have it.
func (d *device) take(r Reading, force bool) (v Value, coalesced bool, err error) {
	p := d.of(r.Property)
	v, err = value(r)
	if err == nil && p.value.Type != "" && v.Type != p.value.Type {
		err = p.retype(&v)
	}
	if err != nil {
		p.leftOut = err.Error()
		return v, false, err
	}
	p.leftOut = ""
	if p.desired != "" && same(v.Text, p.desired) {
		v.Text = p.desired // edgecore compares texts: "80" would never be the "80.0" that is wanted
	}
	changed := v.Text != p.value.Text || p.value.Type == ""
	coalesced = changed && p.due && p.value.Type != ""
	p.value = v
	p.due = p.due || changed || force
	return v, coalesced, nil
}

// retype fits a value to the type that the twin has from the first report on.
func (p *last) retype(v *Value) error {
	if p.value.Type != typeString {
		return fmt.Errorf("%q is of type %s, and the property was reported as %s", v.Text, v.Type, p.value.Type)
	}
	v.Type = typeString
	return nil
}

func (d *device) markAll() {
	for _, p := range d.last {
		p.due = p.value.Type != ""
	}
}

// renew forgets what an edgecore may have thought of before.
func (d *device) renew() {
	d.unknown = false
	clear(d.warned)
	for _, p := range d.last {
		p.refused = nil
	}
}

// due are the values of the next report: those that go together, else one that
// goes by itself.
func (d *device) due() []Value {
	var together, alone []Value
	for _, p := range d.last {
		switch {
		case !p.due:
		case p.refused != nil && *p.refused == p.value.Text:
			p.due = false // until it changes, or edgecore does
		case p.alone:
			alone = append(alone, p.value)
		default:
			together = append(together, p.value)
		}
	}
	out := together
	if len(together) == 0 && len(alone) > 0 {
		out = alone[:1]
	}
	for _, v := range out {
		d.last[v.Property].due = false
	}
	return out
}

func (d *device) stop() {
	d.ended = true
	if d.timer != nil {
		d.timer.Stop()
	}
}
