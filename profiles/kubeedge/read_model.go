package kubeedge

import "strings"

// types are those of properties by the names that the versions have for them.
var types = map[string]Type{"int": Int, "float": Float, "double": Double, "string": String, "boolean": Boolean, "bytes": Bytes, "stream": Stream}

// model reads a DeviceModel.
func (r *reader) model(o *object, version string) {
	m := Model{Head: r.note(o, kindModel)}
	m.Version = version
	spec := o.object("spec")
	m.Protocol = spec.text("protocol")
	m.ProtocolConfig = spec.free("protocolConfigData")
	for _, p := range spec.objects("properties") {
		m.Properties = append(m.Properties, property(p, version))
	}
	if version == V1Alpha1 {
		readModelVisitors(spec, &m)
	}
	beyond := beyondOf(o)
	m.Rest = o.rest()
	if err := beyond.intoModel(&m); err != nil {
		o.from.report(Error, o.line, "metadata.annotations."+annotation, "", "%v", err)
	}
	checkProperties(o, &m)
	r.set.Models = append(r.set.Models, m)
}

func property(o *object, version string) Property {
	p := Property{Name: o.text("name"), Description: o.text("description"), line: o.line}
	if version == V1Beta1 {
		p.Type = types[strings.ToLower(o.oneOf("type", "INT", "FLOAT", "DOUBLE", "STRING", "BOOLEAN", "BYTES", "STREAM"))]
		p.constraints(o)
		p.Visitor = betaVisitor(o)
	} else {
		p.alphaType(o.object("type"))
	}
	p.Rest = o.rest()
	return p
}

// constraints are the fields beside the type.
func (p *Property) constraints(o *object) {
	p.Access = o.oneOf("accessMode", readOnly, readWrite)
	p.Minimum, p.Maximum, p.Unit = o.text("minimum"), o.text("maximum"), o.text("unit")
}

// alphaType reads a type as v1alpha1 and v1alpha2 have it: an object of one
// key.
func (p *Property) alphaType(o *object) {
	for _, name := range []string{"int", "float", "double", "string", "boolean", "bytes"} {
		if !o.has(name) {
			continue
		}
		if p.Type != "" {
			o.fail(o.values[name], name, "a property has one type", "stands beside another type")
			continue
		}
		p.Type = types[name]
		in := o.object(name)
		p.constraints(in)
		p.Default = in.text("defaultValue")
	}
}

// readModelVisitors reads the visitors that v1alpha1 has in the model.
func readModelVisitors(spec *object, m *Model) {
	for _, v := range spec.objects("propertyVisitors") {
		name := v.text("propertyName")
		p := m.property(name)
		if p == nil {
			v.fail(v.values["propertyName"], "propertyName", "", "the model has no property %q", name)
			continue
		}
		p.Visitor = alphaVisitor(v)
		if rest := v.rest(); rest != nil {
			if p.Rest == nil {
				p.Rest = map[string]any{}
			}
			p.Rest["visitor"] = rest
		}
	}
}

// checkProperties finds what keeps a model from meaning anything.
func checkProperties(o *object, m *Model) {
	seen := map[string]bool{}
	for _, p := range m.Properties {
		switch {
		case p.Name == "":
			o.from.report(Error, p.line, "spec.properties", "", "a property has no name")
		case seen[p.Name]:
			o.from.report(Error, p.line, "spec.properties", "", "property %q is there twice", p.Name)
		case p.Type == "":
			o.from.report(Error, p.line, "spec.properties", "it is int, string, double, float, boolean or bytes", "property %q has no type", p.Name)
		}
		seen[p.Name] = true
	}
}
