package edgex

import (
	"errors"
	"fmt"
	"reflect"
	"slices"

	"github.com/edgexfoundry/go-mod-core-contracts/v3/models"

	"sluice/device-service/internal/driver"
	"sluice/device-service/internal/schedule"
)

// idleInterval is what the SDK sees of an auto-event on its way out. It is far
// above the time that this takes, and no longer than it must be: the SDK has 45
// goroutines waiting for it after a device with ten auto-events was added.
const idleInterval = "5s"

// autoEvents returns the auto-events of a device and takes them out of the
// SDK's cache, so that the SDK has none to start.
//
// The SDK also tells of a change when only the profile has changed; the cache
// then still holds the slice that we have emptied. We know it by its array
// (taken): any change of the device itself brings a new one.
//
// RemoveDeviceAutoEvent starts those that are left each time. That they do
// nothing before they are stopped again, their intervals are made long first;
// the goroutines of those few end after that interval.
func (b *bridge) autoEvents(d models.Device, before *device) ([]models.AutoEvent, *models.AutoEvent, error) {
	if before != nil && before.taken != nil && len(d.AutoEvents) == 0 && first(d.AutoEvents) == before.taken {
		return before.model.AutoEvents, before.taken, nil
	}
	events := slices.Clone(d.AutoEvents)
	taken := first(d.AutoEvents)
	for i := range d.AutoEvents {
		d.AutoEvents[i].Interval = idleInterval
	}
	for _, e := range events {
		if err := b.sdk.RemoveDeviceAutoEvent(d.Name, models.AutoEvent{SourceName: e.SourceName}); err != nil {
			return nil, nil, fmt.Errorf("take over auto-event %q: %w", e.SourceName, err)
		}
	}
	return events, taken, nil
}

// first is the first element of the array under a slice; nil if it has none.
func first(events []models.AutoEvent) *models.AutoEvent {
	if cap(events) == 0 {
		return nil
	}
	return &events[:1][0]
}

// events makes the schedule of a device: none while it or the service is
// locked, or it is down. An auto-event that cannot run is logged and left out.
func (b *bridge) events(d *device) []schedule.Event {
	if b.locked || !scheduled(d.model) {
		return nil
	}
	var out []schedule.Event
	for _, a := range d.model.AutoEvents {
		e, err := b.event(d, a)
		if err != nil {
			b.log.Error("auto-event does not run", "device", d.model.Name, "source", a.SourceName, "error", err)
			continue
		}
		out = append(out, e)
	}
	return out
}

func scheduled(d models.Device) bool {
	return d.AdminState != models.Locked && d.OperatingState != models.Down
}

// sameSchedule tells whether nothing has changed that the events of a device
// are made of; its schedule then goes on undisturbed.
func sameSchedule(a, b *device) bool {
	return a.registered == b.registered && scheduled(a.model) == scheduled(b.model) &&
		reflect.DeepEqual(a.model.AutoEvents, b.model.AutoEvents) &&
		reflect.DeepEqual(a.model.Tags, b.model.Tags) &&
		reflect.DeepEqual(a.profile, b.profile)
}

func (b *bridge) event(d *device, a models.AutoEvent) (schedule.Event, error) {
	interval, err := schedule.ParseInterval(a.Interval)
	if err != nil {
		return schedule.Event{}, err
	}
	s, err := newSource(d.profile, a.SourceName)
	if err != nil {
		return schedule.Event{}, err
	}
	return schedule.Event{
		Source:    a.SourceName,
		Interval:  interval,
		OnChange:  a.OnChange,
		Resources: s.resources,
		Convert: func(readings []driver.Reading) []driver.Reading {
			return s.convert(readings, b.settings.Device.DataTransform)
		},
		Emit: func(r schedule.Result) { b.emit(d, s, r) },
	}, nil
}

// emit publishes what was read for an auto-event.
func (b *bridge) emit(d *device, s *source, r schedule.Result) {
	if r.Missed > 0 && !s.late {
		s.late = true
		b.log.Warn("reads take longer than the interval: ticks are skipped, the metric TicksMissed counts them", "device", d.model.Name, "source", s.name)
	}
	if r.Err != nil {
		return // the reader has reported it
	}
	for _, reading := range r.Readings {
		if errors.Is(reading.Err, errAssertion) {
			b.refute(d.model.Name, s, reading)
			return
		}
	}
	e, err := newEvent(d.model, s, r.Readings, b.units.Load())
	if err != nil {
		b.log.Error("event dropped", "device", d.model.Name, "source", s.name, "error", err)
		return
	}
	if e != nil {
		b.publisher.send(e)
	}
}

// refute sets a device DOWN whose value is not the asserted one, as the SDK
// does for commands. The update that follows ends its schedule.
func (b *bridge) refute(name string, s *source, reading driver.Reading) {
	if !s.refuted.CompareAndSwap(false, true) {
		return // it is on its way
	}
	b.log.Error("device is set down", "device", name, "resource", reading.Resource, "error", reading.Err)
	go func() { // the answer takes a while, and the schedule must not wait
		if err := b.sdk.UpdateDeviceOperatingState(name, models.Down); err != nil {
			b.log.Error("device is not set down", "device", name, "error", err)
			s.refuted.Store(false)
		}
	}()
}
