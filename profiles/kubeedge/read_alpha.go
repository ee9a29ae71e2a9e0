package kubeedge

import "maps"

// The protocols that have fields of their own before v1beta1.
const (
	modbus     = "modbus"
	opcua      = "opcua"
	bluetooth  = "bluetooth"
	customized = "customizedProtocol"
)

var alphaProtocols = []string{modbus, opcua, bluetooth, customized}

// readAlpha reads what v1alpha1 and v1alpha2 have for a device.
func readAlpha(o, spec *object, d *Device, version string) {
	d.Node = alphaNode(spec)
	d.Protocol = alphaProtocol(spec.object("protocol"))
	if version != V1Alpha1 {
		for _, v := range spec.objects("propertyVisitors") {
			s := d.begin(v, "propertyName")
			s.Visitor = alphaVisitor(v)
			s.CollectCycle, s.ReportCycle = v.whole("collectCycle"), v.whole("reportCycle")
			s.Customized = v.free("customizedValues")
			s.Rest = v.rest()
		}
		readData(spec.object("data"), d)
	}
	readTwins(o.object("status"), d)
}

// alphaNode is the node that a device is bound to: the first value of the
// first expression. A selector that says more is part of the rest too.
func alphaNode(spec *object) string {
	n := spec.values["nodeSelector"]
	if n == nil {
		return ""
	}
	v, err := plain(n)
	if err != nil {
		spec.fail(n, "nodeSelector", "", "%v", err)
		return ""
	}
	expression, _ := first(first(v, "nodeSelectorTerms"), "matchExpressions").(map[string]any)
	node := text(first(expression, "values"))
	if equal(v, selectorOf(node)) || equal(v, anyNode) {
		spec.take("nodeSelector")
	}
	return node
}

// selectorOf is the selector of a node.
func selectorOf(node string) map[string]any {
	return map[string]any{"nodeSelectorTerms": []any{map[string]any{
		"matchExpressions": []any{map[string]any{"key": "", "operator": "In", "values": []any{node}}}}}}
}

// anyNode is the selector of a device that is bound to no node.
var anyNode = map[string]any{"nodeSelectorTerms": []any{}}

// first is the first item of the list at a key.
func first(v any, key string) any {
	m, _ := v.(map[string]any)
	list, _ := m[key].([]any)
	if len(list) == 0 {
		return nil
	}
	return list[0]
}

// alphaProtocol is the protocol of a device, with its parts put together.
func alphaProtocol(o *object) Visitor {
	v := named(o, "slaveID")
	v.Config = joined(v.Config, o.free("common"))
	return v
}

// joined is the configuration of a protocol with that of its connection, which
// v1alpha1 has inside it and v1alpha2 beside it.
func joined(config, common map[string]any) map[string]any {
	for _, part := range []string{"tcp", "rtu"} {
		spread(config, part)
	}
	for _, part := range []string{"tcp", "com"} {
		spread(common, part)
	}
	if config == nil {
		return common
	}
	for key, value := range common {
		if _, taken := config[key]; !taken {
			config[key] = value
		}
	}
	return config
}

// spread puts the keys of a part beside it.
func spread(m map[string]any, part string) {
	if in, ok := m[part].(map[string]any); ok {
		delete(m, part)
		maps.Copy(m, in)
	}
}

// alphaVisitor is the visitor of a property.
func alphaVisitor(o *object) *Visitor {
	v := named(o, "offset")
	if v.Protocol == "" {
		return nil
	}
	return &v
}

// named is the protocol whose key there is in o, with its configuration. Of
// Modbus releases before 1.12 drop what is 0: the value of key is 0 then.
func named(o *object, key string) Visitor {
	var v Visitor
	found := ""
	for _, name := range alphaProtocols {
		if !o.has(name) {
			continue
		}
		if found != "" {
			o.fail(o.values[name], name, "", "stands beside %s: there is one protocol", found)
			continue
		}
		found = name
		if name != customized {
			v = Visitor{name, o.free(name)}
			if name == modbus {
				v.zero(key)
			}
			continue
		}
		in := o.object(name)
		v = Visitor{in.text("protocolName"), in.free("configData")}
		if v.Protocol == "" {
			in.fail(nil, "protocolName", "", "is missing")
		}
	}
	return v
}

// zero sets a key that is missing to 0.
func (v *Visitor) zero(key string) {
	if v.Config == nil {
		v.Config = map[string]any{}
	}
	if v.Config[key] == nil {
		v.Config[key] = int64(0)
	}
}

// readData reads which properties are published as time series.
func readData(o *object, d *Device) {
	d.DataTopic = o.text("dataTopic")
	for _, p := range o.objects("dataProperties") {
		name := p.text("propertyName")
		if name == "" {
			p.fail(nil, "propertyName", "", "is missing")
			continue
		}
		s := d.setting(name)
		if s.line == 0 {
			s.line = p.line
		}
		data := Metadata(p.labels("metadata"))
		if data == nil {
			data = Metadata{}
		}
		s.Data = &data
	}
}
