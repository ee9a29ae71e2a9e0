package kubeedge

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/edgexfoundry/go-mod-core-contracts/v3/dtos"
)

// derive makes a model and a device of a profile and a device of EdgeX, as far
// as these say it. Cycles are milliseconds.
func derive(p dtos.DeviceProfile, d dtos.Device) (Model, Device) {
	m := Model{Head: Head{Namespace: text(d.Tags[TagNamespace]), Name: text(d.Tags[tagModel]), Labels: unpaired(p.Labels)}}
	if m.Name == "" {
		m.Name = p.Name
	}
	if m.Namespace == defaultNamespace {
		m.Namespace = ""
	}
	for label, v := range map[string]string{labelManufacturer: p.Manufacturer, labelModel: p.Model, labelDescription: p.Description} {
		if v == "" {
			continue
		}
		if m.Labels == nil {
			m.Labels = map[string]string{}
		}
		m.Labels[label] = v
	}
	device := Device{Head: Head{Namespace: m.Namespace, Name: d.Name, Labels: unpaired(d.Labels)}, Model: m.Name, Node: text(d.Tags[tagNode])}
	device.Protocol = deriveProtocol(d.Protocols)
	reported := strings.Split(text(d.Tags[tagReport]), ",")
	for _, r := range p.DeviceResources {
		property, visitor := deriveProperty(r, device.Protocol.Protocol)
		m.Properties = append(m.Properties, property)
		s := Setting{Name: r.Name, Visitor: visitor, CollectCycle: deriveCycle(p, d, r.Name)}
		if slices.Contains(reported, r.Name) {
			s.ReportToCloud = new(true)
		}
		device.Settings = append(device.Settings, s)
	}
	device.Methods = deriveMethods(p)
	return m, device
}

// unpaired are labels of the form k=v by their names. Others have no value.
func unpaired(labels []string) map[string]string {
	if len(labels) == 0 {
		return nil
	}
	m := map[string]string{}
	for _, l := range labels {
		k, v, _ := strings.Cut(l, "=")
		m[k] = v
	}
	return m
}

// deriveCycle is how often a resource is read, by itself or with others.
func deriveCycle(p dtos.DeviceProfile, d dtos.Device, resource string) *int64 {
	var least time.Duration
	for _, e := range d.AutoEvents {
		if e.SourceName != resource && !reads(p, e.SourceName, resource) {
			continue
		}
		if i, err := time.ParseDuration(e.Interval); err == nil && i > 0 && (least == 0 || i < least) {
			least = i
		}
	}
	if least == 0 {
		return nil
	}
	return new(max(least.Milliseconds(), 1))
}

// reads tells whether a command reads a resource.
func reads(p dtos.DeviceProfile, command, resource string) bool {
	for _, c := range p.DeviceCommands {
		if c.Name != command {
			continue
		}
		return slices.ContainsFunc(c.ResourceOperations, func(o dtos.ResourceOperation) bool { return o.DeviceResource == resource })
	}
	return false
}

// deriveMethods are the commands that only set.
func deriveMethods(p dtos.DeviceProfile) []Method {
	var methods []Method
	for _, c := range p.DeviceCommands {
		if c.ReadWrite != "W" {
			continue
		}
		m := Method{Name: c.Name}
		for _, o := range c.ResourceOperations {
			m.Properties = append(m.Properties, o.DeviceResource)
		}
		methods = append(methods, m)
	}
	return methods
}

// deriveProtocol is the first protocol of a device.
func deriveProtocol(protocols map[string]dtos.ProtocolProperties) Visitor {
	if len(protocols) == 0 {
		return Visitor{}
	}
	name := slices.Min(slices.Collect(maps.Keys(protocols)))
	properties := protocols[name]
	switch name {
	case modbusTCP:
		return Visitor{modbus, rename(properties, map[string]string{"Address": "ip", "Port": "port", "UnitID": "slaveID", "Timeout": "collectTimeout", "Retries": "collectRetryTimes"})}
	case modbusRTU:
		v := Visitor{modbus, rename(properties, map[string]string{"Address": "serialPort", "BaudRate": "baudRate", "DataBits": "dataBits", "StopBits": "stopBits",
			"UnitID": "slaveID", "Timeout": "collectTimeout", "Retries": "collectRetryTimes"})}
		v.Config["parity"] = cmp.Or(map[string]string{"E": "even", "O": "odd"}[text(properties["Parity"])], "none")
		return v
	case opcua:
		return Visitor{opcua, rename(properties, map[string]string{"Endpoint": "url", "Policy": "securityPolicy", "Mode": "securityMode", "Timeout": "timeout"})}
	}
	return Visitor{name, nonEmpty(merged(properties, nil))}
}

// rename are the properties that have a name at KubeEdge. Texts that are
// numbers become such; a time of seconds loses its unit.
func rename(properties map[string]any, to map[string]string) map[string]any {
	config := map[string]any{}
	for from, name := range to {
		v, ok := properties[from]
		if !ok || from == "Timeout" && text(v) == text(defaultTimeout) {
			continue
		}
		s := text(v)
		if from == "Timeout" {
			d, err := time.ParseDuration(s)
			if err == nil && d%time.Second == 0 {
				s = text(int64(d / time.Second))
			} else if err == nil {
				s = text(d.Milliseconds())
			}
		}
		if i, err := whole(s); err == nil && from != "Address" {
			config[name] = i
			continue
		}
		config[name] = s
	}
	return config
}
