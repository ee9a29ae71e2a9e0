package modbus

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"sluice/device-service/internal/driver"
)

// line is a TCP endpoint or a serial line with the devices behind it. One
// goroutine, the owner, has the connection and makes one exchange at a time.
// Callers queue requests and go away when their context ends; the owner still
// waits for the answer, and closes the connection after every exchange that
// went wrong, so that a late answer cannot meet another request.
type line struct {
	endpoint string
	options  Options
	log      *slog.Logger
	open     func(wire, time.Duration) (conn, error)
	changed  func(device string, s driver.State)
	// retire is asked by the owner of a line without devices; true ends it.
	retire func(*line) bool

	wake chan struct{} // something has changed for the owner
	done chan struct{} // closed when the owner has ended

	mu      sync.Mutex
	devices []*device
	ring    []*device // those with requests, in order of their turns

	link   link      // the owner's
	relief time.Time // the owner's: no probe before
}

// job is a queued request.
type job struct {
	ctx    context.Context
	device *device
	request
	reply chan reply // buffered: nobody may be waiting any more
}

type reply struct {
	answer
	err error
}

// do makes an exchange with a device when its turn comes.
func (l *line) do(ctx context.Context, d *device, r request) (answer, error) {
	j := &job{ctx: ctx, device: d, request: r, reply: make(chan reply, 1)}
	if err := l.enqueue(j); err != nil {
		return answer{}, err
	}
	select {
	case reply := <-j.reply:
		return reply.answer, reply.err
	case <-ctx.Done():
		return answer{}, fmt.Errorf("%s: %w", r, ctx.Err())
	case <-d.gone:
		return answer{}, fmt.Errorf("%s: the device was removed: %w", r, driver.ErrUnknownDevice)
	}
}

// enqueue adds a job to its device's queue. A device that is known to be dead
// takes none: the probes tell when it is back.
func (l *line) enqueue(j *job) error {
	d := j.device
	if err := j.ctx.Err(); err != nil {
		return fmt.Errorf("%s: %w", j.request, err)
	}
	if err := d.down(); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if d.removed() {
		return driver.ErrUnknownDevice
	}
	if len(d.queue) >= l.options.Queue {
		return fmt.Errorf("%s: %w", l.endpoint, driver.ErrBusy)
	}
	if len(d.queue) == 0 {
		l.ring = append(l.ring, d)
	}
	d.queue = append(d.queue, j)
	l.signal()
	return nil
}

// signal wakes the owner.
func (l *line) signal() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// next takes the first job of the device whose turn it is.
func (l *line) next() *job {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.ring) == 0 {
		return nil
	}
	d := l.ring[0]
	l.ring = l.ring[1:]
	j := d.queue[0]
	d.queue = d.queue[1:]
	if len(d.queue) > 0 {
		l.ring = append(l.ring, d)
	}
	return j
}

// conflict tells why a device cannot be on the line: a serial line has one
// setting for all.
func (l *line) conflict(d *device, replaced *device) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	i := slices.IndexFunc(l.devices, func(other *device) bool { return other != replaced }) // all others have the same
	if i < 0 || l.devices[i].wire == d.wire {
		return nil
	}
	other := l.devices[i]
	return fmt.Errorf("device %q wants %s as %s, but device %q has it as %s", d.name, l.endpoint, d.serial(), other.name, other.serial())
}

func (l *line) add(d *device) {
	l.mu.Lock()
	defer l.mu.Unlock()
	d.line = l
	l.devices = append(l.devices, d)
	l.signal()
}

func (l *line) remove(d *device) {
	l.mu.Lock()
	defer l.mu.Unlock()
	close(d.gone)
	is := func(o *device) bool { return o == d }
	l.devices = slices.DeleteFunc(l.devices, is)
	l.ring = slices.DeleteFunc(l.ring, is)
	d.queue = nil
	l.signal()
}

// empty tells whether the line has no device.
func (l *line) empty() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.devices) == 0
}

// members is a copy of the devices.
func (l *line) members() []*device {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.devices)
}
