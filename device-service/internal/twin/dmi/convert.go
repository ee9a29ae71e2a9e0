package dmi

import (
	"encoding/json"
	"fmt"
	"strings"

	pb "github.com/kubeedge/api/apis/dmi/v1beta1"

	"sluice/profiles/kubeedge"
)

// apiVersion is the version of the objects that profiles/kubeedge reads.
const apiVersion = "devices.kubeedge.io/" + kubeedge.V1Beta1

// object is an object as JSON has it.
type object = map[string]any

// setOf makes of a device and its model what the files of both would give.
func setOf(device *pb.Device, model *pb.DeviceModel) (kubeedge.Set, error) {
	d, err := deviceObject(device)
	if err != nil {
		return kubeedge.Set{}, err
	}
	text, err := json.Marshal([]object{modelObject(model), d})
	if err != nil {
		return kubeedge.Set{}, fmt.Errorf("write as JSON: %w", err)
	}
	set, findings := kubeedge.Read(kubeedge.File{Name: "dmi", Data: text})
	return set, errorOf(findings)
}

// errorOf is what findings have of errors.
func errorOf(findings kubeedge.Findings) error {
	var reasons []string
	for _, f := range findings.Errors() {
		reason := f.Message
		if f.Path != "" {
			reason = f.Path + ": " + reason
		}
		if f.Hint != "" {
			reason += "; " + f.Hint
		}
		reasons = append(reasons, reason)
	}
	if reasons == nil {
		return nil
	}
	return fmt.Errorf("%s", strings.Join(reasons, ", "))
}

func head(kind, namespace, name string, spec object) object {
	return object{"apiVersion": apiVersion, "kind": kind, "metadata": object{"name": name, "namespace": namespace}, "spec": spec}
}

func modelObject(m *pb.DeviceModel) object {
	properties := []object{}
	for _, p := range m.GetSpec().GetProperties() {
		properties = append(properties, short(object{
			"name": p.GetName(), "description": p.GetDescription(), "type": p.GetType(), "accessMode": p.GetAccessMode(),
			"minimum": p.GetMinimum(), "maximum": p.GetMaximum(), "unit": p.GetUnit(),
		}))
	}
	return head("DeviceModel", m.GetNamespace(), m.GetName(), object{"properties": properties})
}

func deviceObject(d *pb.Device) (object, error) {
	protocol, err := visitorObject(d.GetSpec().GetProtocol())
	if err != nil {
		return nil, fmt.Errorf("spec.protocol.configData.%w", err)
	}
	spec := object{"deviceModelRef": object{"name": d.GetSpec().GetDeviceModelReference()}, "protocol": protocol}
	properties := []object{}
	for i, p := range d.GetSpec().GetProperties() {
		one, err := propertyObject(p)
		if err != nil {
			return nil, fmt.Errorf("spec.properties[%d].%w", i, err)
		}
		properties = append(properties, one)
	}
	spec["properties"] = properties
	var methods []object
	for _, m := range d.GetSpec().GetMethods() {
		methods = append(methods, object{"name": m.GetName(), "description": m.GetDescription(), "propertyNames": m.GetPropertyNames()})
	}
	if methods != nil {
		spec["methods"] = methods
	}
	if s := d.GetStatus(); s.GetReportToCloud() || s.GetReportCycle() != 0 {
		spec["stateReport"] = short(object{"reportToCloud": s.GetReportToCloud(), "reportCycle": s.GetReportCycle()})
	}
	return head("Device", d.GetNamespace(), d.GetName(), spec), nil
}

// configured is a protocol or a visitor: both have the same fields.
type configured interface {
	GetProtocolName() string
	GetConfigData() *pb.CustomizedValue
}

func visitorObject(v configured) (object, error) {
	data, err := plainMap(v.GetConfigData().GetData())
	if err != nil {
		return nil, err
	}
	return object{"protocolName": v.GetProtocolName(), "configData": data}, nil
}

func propertyObject(p *pb.DeviceProperty) (object, error) {
	o := short(object{
		"name": p.GetName(), "collectCycle": p.GetCollectCycle(), "reportCycle": p.GetReportCycle(), "reportToCloud": p.GetReportToCloud(),
	})
	// Edgecore sends both for every property, empty where there is none.
	if d := p.GetDesired(); d.GetValue() != "" || len(d.GetMetadata()) > 0 {
		o["desired"] = object{"value": d.GetValue(), "metadata": d.GetMetadata()}
	}
	if v := p.GetVisitors(); v.GetProtocolName() != "" || len(v.GetConfigData().GetData()) > 0 {
		visitor, err := visitorObject(v)
		if err != nil {
			return nil, fmt.Errorf("visitors.configData.%w", err)
		}
		o["visitors"] = visitor
	}
	if m := p.GetPushMethod(); m != nil {
		o["pushMethod"] = pushObject(m)
	}
	return o, nil
}

// short leaves out what says nothing: the messages cannot tell a zero from
// what is not there.
func short(o object) object {
	for key, v := range o {
		switch v {
		case "", false, int32(0), int64(0):
			delete(o, key)
		}
	}
	return o
}
