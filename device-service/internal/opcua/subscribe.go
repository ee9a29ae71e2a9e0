package opcua

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"sluice/device-service/internal/driver"
)

// outlet is where the changes of a device go, from one Subscribe until the next
// Unsubscribe. It outlives changes of the device.
type outlet struct {
	told atomic.Bool // anything
	mu   sync.Mutex  // held while push runs
	push func([]driver.Reading)
}

func (o *outlet) set(push func([]driver.Reading)) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.push = push
}

func (o *outlet) send(readings []driver.Reading) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.push != nil {
		o.told.Store(true)
		o.push(readings)
	}
}

// Subscribe makes a device push its changes.
func (d *Driver) Subscribe(name string, push func([]driver.Reading)) error {
	d.mu.Lock()
	dev := d.devices[name]
	switch {
	case d.closed:
		d.mu.Unlock()
		return driver.ErrClosed
	case dev == nil:
		d.mu.Unlock()
		return fmt.Errorf("%w %q", driver.ErrUnknownDevice, name)
	case dev.subscribed:
		d.mu.Unlock()
		dev.out.set(push) // waits for a push, so without the lock
		return nil
	}
	defer d.mu.Unlock()
	now := *dev
	now.subscribed, now.out = true, &outlet{push: push}
	d.devices[name] = &now
	now.link.feed.join(name, &now)
	return nil
}

// Unsubscribe ends the pushes of a device.
func (d *Driver) Unsubscribe(name string) {
	d.mu.Lock()
	dev := d.devices[name]
	if dev == nil || !dev.subscribed {
		d.mu.Unlock()
		return
	}
	now := *dev
	now.subscribed = false
	d.devices[name] = &now
	now.link.feed.leave(name)
	d.mu.Unlock()
	now.out.set(nil) // waits for a push, so without the lock
}

// replace hands the subscription of a device over to its new form. The lock is
// held.
func (d *Driver) replace(name string, before, now *device) {
	if before == nil {
		now.missed = &missed{}
		return
	}
	now.subscribed, now.out, now.missed = before.subscribed, before.out, before.missed
	if before.link != now.link {
		before.link.feed.leave(name)
		now.missed = before.missing()
	}
	if now.subscribed {
		now.link.feed.join(name, now)
	}
}

// missing is what a device misses when it goes to another connection. Up to when
// changes have arrived is known there, not here.
func (dev *device) missing() *missed {
	if !dev.subscribed || !dev.out.told.Load() {
		return dev.missed
	}
	m := &missed{}
	for _, it := range dev.monitoring.items {
		m.note(it.resource.Name, time.Time{})
	}
	return m
}
