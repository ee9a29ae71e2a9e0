package kubeedge

import (
	"slices"
	"strconv"
	"strings"
)

// fields are those of a part of v1alpha2, with the types that they have there.
type fields map[string]fieldType

type fieldType int

const (
	aText fieldType = iota
	aWhole
	aNumber
	aBool
	anObject
	aRegister
	aParity
)

// What v1alpha2 has fields for.
var (
	alphaConnection = map[string]fields{
		modbus: {"slaveID": aWhole},
		opcua: {"url": aText, "userName": aText, "password": aText, "securityPolicy": aText, "securityMode": aText,
			"certificate": aText, "privateKey": aText, "timeout": aWhole},
		bluetooth: {"macAddress": aText},
	}
	alphaTCP    = fields{"ip": aText, "port": aWhole}
	alphaCOM    = fields{"serialPort": aText, "baudRate": aWhole, "dataBits": aWhole, "parity": aParity, "stopBits": aWhole}
	alphaCommon = fields{"commType": aText, "reconnTimeout": aWhole, "reconnRetryTimes": aWhole, "collectTimeout": aWhole,
		"collectRetryTimes": aWhole, "collectType": aText, "customizedValues": anObject}
	alphaVisit = map[string]fields{
		modbus:    {"register": aRegister, "offset": aWhole, "limit": aWhole, "scale": aNumber, "isSwap": aBool, "isRegisterSwap": aBool},
		opcua:     {"nodeID": aText, "browseName": aText},
		bluetooth: {"characteristicUUID": aText, "dataWrite": anObject, "dataConverter": anObject},
	}
	alphaRanges = map[Type]bool{Int: true, Float: true, Double: true}
	// aliases are other names of fields in v1beta1.
	aliases = map[string]string{"serialPort": "serialName", "slaveID": "unitID", "nodeID": "nodeIdentifier"}
)

// of takes its fields out of a configuration, as the types that they have.
func (f fields) of(config map[string]any) map[string]any {
	c := newConfig(config, nil)
	out := map[string]any{}
	for name, typ := range f {
		v := c.get(name)
		if other := aliases[name]; v == nil && other != "" {
			v = c.get(other)
		}
		if v, ok := typ.fit(v); ok {
			out[name] = v
		}
	}
	return out
}

// fit is a value as the type, if it can be one.
func (t fieldType) fit(v any) (any, bool) {
	var err error
	switch t {
	case aText:
		_, isText := v.(string)
		return v, isText
	case aWhole:
		v, err = whole(v)
	case aNumber:
		var f float64
		f, err = decimal(v)
		v = number(f)
	case aBool:
		v, err = truth(v)
	case anObject:
		_, isObject := v.(map[string]any)
		return v, isObject
	case aRegister:
		name, known := kubeRegisters[tables[strings.ToLower(text(v))]]
		return name, known
	case aParity:
		name, known := parities[strings.ToLower(text(v))]
		return map[string]string{"N": "none", "E": "even", "O": "odd"}[name], known
	}
	return v, err == nil
}

// unsaid are the keys of a configuration that do not stand in the parts made
// of it.
func unsaid(config map[string]any, parts ...map[string]any) map[string]any {
	rest := map[string]any{}
	for key, v := range config {
		if !slices.ContainsFunc(parts, func(p map[string]any) bool { return equal(p[key], v) }) {
			rest[key] = v
		}
	}
	return nonEmpty(rest)
}

// alphaModel is a model as v1alpha2 has it.
func alphaModel(m Model) (map[string]any, error) {
	direct, kept := parted(m.Rest, m.Version, V1Alpha2)
	fit, unfit := fitting(m.Labels)
	more := Model{Head: Head{Labels: unfit, Rest: kept}, ProtocolConfig: m.ProtocolConfig}
	properties := []any{}
	for _, p := range m.Properties {
		tree, keep := alphaProperty(p, m.Version)
		properties = append(properties, tree)
		more.Properties = append(more.Properties, keep)
	}
	spec := present("protocol", m.Protocol, "properties", properties)
	tree := merged(envelope(m.Head, fit, V1Alpha2, kindModel, spec, nil), direct)
	return tree, annotate(tree, more)
}

// alphaProperty is a property as v1alpha2 has it, and what that has no field
// for.
func alphaProperty(p Property, version string) (tree map[string]any, keep Property) {
	direct, kept := parted(p.Rest, version, V1Alpha2)
	keep = Property{Name: p.Name, Visitor: p.Visitor, Rest: kept}
	kind := map[string]any{}
	put := func(key, value string, wanted bool, lost *string) {
		v, ok := alphaValue(p.Type, value)
		switch {
		case value == "":
		case wanted && ok:
			kind[key] = v
		default:
			*lost = value
		}
	}
	put("minimum", p.Minimum, alphaRanges[p.Type], &keep.Minimum)
	put("maximum", p.Maximum, alphaRanges[p.Type], &keep.Maximum)
	put("defaultValue", p.Default, p.Type != Bytes && p.Type != Stream, &keep.Default)
	if p.Access != "" {
		kind["accessMode"] = p.Access
	} else if version != V1Alpha2 { // releases up to 1.11 want it
		kind["accessMode"] = readOnly
	}
	if alphaRanges[p.Type] && p.Unit != "" {
		kind["unit"] = p.Unit
	} else {
		keep.Unit = p.Unit
	}
	typ := p.Type
	if typ == Stream { // which v1alpha2 has not
		typ, keep.Type = Bytes, Stream
	}
	tree = present("name", p.Name, "description", p.Description, "type", map[string]any{strings.ToLower(string(typ)): kind})
	return merged(tree, direct), keep
}

