package edgex

import (
	"fmt"
	"maps"
	"reflect"

	"github.com/edgexfoundry/go-mod-core-contracts/v3/models"

	"sluice/device-service/internal/driver"
)

type protocols = map[string]models.ProtocolProperties

// device is what we know of one device of the SDK's cache.
type device struct {
	model      models.Device // its AutoEvents are those of core-metadata
	profile    models.DeviceProfile
	resources  []driver.Resource // those of the driver
	byName     map[string]driver.Resource
	taken      *models.AutoEvent // see autoEvents
	registered bool              // the driver knows it
}

// AddDevice takes a new device.
func (b *bridge) AddDevice(name string, _ protocols, _ models.AdminState) error {
	return b.changed(name)
}

// UpdateDevice takes a changed device, or one whose profile has changed.
func (b *bridge) UpdateDevice(name string, _ protocols, _ models.AdminState) error {
	return b.changed(name)
}

func (b *bridge) changed(name string) error {
	if err := b.await(); err != nil {
		return err
	}
	b.change.Lock()
	defer b.change.Unlock()
	return b.apply(name)
}

// RemoveDevice forgets a device.
func (b *bridge) RemoveDevice(name string, _ protocols) error {
	if err := b.await(); err != nil {
		return err
	}
	b.change.Lock()
	defer b.change.Unlock()
	b.scheduler.Set(name, nil)
	b.unsubscribe(name)
	b.drv.Remove(name)
	b.mu.Lock()
	delete(b.known, name)
	b.mu.Unlock()
	b.keeper.touch()
	b.twins.remove(name)
	b.virtuals.forget(name)
	b.faults.forget(name)
	b.autoDown.forget(name)
	unregisterState(b.sdk, name)
	return nil
}

// apply makes the driver and the schedule follow the SDK's cache. The
// auto-events come first: they must be gone before the SDK starts them.
func (b *bridge) apply(name string) error {
	model, err := b.sdk.GetDeviceByName(name)
	if err != nil {
		return err
	}
	before := b.device(name)
	d := &device{}
	model.AutoEvents, d.taken, err = b.autoEvents(model, before)
	if err != nil {
		b.scheduler.Set(name, nil)
		return err
	}
	d.model = model
	profile, err := b.sdk.GetProfileByName(model.ProfileName)
	if err != nil {
		return b.unserved(d, err)
	}
	d.profile = snapshot(profile)
	for _, p := range checkProfile(d.profile) {
		b.log.Error("device profile cannot be served as it is", "device", name, "profile", d.profile.Name, "error", p)
	}
	d.byName = make(map[string]driver.Resource, len(d.profile.DeviceResources))
	for _, r := range d.profile.DeviceResources {
		res := toResource(r)
		d.byName[res.Name] = res
		if !isVirtual(res) {
			d.resources = append(d.resources, res)
		}
	}
	if err := b.register(d, before); err != nil {
		return b.unserved(d, err)
	}
	b.remember(d)
	b.twins.add(b, d)
	if before == nil {
		registerState(b.sdk, name, b.faults.state)
	}
	if before == nil || !sameSchedule(before, d) {
		b.scheduler.Set(name, b.events(d))
	}
	if before == nil {
		b.publishVirtual(d)
	}
	return b.subscribe(d)
}

// unserved keeps a device in mind, with its auto-events, that cannot be read
// as it is now. The next change may mend it.
func (b *bridge) unserved(d *device, err error) error {
	b.scheduler.Set(d.model.Name, nil)
	b.unsubscribe(d.model.Name)
	b.remember(d)
	return fmt.Errorf("device %q: %w", d.model.Name, err)
}

// register gives the device to the driver, unless it has it just so: a change
// of labels or states must not cost a connection.
func (b *bridge) register(d, before *device) error {
	if before != nil && before.registered &&
		reflect.DeepEqual(before.model.Protocols, d.model.Protocols) && reflect.DeepEqual(before.resources, d.resources) {
		d.registered = true
		return nil
	}
	err := b.drv.Add(toDevice(d.model), d.resources)
	d.registered = err == nil
	return err
}

func (b *bridge) remember(d *device) {
	b.mu.Lock()
	b.known[d.model.Name] = d
	b.mu.Unlock()
	b.keeper.touch()
}

// device returns what is known of a device, or nil.
func (b *bridge) device(name string) *device {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.known[name]
}

func toDevice(d models.Device) driver.Device {
	out := driver.Device{Name: d.Name, Protocols: make(map[string]map[string]any, len(d.Protocols))}
	for name, properties := range d.Protocols {
		out.Protocols[name] = maps.Clone(map[string]any(properties))
	}
	return out
}

// snapshot copies the resources of a profile with their attributes: the SDK
// writes into the maps of its cache while it handles commands.
func snapshot(p models.DeviceProfile) models.DeviceProfile {
	resources := make([]models.DeviceResource, len(p.DeviceResources))
	for i, r := range p.DeviceResources {
		r.Attributes = toResource(r).Attributes
		resources[i] = r
	}
	p.DeviceResources = resources
	return p
}
