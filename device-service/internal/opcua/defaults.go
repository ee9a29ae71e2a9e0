package opcua

import (
	"maps"

	"sluice/device-service/internal/driver"
)

// Defaults are the section OPCUAServer of the configuration of device-opc-ua:
// security and subscription of one device. What the device says itself goes
// first.
type Defaults struct {
	DeviceName string
	Policy     string
	Mode       string
	CertFile   string // of this service, with KeyFile
	KeyFile    string
	Writable   Writable
}

// Writable is what may change while the service runs.
type Writable struct {
	Resources string // that the device subscribes to: A,B
}

// ServiceConfig is the part of the service's configuration that is ours.
type ServiceConfig struct{ OPCUAServer Defaults }

// UpdateFromRaw takes a changed configuration.
func (c *ServiceConfig) UpdateFromRaw(raw any) bool {
	changed, ok := raw.(*ServiceConfig)
	if ok {
		*c = *changed
	}
	return ok
}

// SetWritable changes what the device of the section subscribes to.
func (d *Driver) SetWritable(w Writable) error {
	d.mu.Lock()
	d.defaults.Writable = w
	dev := d.devices[d.defaults.DeviceName]
	d.mu.Unlock()
	if dev == nil {
		return nil
	}
	return d.Add(dev.given, dev.resources)
}

// complete gives a device what it does not say itself.
func (d *Driver) complete(dev driver.Device) driver.Device {
	d.mu.RLock()
	defaults := d.defaults
	d.mu.RUnlock()
	return defaults.apply(dev)
}

// apply gives a device what it does not say itself.
func (s Defaults) apply(d driver.Device) driver.Device {
	own, ok := d.Protocols[Protocol]
	if !ok || d.Name != s.DeviceName {
		return d
	}
	all := map[string]any{}
	_, policy := own[policyProperty]
	_, mode := own[modeProperty]
	if !policy && !mode && (s.Policy != "" || s.Mode != "") {
		all[policyProperty], all[modeProperty] = s.Policy, s.Mode
	}
	if s.Writable.Resources != "" {
		all[resourcesProperty] = s.Writable.Resources
	}
	maps.Copy(all, own)
	d.Protocols = maps.Clone(d.Protocols)
	d.Protocols[Protocol] = all
	return d
}
