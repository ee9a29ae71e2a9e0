package kubeedge

import (
	"maps"
	"slices"
	"strings"

	"github.com/edgexfoundry/go-mod-core-contracts/v3/dtos"
)

// Settle fits what is wanted to a place where there is something already.
// Addresses stand in profiles, which devices share: those of devices that are
// not part of the import must not change with it, so what is different from
// such a profile gets a name of its own. And what KubeEdge says nothing about
// stays with a device.
func (r Result) Settle(have Existing) Result {
	r.Profiles, r.Devices = slices.Clone(r.Profiles), slices.Clone(r.Devices)
	s := settling{result: &r, users: map[string]int{},
		profiles: index(have.Profiles, func(p dtos.DeviceProfile) string { return p.Name }),
		devices:  index(have.Devices, func(d dtos.Device) string { return d.Name })}
	for _, d := range have.Devices {
		s.users[d.ProfileName]++
	}
	s.nameProfiles()
	for i := range r.Devices {
		if old, there := s.devices[r.Devices[i].Name]; there {
			r.Devices[i].keep(old)
		}
	}
	return r
}

type settling struct {
	result   *Result
	profiles map[string]dtos.DeviceProfile // that there are
	devices  map[string]dtos.Device
	users    map[string]int // how many devices have a profile
}

// nameProfiles renames profiles made of models: devices stay with those that
// they have where they can, and others are left alone.
func (s *settling) nameProfiles() {
	wanted := map[string][]*Instance{}
	for i := range s.result.Devices {
		d := &s.result.Devices[i]
		wanted[d.ProfileName] = append(wanted[d.ProfileName], d)
	}
	taken := map[string]bool{}
	for _, p := range s.result.Profiles {
		taken[p.Name] = true
	}
	for i := range s.result.Profiles {
		p := &s.result.Profiles[i]
		devices := wanted[p.Name]
		if p.model == "" || len(devices) == 0 {
			continue
		}
		delete(taken, p.Name)
		p.Name = s.name(p, devices, taken)
		taken[p.Name] = true
		for _, d := range devices {
			d.ProfileName = p.Name
		}
	}
}

// name is the name of a profile: that which its devices have, its own one, or
// one with the name of a device behind it.
func (s *settling) name(p *Profile, devices []*Instance, taken map[string]bool) string {
	there := slices.IndexFunc(devices, func(d *Instance) bool { return s.devices[d.Name].ProfileName != "" })
	if there >= 0 {
		now := s.devices[devices[there].Name].ProfileName
		if !taken[now] && p.named(now) && s.free(p, devices, now) {
			return now
		}
	}
	name := p.Name
	for taken[name] || !s.free(p, devices, name) {
		name += "--" + devices[0].Name
	}
	return name
}

// named tells whether a name is one that profiles of the model have.
func (p *Profile) named(name string) bool {
	return name == p.model || strings.HasPrefix(name, p.model+"--")
}

// free tells whether a profile of these devices can have a name: no other
// device has the profile that there is, or it is the same.
func (s *settling) free(p *Profile, devices []*Instance, name string) bool {
	others := s.users[name]
	for _, d := range devices {
		if s.devices[d.Name].ProfileName == name {
			others--
		}
	}
	if others <= 0 {
		return true
	}
	now := p.DeviceProfile
	now.Name = name
	return len(differences(s.profiles[name], now)) == 0
}

// keep takes over what KubeEdge has nothing for from the device that there is.
// A location cannot be taken away from it.
func (d *Instance) keep(old dtos.Device) {
	if d.Location == nil {
		d.Location = old.Location
	}
	if d.stream == "" {
		return
	}
	if d.Description == "" {
		d.Description = old.Description
	}
	d.Tags = maps.Clone(d.Tags)
	for key, v := range old.Tags {
		if !strings.HasPrefix(key, tagPrefix) {
			d.Tags[key] = v
		}
	}
	for key, v := range old.Properties {
		if key == propertyKept {
			continue
		}
		if d.Properties = maps.Clone(d.Properties); d.Properties == nil {
			d.Properties = map[string]any{}
		}
		d.Properties[key] = v
	}
}
