package kubeedge

import (
	"cmp"
	"strings"

	"github.com/edgexfoundry/go-mod-core-contracts/v3/dtos"
)

// mapped makes the resources of a property.
func (p *part) mapped() {
	v := p.setting.Visitor
	switch {
	case p.property.Type == Stream:
		p.warn("its type is STREAM, which is not a value: it is left out")
		return
	case v == nil || len(v.Config) == 0:
		p.virtual()
		return
	}
	protocol := cmp.Or(v.Protocol, p.protocol().Protocol)
	if p.elsewhere(protocol) {
		return
	}
	read := newConfig(v.Config, func(severity Severity, hint, format string, args ...any) {
		p.at(severity, p.line(), p.property.Name, hint, format, args...)
	})
	switch protocol {
	case modbus:
		p.modbus(read)
		read.close()
	case opcua:
		p.opcua(read)
		read.close()
	default:
		p.other(v.Config)
	}
}

// elsewhere tells whether a visitor is of another protocol than its device, which
// would not find its address then.
func (p *part) elsewhere(protocol string) bool {
	device := p.protocol().Protocol
	if protocol == device || device == "" || !ours(protocol) && !ours(device) {
		return false
	}
	p.fail("both have one protocolName", "its visitor is of protocol %s, and the device of %s", protocol, device)
	return true
}

// ours tells whether Sluice has a device service for a protocol.
func ours(protocol string) bool { return protocol == modbus || protocol == opcua }

// base is the resource of a property without its address and type.
func (p *part) base() dtos.DeviceResource {
	name := strings.ReplaceAll(p.property.Name, "/", "_") // a slash breaks topics
	if name != p.property.Name {
		p.warn("a slash breaks topics: the resource is called %s", name)
	}
	r := dtos.DeviceResource{Name: name, Description: p.property.Description, Attributes: map[string]any{}}
	r.Properties = dtos.ResourceProperties{ReadWrite: "RW", Units: p.property.Unit, DefaultValue: p.property.Default}
	switch p.property.Access {
	case readOnly:
		r.Properties.ReadWrite = "R"
	case "":
		r.Properties.ReadWrite = "R"
		p.warn("it has no accessMode: it is taken as %s", readOnly)
	}
	return r
}

// numeric puts in what numbers have.
func (p *part) numeric(r *dtos.DeviceResource) {
	r.Properties.Minimum = p.bound("minimum", p.property.Minimum)
	r.Properties.Maximum = p.bound("maximum", p.property.Maximum)
}

// bound is a limit as a number. What is none has no effect.
func (p *part) bound(name, s string) *float64 {
	if s == "" {
		return nil
	}
	f, err := decimal(s)
	if err != nil {
		p.warn("%s: %v, and has no effect", name, err)
		return nil
	}
	return &f
}

// signed tells whether an integer can be below 0.
func (p *part) signed() bool {
	if p.options.Semantics == Literal {
		return false
	}
	f, err := decimal(p.property.Minimum)
	return p.options.Signed || err == nil && f < 0
}

// other takes a property of a protocol that is not known here as it is.
func (p *part) other(config map[string]any) {
	if p.property.Type == Bytes && p.property.Access == readWrite {
		p.warn("EdgeX cannot set bytes: it is read only")
	}
	r := p.base()
	r.Attributes = merged(config, nil)
	p.plain(&r)
	p.resources = append(p.resources, r)
}

// plainTypes are the value types of properties where the wire has no say.
var plainTypes = map[Type]string{Int: "Int64", Float: "Float32", Double: "Float64", String: "String", Boolean: "Bool", Bytes: "Binary"}

// plain gives a resource the type of its property.
func (p *part) plain(r *dtos.DeviceResource) {
	r.Properties.ValueType = plainTypes[p.property.Type]
	switch p.property.Type {
	case Int, Float, Double:
		p.numeric(r)
	case Bytes:
		r.Properties.ReadWrite, r.Properties.MediaType = "R", "application/octet-stream"
	}
}
