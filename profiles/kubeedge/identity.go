package kubeedge

import "github.com/edgexfoundry/go-mod-core-contracts/v3/dtos"

// Identity is what KubeEdge knows of a device of EdgeX that was imported.
type Identity struct {
	Namespace, Name, Node string
	// Version is that of the API that the device was written for; empty when
	// nothing was kept of it.
	Version string
	// Reported are the resources whose values go to the cloud. Those that a rule
	// of the import reports, in a longer cycle, are not among them.
	Reported []string
	// Desired are the values, by resource, that the cloud wanted at the import.
	Desired map[string]string
}

// Identify tells what KubeEdge knows of a device; nil: it was not imported.
func Identify(p dtos.DeviceProfile, d dtos.Device) (*Identity, error) {
	if text(d.Tags[tagModel]) == "" {
		return nil, nil
	}
	model, device, choices, err := restored(p, d)
	if err != nil {
		return nil, err
	}
	id := &Identity{Namespace: device.namespace(), Name: device.Name, Node: device.Node, Version: device.Version, Desired: map[string]string{}}
	there := map[string]bool{}
	for _, r := range p.DeviceResources {
		there[r.Name] = true
	}
	c := again(&model, &device, choices)
	for i := range c.parts {
		one := &c.parts[i]
		if one.source() == "" { // of a protocol that is not converted; its resource has its name
			if one.reported() && there[one.property.Name] {
				id.Reported = append(id.Reported, one.property.Name)
			}
			continue
		}
		if one.command != nil {
			continue
		}
		if one.reported() && !one.sampled() {
			id.Reported = append(id.Reported, one.source())
		}
		if v := one.setting.Desired; v != nil && v.Value != "" {
			id.Desired[one.source()] = v.Value
		}
	}
	return id, nil
}