// alphaValue is a text as the value that a type of v1alpha2 wants.
func alphaValue(t Type, s string) (any, bool) {
	switch t {
	case Int:
		i, err := strconv.ParseInt(s, 10, 64)
		return i, err == nil
	case Float, Double:
		f, err := decimal(s)
		return number(f), err == nil && text(number(f)) == s
	case Boolean:
		b, err := strconv.ParseBool(s)
		return b, err == nil && text(b) == s
	}
	return s, true
}

// alphaDevice is a device as v1alpha2 has it.
func alphaDevice(d Device) (map[string]any, error) {
	direct, kept := parted(d.Rest, d.Version, V1Alpha2)
	fit, unfit := fitting(d.Labels)
	more := Device{Head: Head{Labels: unfit, Rest: kept}, Methods: d.Methods, StateReport: d.StateReport}
	selector := anyNode
	if d.Node != "" {
		selector = selectorOf(d.Node)
	}
	protocol, rest := alphaProtocolTree(d.Protocol)
	more.Protocol.Config = rest
	var visitors, data, twins []any
	for _, s := range d.Settings {
		visitor, keep := alphaVisitorTree(s, d.Version)
		more.Settings = append(more.Settings, keep)
		if len(visitor) > 1 {
			visitors = append(visitors, visitor)
		}
		if s.Data != nil {
			data = append(data, present("propertyName", s.Name, "metadata", texts(*s.Data)))
		}
		if twin := alphaTwin(s); twin != nil {
			twins = append(twins, twin)
		}
	}
	spec := present("deviceModelRef", map[string]any{"name": d.Model}, "nodeSelector", selector, "protocol", protocol,
		"propertyVisitors", visitors, "data", present("dataTopic", d.DataTopic, "dataProperties", data))
	tree := merged(envelope(d.Head, fit, V1Alpha2, kindDevice, spec, present("twins", twins)), direct)
	return tree, annotate(tree, more)
}

// alphaProtocolTree is a protocol with its connection beside it, and what has
// no field there.
func alphaProtocolTree(v Visitor) (tree, rest map[string]any) {
	tcp, com, common := alphaTCP.of(v.Config), alphaCOM.of(v.Config), alphaCommon.of(v.Config)
	if v.Protocol == modbus {
		withUsual(tcp, com)
	}
	tree = present("common", merged(common, present("tcp", tcp, "com", com)))
	known := alphaConnection[v.Protocol]
	if known == nil {
		rest = unsaid(v.Config, tcp, com, common)
		if v.Protocol == "" {
			return tree, rest
		}
		tree[customized] = map[string]any{"protocolName": v.Protocol, "configData": merged(rest, nil)}
		return tree, nil
	}
	own := known.of(v.Config)
	if v.Protocol == modbus && own["slaveID"] == nil { // 0 to v1alpha2
		own["slaveID"] = int64(defaultUnit)
	}
	tree[v.Protocol] = own
	return tree, unsaid(v.Config, own, tcp, com, common)
}

// withUsual puts in what releases up to 1.11 want a connection to have.
func withUsual(tcp, com map[string]any) {
	if len(tcp) > 0 && tcp["port"] == nil {
		tcp["port"] = int64(defaultPort)
	}
	if len(com) == 0 {
		return
	}
	for key, v := range map[string]any{"dataBits": int64(8), "stopBits": int64(1), "parity": "none"} {
		if com[key] == nil {
			com[key] = v
		}
	}
}

func alphaVisitorTree(s Setting, version string) (tree map[string]any, keep Setting) {
	direct, kept := parted(s.Rest, version, V1Alpha2)
	delete(direct, "twin")
	keep = Setting{Name: s.Name, ReportToCloud: s.ReportToCloud, Observed: s.Observed, Push: s.Push, Rest: kept}
	tree = present("propertyName", s.Name, "customizedValues", s.Customized)
	for key, cycle := range map[string]*int64{"collectCycle": s.CollectCycle, "reportCycle": s.ReportCycle} {
		if cycle != nil {
			tree[key] = *cycle
		}
	}
	if v := s.Visitor; v != nil {
		switch known := alphaVisit[v.Protocol]; {
		case known != nil:
			in := known.of(v.Config)
			if v.Protocol == modbus && in["register"] == nil { // is no visitor of v1alpha2
				keep.Visitor = v
				break
			}
			tree[v.Protocol] = in
			if rest := unsaid(v.Config, in); rest != nil {
				keep.Visitor = &Visitor{Config: rest}
			}
		case v.Protocol != "":
			tree[customized] = map[string]any{"protocolName": v.Protocol, "configData": merged(v.Config, nil)}
		default:
			keep.Visitor = v
		}
	}
	return merged(tree, direct), keep
}

func alphaTwin(s Setting) map[string]any {
	if s.Desired == nil && s.Reported == nil {
		return nil
	}
	tree := map[string]any{"propertyName": s.Name}
	for key, t := range map[string]*Twin{"desired": s.Desired, "reported": s.Reported} {
		if t != nil {
			tree[key] = twinTree(*t)
		}
	}
	rest, _ := s.Rest["twin"].(map[string]any)
	return merged(tree, rest)
}
