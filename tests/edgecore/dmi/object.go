package dmi

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	pb "github.com/kubeedge/api/apis/dmi/v1beta1"
	"go.yaml.in/yaml/v3"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// manifest is an object as kubectl takes it.
type manifest struct {
	Kind     string
	Metadata struct{ Name, Namespace string }
	Spec     map[string]any
}

func (m *manifest) id() string { return m.Metadata.Namespace + "/" + m.Metadata.Name }

// device and model are objects in edgecore's cache.
type (
	device manifest
	model  manifest
)

// manifests reads YAML with one object or more.
func manifests(text string) ([]*manifest, error) {
	var list []*manifest
	dec := yaml.NewDecoder(bytes.NewReader([]byte(text)))
	for {
		var m manifest
		err := dec.Decode(&m)
		if errors.Is(err, io.EOF) {
			return list, nil
		}
		if err != nil {
			return nil, err
		}
		if m.Metadata.Namespace == "" {
			m.Metadata.Namespace = "default"
		}
		list = append(list, &m)
	}
}

// at is the object at a path of keys, empty if there is none.
func at(m map[string]any, path ...string) map[string]any {
	for _, key := range path {
		m, _ = m[key].(map[string]any)
	}
	return m
}

func (d *device) protocol() string {
	name, _ := at(d.Spec, "protocol")["protocolName"].(string)
	return name
}

func (d *device) modelID() string {
	name, _ := at(d.Spec, "deviceModelRef")["name"].(string)
	return d.Metadata.Namespace + "/" + name
}

// properties are the device's own, to be read and changed.
func (d *device) properties() []map[string]any {
	var list []map[string]any
	items, _ := d.Spec["properties"].([]any)
	for _, item := range items {
		if m, ok := item.(map[string]any); ok {
			list = append(list, m)
		}
	}
	return list
}

// clone is a copy that shares nothing.
func (m *manifest) clone() (*manifest, error) {
	text, err := json.Marshal(m)
	if err != nil {
		return nil, err
	}
	var out manifest
	return &out, json.Unmarshal(text, &out)
}

// message is a device as edgecore sends it: through JSON, in which every number
// is a float, and with its configurations apart.
func (d *device) message() (*pb.Device, error) {
	copied, err := (*manifest)(d).clone()
	if err != nil {
		return nil, err
	}
	own := (*device)(copied)
	out := &pb.Device{Name: own.Metadata.Name, Namespace: own.Metadata.Namespace, Status: &pb.DeviceStatus{}}
	protocol, err := configData(at(own.Spec, "protocol"))
	if err != nil {
		return nil, fmt.Errorf("failed to convert protocol config data: %w", err)
	}
	var visitors []*pb.CustomizedValue
	for _, p := range own.properties() {
		data, err := configData(at(p, "visitors"))
		if err != nil {
			return nil, fmt.Errorf("failed to convert property: failed to convert visitor config data: %w", err)
		}
		visitors = append(visitors, data)
	}
	text, err := json.Marshal(own.Spec)
	if err != nil {
		return nil, err
	}
	out.Spec = &pb.DeviceSpec{}
	if err := json.Unmarshal(text, out.Spec); err != nil { // as edgecore does: names in any case
		return nil, err
	}
	if out.Spec.Protocol == nil { // a struct in edgecore, as are those below: never missing
		out.Spec.Protocol = &pb.ProtocolConfig{}
	}
	for _, p := range out.Spec.Properties {
		if p.Desired == nil {
			p.Desired = &pb.TwinProperty{}
		}
		if p.Visitors == nil {
			p.Visitors = &pb.VisitorConfig{}
		}
	}
	out.Spec.DeviceModelReference, _ = at(own.Spec, "deviceModelRef")["name"].(string)
	if protocol != nil {
		out.Spec.Protocol.ConfigData = protocol
	}
	for i, data := range visitors {
		if data != nil {
			out.Spec.Properties[i].Visitors.ConfigData = data
		}
	}
	return wired(out)
}

// wired is a message as it comes out of the wire.
func wired(d *pb.Device) (*pb.Device, error) {
	text, err := proto.Marshal(d)
	if err != nil {
		return nil, err
	}
	out := &pb.Device{}
	return out, proto.Unmarshal(text, out)
}

// configData takes the configuration out of a protocol or visitor, and makes
// messages of its values.
func configData(of map[string]any) (*pb.CustomizedValue, error) {
	data, ok := of["configData"].(map[string]any)
	if !ok {
		return nil, nil
	}
	delete(of, "configData")
	out := &pb.CustomizedValue{Data: map[string]*anypb.Any{}}
	for key, v := range data {
		var m proto.Message
		switch v := v.(type) {
		case string:
			m = wrapperspb.String(v)
		case bool:
			m = wrapperspb.Bool(v)
		case float64:
			m = wrapperspb.Float(float32(v))
		default:
			return nil, fmt.Errorf("%T does not support converting to any", v)
		}
		a, err := anypb.New(m)
		if err != nil {
			return nil, err
		}
		out.Data[key] = a
	}
	return out, nil
}

// message is a model as edgecore sends it, without its protocol.
func (m *model) message() *pb.DeviceModel {
	out := &pb.DeviceModel{Name: m.Metadata.Name, Namespace: m.Metadata.Namespace, Spec: &pb.DeviceModelSpec{}}
	if text, err := json.Marshal(m.Spec); err == nil {
		_ = json.Unmarshal(text, out.Spec) // what does not fit is left out
	}
	return out
}

// protocol is that of the mapper which is sent the model, empty: none is.
func (m *model) protocol() string {
	name, _ := m.Spec["protocol"].(string)
	return name
}
