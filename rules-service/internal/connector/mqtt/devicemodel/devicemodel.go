// Package devicemodel knows which types the properties of KubeEdge's devices
// have, from the files that KubeEdge has its device models in.
package devicemodel

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"sluice/profiles/kubeedge"
)

// Models are the models and devices of a file.
type Models struct {
	models  map[string]map[string]string // by the name of the model, in lower case
	literal map[string]map[string]string // the same, with the names of properties in lower case
	devices map[string]map[string]string // by namespace/name, or /name where the file tells no namespace
	named   map[string]map[string]string // by name; of the namespace default, or the first
}

// Properties are the types of a device's properties: those of its model, or of a
// model that has the device's name.
func (m *Models) Properties(namespace, device string) map[string]string {
	if namespace == "" {
		if p, ok := m.named[device]; ok {
			return p
		}
		return m.models[strings.ToLower(device)]
	}
	for _, in := range []string{namespace, ""} {
		if p, ok := m.devices[in+"/"+device]; ok {
			return p
		}
	}
	return m.models[strings.ToLower(device)]
}

// Literal are models as eKuiper understood them: a device is the model of its
// name, in any case, and so are the names of properties.
type Literal struct{ *Models }

// Properties are the types of the model's properties, by their names in lower
// case.
func (l Literal) Properties(_, device string) map[string]string {
	return l.literal[strings.ToLower(device)]
}

// Parse reads a deviceProfile.json, whole or its models alone, or DeviceModels
// and Devices of any version. What is wrong with it beside the types does not
// matter here.
func Parse(name string, data []byte) (*Models, error) {
	m := &Models{models: map[string]map[string]string{}, literal: map[string]map[string]string{},
		devices: map[string]map[string]string{}, named: map[string]map[string]string{}}
	if !m.profile(data) {
		if err := m.objects(name, data); err != nil {
			return nil, err
		}
	}
	if len(m.models) == 0 {
		return nil, fmt.Errorf("%s: there are no device models; a deviceProfile.json has deviceModels, and YAML documents of the kind DeviceModel", name)
	}
	return m, nil
}

// profile reads a deviceProfile.json. Its types are taken as they are written.
func (m *Models) profile(data []byte) bool {
	var in struct {
		DeviceModels []struct {
			Name       string
			Properties []struct{ Name, DataType string }
		}
		DeviceInstances []struct{ ID, Name, Model string }
	}
	if json.Unmarshal(data, &in) != nil || len(in.DeviceModels) == 0 {
		return false
	}
	models := map[string]map[string]string{}
	for _, model := range in.DeviceModels {
		types := map[string]string{}
		for _, p := range model.Properties {
			types[p.Name] = strings.ToLower(p.DataType)
		}
		models[model.Name] = types
		m.model(model.Name, types)
	}
	for _, d := range in.DeviceInstances {
		for _, name := range []string{d.Name, d.ID} {
			m.add("", name, models[d.Model])
		}
	}
	return true
}

// objects reads what the import reads.
func (m *Models) objects(name string, data []byte) error {
	set, findings := kubeedge.Read(kubeedge.File{Name: name, Data: data})
	if len(set.Documents) == 0 {
		if errs := findings.Errors(); len(errs) > 0 {
			return errors.New(errs[0].String())
		}
	}
	models := map[string]map[string]string{}
	for _, model := range set.Models {
		types := map[string]string{}
		for _, p := range model.Properties {
			types[p.Name] = strings.ToLower(string(p.Type))
		}
		models[namespaceOf(model.Namespace)+"/"+model.Name] = types
		m.model(model.Name, types)
	}
	for _, d := range set.Devices {
		m.add(namespaceOf(d.Namespace), d.Name, models[namespaceOf(d.Namespace)+"/"+d.Model])
	}
	return nil
}

const defaultNamespace = "default"

func namespaceOf(namespace string) string {
	if namespace == "" {
		return defaultNamespace
	}
	return namespace
}

func (m *Models) model(name string, types map[string]string) {
	lower := make(map[string]string, len(types))
	for property, typ := range types {
		lower[strings.ToLower(property)] = typ
	}
	m.models[strings.ToLower(name)], m.literal[strings.ToLower(name)] = types, lower
}

func (m *Models) add(namespace, name string, types map[string]string) {
	if name == "" || types == nil {
		return
	}
	m.devices[namespace+"/"+name] = types
	if _, ok := m.named[name]; !ok || namespace == defaultNamespace {
		m.named[name] = types
	}
}
