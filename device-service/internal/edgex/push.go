package edgex

import (
	"errors"
	"fmt"

	"github.com/edgexfoundry/device-sdk-go/v3/pkg/interfaces"
	"github.com/edgexfoundry/go-mod-core-contracts/v3/models"
	gometrics "github.com/rcrowley/go-metrics"

	"sluice/device-service/internal/driver"
	"sluice/device-service/internal/schedule"
)

// subscribe makes a device push its changes, or ends that while it or the
// service is locked, or it is down: as with auto-events.
func (b *bridge) subscribe(d *device) error {
	s, ok := b.drv.(driver.Subscriber)
	if !ok {
		return nil
	}
	name := d.model.Name
	if b.locked || !d.registered || !scheduled(d.model) {
		s.Unsubscribe(name)
		return nil
	}
	sources := make(map[string]*source, len(d.profile.DeviceResources))
	for _, r := range d.profile.DeviceResources {
		sources[r.Name] = resourceSource(d.profile, r)
	}
	err := s.Subscribe(name, func(readings []driver.Reading) { b.pushed(d, sources, readings) })
	if err != nil && !errors.Is(err, driver.ErrClosed) {
		return fmt.Errorf("subscribe device %q: %w", name, err)
	}
	return nil
}

func (b *bridge) unsubscribe(name string) {
	if s, ok := b.drv.(driver.Subscriber); ok {
		s.Unsubscribe(name)
	}
}

// resourceSource is a resource as the source of an event: its name is no
// regular expression here.
func resourceSource(p models.DeviceProfile, r models.DeviceResource) *source {
	s := &source{name: r.Name}
	s.add(r, mappingsOf(p, r.Name))
	return s
}

// pushed makes an event of each change, with the resource as its source. It
// waits while the bus has much to do: then the device keeps its changes.
func (b *bridge) pushed(d *device, sources map[string]*source, readings []driver.Reading) {
	answered := false
	for _, r := range readings {
		s := sources[r.Resource]
		if s == nil {
			continue // the profile has just lost it
		}
		b.faults.report(d.model.Name, r.Resource, r.Err)
		if r.Err != nil {
			continue
		}
		answered = true
		if _, gap := r.Tags[driver.GapTag]; gap {
			b.gaps.Add(1)
		}
		b.publisher.room(b.ctx)
		b.emit(d, s, schedule.Result{Readings: s.convert([]driver.Reading{r}, b.settings.Device.DataTransform)})
	}
	if answered {
		touch(b.sdk, d.model.Name)
	}
}

// registerGaps adds the metric of readings before which changes may be missing.
func registerGaps(sdk interfaces.DeviceServiceSDK, gaps func() uint64) error {
	gauge := gometrics.NewFunctionalGauge(func() int64 { return int64(gaps()) })
	if err := sdk.MetricsManager().Register("SubscriptionGaps", gauge, nil); err != nil {
		return fmt.Errorf("register metric SubscriptionGaps: %w", err)
	}
	return nil
}
