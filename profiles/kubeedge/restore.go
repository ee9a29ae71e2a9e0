package kubeedge

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/edgexfoundry/go-mod-core-contracts/v3/dtos"
)

// restored is the model and the device that were imported, with what has
// changed at EdgeX since, and the choices of the import.
func restored(p dtos.DeviceProfile, d dtos.Device) (Model, Device, Choices, error) {
	model, device := derive(p, d)
	value, ok := d.Properties[propertyKept]
	if !ok {
		return model, device, usual, nil
	}
	kept, err := treeOf(value)
	if err != nil {
		return model, device, usual, fmt.Errorf("property %s: %w", propertyKept, err)
	}
	r := restoring{profile: p, device: d, derivedModel: model, derivedDevice: device, choices: usual}
	if options, _ := kept["options"].(map[string]any); options != nil {
		if err := fromTree(options, &r.choices); err != nil {
			return model, device, usual, fmt.Errorf("property %s: options: %w", propertyKept, err)
		}
	}
	if err := restore(kept["model"], model, &r.was); err != nil {
		return model, device, usual, err
	}
	if err := restore(kept["device"], device, &r.had); err != nil {
		return model, device, usual, err
	}
	r.refresh()
	return r.was, r.had, r.choices, nil
}

// restore applies a patch.
func restore(patch, derived, out any) error {
	tree, err := treeByName(derived)
	if err != nil {
		return err
	}
	m, _ := patch.(map[string]any)
	tree = patched(tree, m)
	inOrder(tree, "properties")
	if err := fromTree(tree, out); err != nil {
		return fmt.Errorf("property %s: %w", propertyKept, err)
	}
	return nil
}

// restoring compares what was imported with what is at EdgeX now.
type restoring struct {
	profile       dtos.DeviceProfile
	device        dtos.Device
	derivedModel  Model
	derivedDevice Device
	choices       Choices
	was           Model
	had           Device
	covered       map[string]bool // resources that are as they were imported
}

// refresh takes over what is different at EdgeX now.
func (r *restoring) refresh() {
	now := again(&r.was, &r.had, r.choices)
	r.covered = map[string]bool{}
	for i := range now.parts {
		r.part(&now.parts[i])
	}
	for _, p := range r.derivedModel.Properties {
		if !r.covered[p.Name] {
			r.add(p)
		}
	}
	if protocols := now.protocols(map[string]any{}); !sameTree(protocols, r.device.Protocols) {
		r.had.Protocol.Config = merged(r.had.Protocol.Config, r.derivedDevice.Protocol.Config)
	}
}

// again converts what was imported once more.
func again(m *Model, d *Device, choices Choices) *conversion {
	c := &conversion{converter: &converter{options: Options{Choices: choices}}, model: m, device: d, name: d.Name, units: map[CycleUnit]bool{}}
	c.convert()
	return c
}

// part looks after one property. One whose resources are gone is gone too.
func (r *restoring) part(p *part) {
	if len(p.resources) == 0 {
		return
	}
	name := p.property.Name
	same, gone := true, true
	for _, res := range p.resources {
		i := slices.IndexFunc(r.profile.DeviceResources, func(other dtos.DeviceResource) bool { return other.Name == res.Name })
		gone = gone && i < 0
		same = same && i >= 0 && sameTree(res, r.profile.DeviceResources[max(i, 0)])
	}
	if gone {
		r.was.Properties = slices.DeleteFunc(r.was.Properties, func(p Property) bool { return p.Name == name })
		r.had.Settings = slices.DeleteFunc(r.had.Settings, func(s Setting) bool { return s.Name == name })
		return
	}
	if same || p.command != nil || p.resources[0].Name != name {
		for _, res := range p.resources {
			r.covered[res.Name] = true
		}
	}
	if cycle := r.cycle(p); cycle != nil {
		r.had.setting(name).CollectCycle = cycle
	}
}

// cycle is the cycle of a property that is another one now.
func (r *restoring) cycle(p *part) *int64 {
	for _, e := range r.device.AutoEvents {
		if e.SourceName == p.source() && e.Interval != interval(p.collect) {
			if ms := deriveCycle(r.profile, r.device, p.resources[0].Name); ms != nil {
				return new(*ms * int64(perMillisecond(r.choices.CycleUnit, r.had.Version)))
			}
		}
	}
	return nil
}

// add takes a property as it is now.
func (r *restoring) add(p Property) {
	if old := r.was.property(p.Name); old != nil {
		p.Rest = old.Rest
		*old = p
	} else {
		r.was.Properties = append(r.was.Properties, p)
	}
	now := r.derivedDevice.find(p.Name)
	if s := r.had.find(p.Name); s != nil {
		s.Visitor = now.Visitor
		return
	}
	s := *now
	if s.CollectCycle != nil {
		s.CollectCycle = new(*s.CollectCycle * int64(perMillisecond(r.choices.CycleUnit, r.had.Version)))
	}
	r.had.Settings = append(r.had.Settings, s)
}

// sameTree tells whether two values are the same as JSON.
func sameTree(a, b any) bool {
	if sameText(a, b) {
		return true
	}
	x, err := treeOf(a)
	if err != nil {
		return false
	}
	y, err := treeOf(b)
	return err == nil && equal(x, y)
}

// sameText tells whether two values are written in the same way, which is how
// most that are the same are.
func sameText(a, b any) bool {
	x, err := json.Marshal(a)
	if err != nil {
		return false
	}
	y, err := json.Marshal(b)
	return err == nil && bytes.Equal(x, y)
}
