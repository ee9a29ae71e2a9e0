// Package modbus is the driver for Modbus TCP, RTU and ASCII. It reads what is wanted
// of a device in the fewest requests, keeps what a device refuses from
// spoiling the rest, and never lets a late answer become a value.
//
// address.go and protocol.go read the attributes and properties of
// device-modbus; plan.go makes requests of addresses; codec.go makes values of
// registers; line.go, link.go and owner.go own the connection to an endpoint;
// framed.go, rtu.go and ascii.go have the frames that the library lacks;
// settle.go keeps late answers of a serial line from becoming values.
//
// What remains on a serial line, where answers have no number: if a request is
// already sent when a second copy of the answer before it arrives, that copy
// becomes a value when unit, function and length are the same and the true
// answer follows later than 3.5 characters. The same holds for a slave whose
// every answer comes later than two time-outs. Only on Unix is the port read
// dry; elsewhere the line is left silent for the same times.
package modbus

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"sluice/device-service/internal/driver"
)

// Driver speaks Modbus to any number of devices.
type Driver struct {
	log     *slog.Logger
	options Options
	open    func(wire, time.Duration) (conn, error)

	mu      sync.Mutex
	closed  bool
	devices map[string]*device
	lines   map[string]*line // by endpoint
	changed func(device string, s driver.State)
}

var (
	_ driver.Driver = (*Driver)(nil)
	_ driver.States = (*Driver)(nil)
)

// New makes a driver without devices.
func New(log *slog.Logger, o Options) *Driver {
	return &Driver{
		log: log, options: o.withDefaults(),
		open:    func(w wire, timeout time.Duration) (conn, error) { return open(w, timeout, log) },
		devices: map[string]*device{}, lines: map[string]*line{},
		changed: func(string, driver.State) {},
	}
}

// OnState sets the function that is told of changes. It is called by the
// goroutine that owns the device's line, which waits for it.
func (d *Driver) OnState(f func(device string, s driver.State)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.changed = f
}

// Validate checks the protocol properties of a device and the attributes of
// its resources.
func (d *Driver) Validate(dev driver.Device, resources []driver.Resource) error {
	s, err := parseProtocols(dev.Protocols)
	findings := []error{err}
	for _, r := range resources {
		_, err := parseAddress(r, s.addressing)
		findings = append(findings, err)
	}
	return errors.Join(findings...)
}

// Add makes a device known, or replaces it, and begins to connect. Resources
// with bad attributes do not hinder it: their readings have the error.
func (d *Driver) Add(dev driver.Device, resources []driver.Resource) error {
	s, err := parseProtocols(dev.Protocols)
	if err != nil {
		return fmt.Errorf("add device %q: %w", dev.Name, err)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return fmt.Errorf("add device %q: %w", dev.Name, driver.ErrClosed)
	}
	added, old := newDevice(dev, s, resources, d.options.Relearn), d.devices[dev.Name]
	l := d.line(s.endpoint)
	if err := l.conflict(added, old); err != nil {
		return fmt.Errorf("add: %w", err)
	}
	if old != nil {
		old.line.remove(old)
		added.inherit(old)
	}
	if names := ignored(dev, s, resources); len(names) > 0 {
		d.log.Warn("not used of the device and its profile", "device", dev.Name, "names", strings.Join(names, ", "))
	}
	l.add(added)
	d.devices[dev.Name] = added
	return nil
}

// line returns the line to an endpoint; d.mu is held.
func (d *Driver) line(endpoint string) *line {
	if l, ok := d.lines[endpoint]; ok {
		return l
	}
	l := &line{
		endpoint: endpoint, options: d.options, log: d.log, open: d.open, changed: d.changed, retire: d.retire,
		wake: make(chan struct{}, 1), done: make(chan struct{}), link: link{unsettled: true, doubtful: map[uint8]bool{}},
	}
	d.lines[endpoint] = l
	go l.own()
	return l
}

// retire forgets a line if it still has no device: then its owner ends. The
// connection is closed by then, so a serial line is free for a new owner.
func (d *Driver) retire(l *line) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !l.empty() {
		return false
	}
	delete(d.lines, l.endpoint)
	return true
}

// Remove forgets a device. Its reads and writes end at once; an exchange under
// way goes on in the background until its answer or time-out.
func (d *Driver) Remove(name string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if dev, ok := d.devices[name]; ok {
		dev.line.remove(dev)
		delete(d.devices, name)
	}
}

func (d *Driver) device(name string) (*device, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	dev, ok := d.devices[name]
	switch {
	case d.closed:
		return nil, fmt.Errorf("device %q: %w", name, driver.ErrClosed)
	case !ok:
		return nil, fmt.Errorf("device %q: %w", name, driver.ErrUnknownDevice)
	}
	return dev, nil
}

// Read reads resources of a device in the fewest requests.
func (d *Driver) Read(ctx context.Context, device string, resources []driver.Resource) ([]driver.Reading, error) {
	dev, err := d.device(device)
	if err != nil {
		return nil, fmt.Errorf("read: %w", err)
	}
	r := newReader(dev, resources)
	for _, g := range dev.plan(r.wanted, d.options.limits()) {
		if _, err := r.read(ctx, g); err != nil {
			return nil, fmt.Errorf("device %q: %w", device, err)
		}
	}
	return r.readings, nil
}

// Write sets resources of a device, neighbours in one request. The error has a
// driver.WriteError for each resource that was not written.
func (d *Driver) Write(ctx context.Context, device string, writes []driver.Write) error {
	dev, err := d.device(device)
	if err != nil {
		return fmt.Errorf("write: %w", err)
	}
	settings, err := dev.planWrites(writes)
	if err == nil {
		err = dev.write(ctx, settings)
	}
	if err != nil {
		return fmt.Errorf("device %q: %w", device, err)
	}
	return nil
}

// Close ends all connections. It waits for exchanges under way, at most for
// the time-out of a request or of connecting.
func (d *Driver) Close() error {
	d.mu.Lock()
	d.closed = true
	lines := d.lines
	d.lines = map[string]*line{}
	for _, dev := range d.devices {
		dev.line.remove(dev)
	}
	d.devices = map[string]*device{}
	d.mu.Unlock()
	for _, l := range lines {
		<-l.done
	}
	return nil
}
