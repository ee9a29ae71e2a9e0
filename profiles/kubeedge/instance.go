package kubeedge

import (
	"strings"

	"github.com/edgexfoundry/go-mod-core-contracts/v3/dtos"
	"github.com/edgexfoundry/go-mod-core-contracts/v3/models"
)

// Tags of a device.
const (
	tagPrefix     = "kubeedge-"
	TagNamespace  = tagPrefix + "namespace"
	tagNode       = tagPrefix + "node"
	tagModel      = tagPrefix + "model"
	tagReport     = tagPrefix + "report" // the properties that are reported to the cloud
	tagSerialType = tagPrefix + "serialType"
)

// propertyKept is the property of a device with what EdgeX has no field for.
const propertyKept = "kubeedge"

// instance is the device.
func (c *conversion) instance() dtos.Device {
	d := dtos.Device{
		Name: c.name, ProfileName: c.profile.Name, Labels: pairs(c.device.Labels),
		AdminState: models.Unlocked, OperatingState: models.Up,
		Tags: map[string]any{TagNamespace: c.device.namespace(), tagModel: c.model.Name},
	}
	if c.device.Node != "" {
		d.Tags[tagNode] = c.device.Node
	}
	var reported []string
	for i := range c.parts {
		p := &c.parts[i]
		if p.polled() {
			d.AutoEvents = append(d.AutoEvents, dtos.AutoEvent{Interval: interval(p.collect), SourceName: p.source()})
		}
		if p.setting.ReportToCloud != nil && *p.setting.ReportToCloud {
			reported = append(reported, p.property.Name)
		}
	}
	if reported != nil {
		d.Tags[tagReport] = strings.Join(reported, ",")
	}
	protocol := c.protocol().Protocol
	d.ServiceName = c.options.service(protocol)
	d.Protocols = c.protocols(d.Tags)
	if c.findings.Errors() != nil { // there is nothing to keep of what is not taken
		return d
	}
	kept, err := c.keep(d)
	if err != nil {
		c.note(Error, "", "", "%v", err)
	}
	if kept != nil {
		d.Properties = map[string]any{propertyKept: kept}
	}
	return d
}
