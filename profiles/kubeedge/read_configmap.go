package kubeedge

import (
	"errors"
	"strings"

	"go.yaml.in/yaml/v3"
)

// The ConfigMap that KubeEdge before 1.15 makes for each node.
const (
	configMapPrefix = "device-profile-config-"
	profileKey      = "deviceProfile.json"
)

// configMap reads the deviceProfile.json in a ConfigMap.
func (r *reader) configMap(o *object) {
	meta := o.object("metadata")
	name := meta.text("name")
	text := o.object("data").take(profileKey)
	if text == nil {
		r.note(o, "ConfigMap")
		if strings.HasPrefix(name, configMapPrefix) {
			o.fail(nil, "data."+profileKey, "", "is missing")
			return
		}
		o.from.report(Warning, o.line, "", "", "it has no %s: it is not imported", profileKey)
		return
	}
	below := text.Line - 1
	if text.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 {
		below++ // the text begins on the next line
	}
	list, err := jsonNodes([]byte(text.Value))
	if at := (*syntaxError)(nil); errors.As(err, &at) {
		o.from.report(Error, at.line+below, "data."+profileKey, "", "%v", err)
		return
	}
	if len(list) != 1 {
		o.fail(text, "data."+profileKey, "", "one JSON object is wanted here, not %d", len(list))
		return
	}
	from := *o.from
	p := &profileReader{reader: r, file: o.from.File, namespace: meta.text("namespace"), node: strings.TrimPrefix(name, configMapPrefix)}
	moveDown(list[0], below)
	p.read(newObject(&from, "", list[0]))
}

// moveDown turns lines of a text into those of the file around it.
func moveDown(n *yaml.Node, by int) {
	n.Line += by
	for _, c := range n.Content {
		moveDown(c, by)
	}
}

// deviceProfile reads a bare deviceProfile.json, which does not tell its node.
func (r *reader) deviceProfile(o *object) {
	p := &profileReader{reader: r, file: o.from.File}
	p.read(o)
}

// profileReader reads a deviceProfile.json in any of its three shapes.
type profileReader struct {
	*reader
	file, namespace, node string
	protocols             map[string]*object
	visitors              []*object // of the shape up to 1.3, at the top
}

func (p *profileReader) read(o *object) {
	p.protocols = map[string]*object{}
	for _, proto := range o.objects("protocols") {
		p.protocols[proto.text("name")] = proto
	}
	p.visitors = o.objects("propertyVisitors")
	models := map[string]bool{}
	version := V1Alpha2
	if o.has("propertyVisitors") {
		version = V1Alpha1
	}
	for _, m := range o.objects("deviceModels") {
		models[m.text("name")] = true
		p.model(m, version)
	}
	for _, d := range o.objects("deviceInstances") {
		p.instance(d, version)
		if name := d.text("model"); !models[name] {
			d.fail(d.values["model"], "model", "", "there is no model %q in deviceModels", name)
		}
	}
	if rest := o.rest(); rest != nil {
		for key := range rest {
			o.from.report(Warning, o.line, key, "", "unknown field: it is not kept")
		}
	}
}

// document begins the document of one object in the file.
func (p *profileReader) document(o *object, kind, name string) Head {
	h := Head{Namespace: p.namespace, Name: name, Place: Place{p.file, o.line}}
	if h.Namespace == defaultNamespace {
		h.Namespace = ""
	}
	d := Document{h.Place, kind, h.namespace(), name}
	o.from = &source{d, &p.findings}
	p.set.Documents = append(p.set.Documents, d)
	if name == "" {
		o.fail(nil, "name", "", "is missing")
	}
	return h
}

