package modbus

import (
	"sync"
	"sync/atomic"
	"time"

	"sluice/device-service/internal/driver"
)

// device is one device on a line.
type device struct {
	name string
	settings
	line *line
	// probe is a read that shows whether the device answers, even if it refuses.
	probe request
	// gone is closed when the device is removed.
	gone chan struct{}
	// state is nil until the first answer or failure. The line's owner sets it.
	state atomic.Pointer[driver.State]

	queue []*job // guarded by the line's mutex

	mu      sync.Mutex
	borders borders

	// These belong to the line's owner.
	failures  int           // since the last answer
	pause     time.Duration // before the next probe
	nextProbe time.Time     // zero while the device is up
}

func newDevice(d driver.Device, s settings, resources []driver.Resource, lapse time.Duration) *device {
	return &device{
		name: d.Name, settings: s, probe: probe(s, resources), gone: make(chan struct{}),
		borders: borders{lapse: lapse}, nextProbe: time.Now(),
	}
}

// inherit takes the state of the device that it replaces, if it is reached the
// same way: that is no change of state.
func (d *device) inherit(old *device) {
	if d.wire == old.wire && d.unit == old.unit {
		d.state.Store(old.state.Load())
	}
}

// probe reads the first resource that can be read, else the first holding
// register: a device that refuses it is alive as well.
func probe(s settings, resources []driver.Resource) request {
	for _, r := range resources {
		if a, err := parseAddress(r, s.addressing); err == nil && r.Readable {
			return request{unit: s.unit, span: a.span}
		}
	}
	return request{unit: s.unit, span: span{holdingRegisters, 0, 1}}
}

// removed tells whether the device was removed.
func (d *device) removed() bool {
	select {
	case <-d.gone:
		return true
	default:
		return false
	}
}

// down is why the device is known not to answer, or nil.
func (d *device) down() error {
	if s := d.state.Load(); s != nil {
		return s.Err
	}
	return nil
}

// plan makes the requests for the wanted spans.
func (d *device) plan(wanted []span, l limits) []group {
	d.mu.Lock()
	defer d.mu.Unlock()
	l.registers = min(l.registers, d.maxRegisters)
	if d.registerGap >= 0 {
		l.registerGap = d.registerGap
	}
	if d.bitGap >= 0 {
		l.bitGap = d.bitGap
	}
	return plan(wanted, l, d.borders.fresh())
}

// part remembers that no request may reach across an address.
func (d *device) part(t table, at ...int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, n := range at {
		d.borders.set(t, n)
	}
}
