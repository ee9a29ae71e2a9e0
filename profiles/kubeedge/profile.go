package kubeedge

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/edgexfoundry/go-mod-core-contracts/v3/dtos"

	"sluice/sqlengine/diag"
)

// Labels of a model that EdgeX has fields for.
const (
	labelManufacturer = "manufacturer"
	labelModel        = "model"
	labelDescription  = "description"
)

// head is the profile of a device without its resources.
func (c *conversion) head() dtos.DeviceProfile {
	labels := maps.Clone(c.model.Labels)
	if labels == nil {
		labels = map[string]string{}
	}
	basic := dtos.DeviceProfileBasicInfo{Name: c.model.qualified()}
	for label, to := range map[string]*string{labelManufacturer: &basic.Manufacturer, labelModel: &basic.Model, labelDescription: &basic.Description} {
		*to = labels[label]
		delete(labels, label)
		if *to == "" { // samples have them at the device
			*to = c.device.Labels[label]
		}
	}
	basic.Labels = pairs(labels)
	return dtos.DeviceProfile{DeviceProfileBasicInfo: basic}
}

// pairs are labels as EdgeX has them, k=v, or k alone.
func pairs(labels map[string]string) []string {
	var list []string
	for _, k := range slices.Sorted(maps.Keys(labels)) {
		label := k
		if labels[k] != "" {
			label += "=" + labels[k]
		}
		list = append(list, label)
	}
	return list
}

// collect puts the resources of all properties into the profile.
func (c *conversion) collect() {
	taken := map[string]string{}
	take := func(p *part, name string) {
		if other := taken[name]; other != "" {
			p.fail("rename one of them", "its resource %q is that of property %q too", name, other)
		}
		taken[name] = p.property.Name
	}
	for i := range c.parts {
		p := &c.parts[i]
		for _, r := range p.resources {
			take(p, r.Name)
			c.profile.DeviceResources = append(c.profile.DeviceResources, r)
		}
		if p.command != nil {
			take(p, p.command.Name)
			c.profile.DeviceCommands = append(c.profile.DeviceCommands, *p.command)
		}
	}
	for _, m := range c.device.Methods {
		if command, ok := c.method(m); ok {
			c.profile.DeviceCommands = append(c.profile.DeviceCommands, command)
		}
	}
	if len(c.profile.DeviceResources) == 0 {
		c.note(Error, "spec", "give its properties visitors", "no property of the device can be read")
	}
}

// method is the command that sets the properties of a method.
func (c *conversion) method(m Method) (dtos.DeviceCommand, bool) {
	command := dtos.DeviceCommand{Name: m.Name, ReadWrite: "W"}
	for _, name := range m.Properties {
		p := c.part(name)
		if p == nil || len(p.resources) == 0 || !strings.Contains(p.resources[0].Properties.ReadWrite, "W") {
			c.note(Warning, "spec.methods", "", "method %q is left out: property %q cannot be set", m.Name, name)
			return command, false
		}
		for _, r := range p.resources {
			command.ResourceOperations = append(command.ResourceOperations, dtos.ResourceOperation{DeviceResource: r.Name})
		}
	}
	if m.Name == "" || len(command.ResourceOperations) == 0 {
		c.note(Warning, "spec.methods", "", "method %q is left out: it has no name or no properties", m.Name)
		return command, false
	}
	return command, true
}

func (c *conversion) part(property string) *part {
	for i := range c.parts {
		if c.parts[i].property.Name == property {
			return &c.parts[i]
		}
	}
	return nil
}

// nameProfiles makes one profile of equal ones. A model has one profile under
// its own name when all its devices agree; visitors stand at the devices, so
// they need not. Options.OwnProfiles keeps the profiles of devices apart.
func (c *converter) nameProfiles(all []*conversion) {
	groups := map[*Model]map[string]*conversion{} // the first device of each profile, by its text
	texts := make([]string, len(all))
	for i, d := range all {
		b, err := json.Marshal(d.profile)
		if err != nil {
			d.note(Error, "", "", "its profile cannot be written: %v", err)
		}
		texts[i] = string(b)
		if d.options.OwnProfiles {
			texts[i] += d.device.Name
		}
		group := groups[d.model]
		if group == nil {
			group = map[string]*conversion{}
			groups[d.model] = group
		}
		if group[texts[i]] == nil {
			group[texts[i]] = d
		}
	}
	names := map[string]*Model{}
	for i, d := range all {
		first := groups[d.model][texts[i]]
		if first == d {
			if len(groups[d.model]) > 1 || d.options.OwnProfiles {
				d.profile.Name += "--" + d.device.Name
			}
			if other := names[d.profile.Name]; other != nil {
				d.note(Error, "metadata.name", "rename one of them", "the profile %q is that of model %s/%s too", d.profile.Name, other.namespace(), other.Name)
			}
			names[d.profile.Name] = d.model
			c.result.Profiles = append(c.result.Profiles, Profile{d.profile, d.model.Place, d.model.qualified()})
		}
		d.profile.Name = first.profile.Name
	}
}

func didYouMean(name string, candidates []string) string {
	if near := diag.Nearest(name, candidates); near != "" {
		return fmt.Sprintf("did you mean %q?", near)
	}
	return ""
}
