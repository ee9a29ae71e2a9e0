package kubeedge

import (
	"github.com/edgexfoundry/go-mod-core-contracts/v3/dtos"
)

// virtual is the attribute of a resource that is not at the device: its service
// keeps the value.
const virtual = "virtual"

// virtual makes the resource of a property without a visitor, such as a
// threshold, which nothing but a twin sets.
func (p *part) virtual() {
	switch protocol := p.protocol().Protocol; {
	case !ours(protocol):
		p.warn("it has no visitor and is left out: a device service of another protocol than %s and %s does not keep values", modbus, opcua)
		return
	case p.property.Type == Bytes:
		p.warn("it has no visitor, and EdgeX cannot set bytes: it is left out")
		return
	}
	p.warn("it has no visitor: the device service of Sluice keeps its value")
	r := p.base()
	r.Attributes[virtual] = true
	p.plain(&r)
	p.resources = append(p.resources, r)
}

func isVirtual(r dtos.DeviceResource) bool {
	is, err := truth(r.Attributes[virtual])
	return err == nil && is
}

// polled tells whether the property is read again and again. A value that its
// service keeps changes only when somebody sets it, so the device must want it.
func (p *part) polled() bool {
	s := p.setting
	switch {
	case len(p.resources) == 0:
		return false
	case isVirtual(p.resources[0]):
		return s.CollectCycle != nil || s.ReportCycle != nil || s.ReportToCloud != nil && *s.ReportToCloud || s.Push != nil || s.Data != nil
	}
	return true
}
