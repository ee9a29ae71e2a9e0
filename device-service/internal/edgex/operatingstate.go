package edgex

import (
	"github.com/edgexfoundry/go-mod-core-contracts/v3/dtos"
	"github.com/edgexfoundry/go-mod-core-contracts/v3/models"
)

// untold is told of an operating state that core-metadata has not taken. It
// hears of it when it is back.
func (b *bridge) untold(name string, state models.OperatingState, err error) {
	b.log.Error("operating state is not set; it is tried again when core-metadata is back", "device", name, "state", state, "error", err)
	b.registry.lost(err)
	if state == models.Up {
		b.readAgain(name)
	}
}

// readAgain lets a device be read that is DOWN for core-metadata and the SDK,
// which changes its mind only with core-metadata: until then it refuses commands.
func (b *bridge) readAgain(name string) {
	b.change.Lock()
	defer b.change.Unlock()
	d := b.device(name)
	if d == nil || d.model.OperatingState != models.Down {
		return
	}
	up := *d
	up.model.OperatingState = models.Up
	b.remember(&up)
	b.scheduler.Set(name, b.events(&up))
	if err := b.subscribe(&up); err != nil {
		b.log.Error("device is not read again", "device", name, "error", err)
	}
}

// settle gives core-metadata the operating states that it is owed. Those that the
// SDK's cache does not have become changes that it has missed.
func (r *registration) settle(known, there []dtos.Device, cached []models.Device) error {
	here := map[string]*dtos.Device{}
	for i := range known {
		here[known[i].Name] = &known[i]
	}
	for i := range there {
		d, k := &there[i], here[there[i].Name]
		if k == nil {
			continue
		}
		state, owed := r.b.autoDown.owed(d.Name, models.OperatingState(k.OperatingState), models.OperatingState(d.OperatingState))
		if !owed {
			continue
		}
		if err := r.b.autoDown.try(d.Name, state); err != nil {
			return err
		}
		d.OperatingState = string(state)
	}
	for _, c := range cached { // which does not know of readAgain
		if k := here[c.Name]; k != nil {
			k.OperatingState = string(c.OperatingState)
		}
	}
	return nil
}
