package modbus

import (
	"context"
	"fmt"
	"time"

	"sluice/device-service/internal/driver"
)

// own serves the line until it has no device any more.
func (l *line) own() {
	defer close(l.done)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		if l.empty() {
			l.hangUp()
			if l.retire(l) {
				return
			}
		}
		if d := l.probed(); d != nil && time.Until(l.due(d)) <= 0 {
			began := time.Now()
			l.serve(&job{ctx: context.Background(), device: d, request: d.probe, reply: make(chan reply, 1)})
			l.relief = time.Now().Add(time.Since(began))
			continue
		}
		if j := l.next(); j != nil {
			if err := j.device.down(); err != nil {
				j.reply <- reply{err: err} // it was queued before, and probes are enough
				continue
			}
			l.serve(j)
			continue
		}
		timer.Reset(l.rest())
		select {
		case <-l.wake:
		case <-timer.C:
		}
	}
}

// probed is the device to be probed next: the one that waits longest.
func (l *line) probed() (next *device) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, d := range l.devices {
		if !d.nextProbe.IsZero() && (next == nil || d.nextProbe.Before(next.nextProbe)) {
			next = d
		}
	}
	return next
}

// due is when to probe a device. Probes take half of the line's time at most,
// however many devices are dead: the others have requests.
func (l *line) due(d *device) time.Time {
	if d.nextProbe.Before(l.relief) {
		return l.relief
	}
	return d.nextProbe
}

// rest closes an idle connection, and tells how long nothing is due.
func (l *line) rest() time.Duration {
	wait := time.Hour
	if d := l.probed(); d != nil {
		wait = time.Until(l.due(d))
	}
	if _, idle := l.timing(); idle >= 0 && l.link.conn != nil {
		left := time.Until(l.link.used.Add(idle))
		if left > 0 {
			return min(wait, left)
		}
		l.hangUp()
	}
	return max(wait, 0)
}

// serve makes the exchange of a job, unless nobody wants it any more.
func (l *line) serve(j *job) {
	d := j.device
	if j.ctx.Err() != nil || d.removed() {
		return
	}
	a, err := l.exchange(d, j.request)
	switch {
	case err == nil:
		l.alive(d)
	case answered(err) && !unreachable(err):
		err = fmt.Errorf("%s: %w", j.request, err)
		l.alive(d)
	default:
		err = fmt.Errorf("%s: %s: %w", l.endpoint, j.request, err)
		l.failed(d, err)
	}
	j.reply <- reply{a, err}
}

// alive notes an answer of a device.
func (l *line) alive(d *device) {
	d.failures, d.pause, d.nextProbe = 0, 0, time.Time{}
	l.turn(d, driver.State{Up: true})
}

// failed notes a failure. A device is down when it fails twice in a row, the
// second time on a probe that follows at once: one lost answer is no change of
// state. If the connection itself cannot be opened, all devices are down.
func (l *line) failed(d *device, err error) {
	if k := &l.link; k.conn == nil && k.failure != nil {
		for _, other := range l.members() {
			other.failures++
			other.nextProbe = k.retry
			l.turn(other, driver.State{Err: fmt.Errorf("%s: %w", l.endpoint, k.failure)})
		}
		return
	}
	d.failures++
	d.nextProbe = time.Now()
	if d.failures < 2 {
		return
	}
	d.pause = l.options.longer(d.pause)
	d.nextProbe = d.nextProbe.Add(d.pause)
	l.turn(d, driver.State{Err: err})
}

// turn sets the state of a device and tells it if it is another one.
func (l *line) turn(d *device, s driver.State) {
	old := d.state.Load()
	if old != nil && old.Up == s.Up || d.removed() {
		return
	}
	d.state.Store(&s)
	l.changed(d.name, s)
}