func (p *profileReader) model(o *object, version string) {
	m := Model{Head: p.document(o, kindModel, o.text("name"))}
	m.Version = version
	for _, in := range o.objects("properties") {
		prop := Property{Name: in.text("name"), Description: in.text("description"), line: in.line}
		prop.Type = types[strings.ToLower(in.oneOf("dataType", "int", "string", "double", "float", "boolean", "bytes"))]
		prop.constraints(in)
		prop.Default = in.text("defaultValue")
		prop.Rest = in.rest()
		m.Properties = append(m.Properties, prop)
	}
	if version == V1Alpha1 {
		p.modelVisitors(&m)
	}
	if rest := o.rest(); rest != nil {
		m.Rest = map[string]any{"spec": rest}
	}
	checkProperties(o, &m)
	p.set.Models = append(p.set.Models, m)
}

// modelVisitors gives a model the visitors at the top of the file.
func (p *profileReader) modelVisitors(m *Model) {
	for _, v := range p.visitors {
		if v.text("modelName") != m.Name {
			continue
		}
		prop := m.property(v.text("propertyName"))
		if prop == nil {
			v.fail(v.values["propertyName"], "propertyName", "", "model %q has no property %q", m.Name, v.text("propertyName"))
			continue
		}
		prop.Visitor = profileVisitor(v)
	}
}

// profileVisitor is a visitor as deviceProfile.json has it.
func profileVisitor(o *object) *Visitor {
	v := Visitor{o.text("protocol"), o.free("visitorConfig")}
	o.text("name")
	o.text("modelName")
	unwrap(&v)
	return &v
}

// unwrap takes a customized protocol out of its wrapping.
func unwrap(v *Visitor) {
	if v.Protocol != "customized-protocol" {
		return
	}
	v.Protocol = text(v.Config["protocolName"])
	v.Config, _ = v.Config["configData"].(map[string]any)
}

func (p *profileReader) instance(o *object, version string) {
	name := o.text("name")
	d := Device{Head: p.document(o, kindDevice, name), Model: o.text("model"), Node: p.node, nodeless: p.node == ""}
	d.Version = version
	if id := o.text("id"); id != "" && id != name {
		d.Rest = map[string]any{"id": id}
	}
	d.Protocol = p.protocol(o)
	for _, v := range o.objects("propertyVisitors") {
		s := d.begin(v, "propertyName")
		s.Visitor = profileVisitor(v)
		s.CollectCycle, s.ReportCycle = v.whole("collectCycle"), v.whole("reportCycle")
		s.Customized = v.free("customizedValues")
		s.Rest = v.rest()
	}
	readTwins(o, &d)
	readData(o, &d) // as 1.4 to 1.8 have it
	readData(o.object("data"), &d)
	p.checkLinks(o, &d)
	if rest := o.rest(); rest != nil {
		d.Rest = merged(d.Rest, map[string]any{"spec": rest})
	}
	p.set.Devices = append(p.set.Devices, d)
}

// protocol is the one that an instance names.
func (p *profileReader) protocol(o *object) Visitor {
	proto := p.protocols[o.text("protocol")]
	if proto == nil {
		o.fail(o.values["protocol"], "protocol", "", "there is no protocol %q in protocols", o.text("protocol"))
		return Visitor{}
	}
	v := Visitor{proto.text("protocol"), proto.free("protocolConfig")}
	if old := proto.free("protocol_config"); old != nil { // up to 1.3
		v.Config = old
	}
	v.Protocol = strings.TrimSuffix(strings.TrimSuffix(v.Protocol, "-rtu"), "-tcp")
	unwrap(&v)
	v.Config = joined(v.Config, proto.free("protocolCommonConfig"))
	return v
}

// checkLinks finds twins and data of properties without a visitor, which the
// mappers refuse.
func (p *profileReader) checkLinks(o *object, d *Device) {
	if d.Version == V1Alpha1 {
		return
	}
	for _, s := range d.Settings {
		if s.Visitor == nil && s.Name != "" {
			o.from.report(Error, s.line, "propertyVisitors", "", "property %q is a twin or data and has no visitor", s.Name)
		}
	}
}
