package kubeedge

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/edgexfoundry/go-mod-core-contracts/v3/dtos"
	"go.yaml.in/yaml/v3"
)

// OpenYurt is the format of iot.openyurt.io/v1alpha1.
const OpenYurt = "openyurt"

// Object is an exported object.
type Object struct {
	Kind      string
	Namespace string
	Name      string
	YAML      []byte
}

// Export writes profiles and devices of EdgeX in a format: V1Alpha2, V1Beta1
// or OpenYurt. What was imported comes back with all it had. What a format has
// no field for is in an annotation, from which Read puts it back.
func Export(format string, profiles []dtos.DeviceProfile, devices []dtos.Device) ([]Object, Findings) {
	e := &exporter{format: format}
	switch format {
	case V1Alpha2, V1Beta1:
		e.kubeEdge(profiles, devices)
	case OpenYurt:
		e.openYurt(profiles, devices)
	default:
		e.fail("", fmt.Errorf("unknown format %q: there are %s, %s and %s", format, V1Alpha2, V1Beta1, OpenYurt))
	}
	if e.findings.Errors() != nil {
		return nil, e.findings
	}
	return e.objects, e.findings
}

// Text is all objects in one file.
func Text(objects []Object) []byte {
	texts := make([][]byte, len(objects))
	for i, o := range objects {
		texts[i] = o.YAML
	}
	return bytes.Join(texts, []byte("---\n"))
}

type exporter struct {
	format   string
	findings Findings
	objects  []Object
	models   []Model // as exported so far
}

func (e *exporter) fail(name string, err error) {
	e.findings = append(e.findings, Finding{Severity: Error, Document: name, Message: err.Error()})
}

func (e *exporter) warn(name, format string, args ...any) {
	e.findings = append(e.findings, Finding{Severity: Warning, Document: name, Message: fmt.Sprintf(format, args...)})
}

// write adds an object.
func (e *exporter) write(kind string, tree map[string]any, err error) {
	meta, _ := tree["metadata"].(map[string]any)
	name := text(meta["name"])
	if len(name) > longestName || !objectName.MatchString(name) {
		e.warn(kind+" "+name, "Kubernetes takes names of small letters, digits, - and . alone: it has to have another one there")
	}
	var b bytes.Buffer
	if err == nil {
		enc := yaml.NewEncoder(&b)
		enc.SetIndent(2)
		err = enc.Encode(tree)
	}
	if err != nil {
		e.fail(kind+" "+name, err)
		return
	}
	e.objects = append(e.objects, Object{kind, text(meta["namespace"]), name, b.Bytes()})
}

func (e *exporter) openYurt(profiles []dtos.DeviceProfile, devices []dtos.Device) {
	for _, p := range profiles {
		tree, err := yurtProfileTree(p)
		e.write(kindProfile, tree, err)
	}
	for _, d := range devices {
		tree, err := yurtDeviceTree(d)
		e.write(kindDevice, tree, err)
	}
}

// kubeEdge writes the models, then the devices.
func (e *exporter) kubeEdge(profiles []dtos.DeviceProfile, devices []dtos.Device) {
	byName := map[string]dtos.DeviceProfile{}
	for _, p := range profiles {
		byName[p.Name] = p
	}
	used := map[string]bool{}
	var all []Device
	for _, d := range devices {
		p, ok := byName[d.ProfileName]
		if !ok {
			e.fail(kindDevice+" "+d.Name, fmt.Errorf("its profile %q is not among those to export", d.ProfileName))
			continue
		}
		used[p.Name] = true
		model, device, choices, err := restored(p, d)
		if err != nil {
			e.fail(kindDevice+" "+d.Name, err)
			continue
		}
		e.incomplete(p, d, &model, &device, choices)
		e.inUnit(&device, choices.CycleUnit)
		if e.format == V1Alpha2 { // which has no visitors in models
			device.inherit(&model)
		}
		if device.Version != e.format {
			device.complete(&model)
		}
		device.Model = e.model(model, device.Name)
		all = append(all, device)
	}
	for _, p := range profiles {
		if !used[p.Name] {
			e.alone(p)
		}
	}
	writeModel, writeDevice := alphaModel, alphaDevice
	if e.format == V1Beta1 {
		writeModel, writeDevice = betaModel, betaDevice
	}
	for _, m := range e.models {
		tree, err := writeModel(m)
		e.write(kindModel, tree, err)
	}
	for _, d := range all {
		tree, err := writeDevice(d)
		e.write(kindDevice, tree, err)
	}
}

// model is the name of a model among those that are exported: one that is not
// like another of its name gets a name of its own.
func (e *exporter) model(m Model, device string) string {
	same := func(other Model) bool { return other.Name == m.Name && other.namespace() == m.namespace() }
	i := slices.IndexFunc(e.models, same)
	if i >= 0 && !sameTree(e.models[i], m) {
		name := m.Name
		m.Name += "-" + device
		e.warn(kindModel+" "+m.Name, "its device has other properties than those with model %s: it gets a model of its own", name)
		i = slices.IndexFunc(e.models, same)
	}
	if i < 0 {
		e.models = append(e.models, m)
	}
	return m.Name
}

// alone exports a profile that no device has. Only v1beta1 has visitors in
// models.
func (e *exporter) alone(p dtos.DeviceProfile) {
	if e.format != V1Beta1 {
		e.warn(kindProfile+" "+p.Name, "no device has it: its addresses have no place in %s", e.format)
	}
	protocols := map[string]dtos.ProtocolProperties{}
	for _, r := range p.DeviceResources {
		switch a := r.Attributes; {
		case a[primaryTable] != nil:
			protocols[modbusTCP] = nil
		case a[nodeID] != nil:
			protocols[opcua] = nil
		}
	}
	model, device := derive(p, dtos.Device{Protocols: protocols})
	model.Protocol = device.Protocol.Protocol
	for i := range model.Properties {
		model.Properties[i].Visitor = device.Settings[i].Visitor
	}
	e.model(model, p.Name)
}

// inherit gives a device the visitors that it takes over from its model.
func (d *Device) inherit(m *Model) {
	d.Protocol = *effective(&Visitor{m.Protocol, m.ProtocolConfig}, &d.Protocol)
	for _, p := range m.Properties {
		if p.Visitor != nil {
			s := d.setting(p.Name)
			s.Visitor = effective(p.Visitor, s.Visitor)
		}
	}
}

// complete gives the Modbus visitors of a device what KubeEdge wants them to
// have: releases up to 1.11 an offset and a limit, and its mapper a scale, for it
// multiplies by one that is missing as by 0.
func (d *Device) complete(m *Model) {
	for _, p := range m.Properties {
		s := d.find(p.Name)
		if s == nil || s.Visitor == nil || s.Visitor.Protocol != modbus {
			continue
		}
		wanted := map[string]int64{"offset": 0, "limit": widths[p.Type]}
		if alphaRanges[p.Type] {
			wanted["scale"] = 1
		}
		config := merged(s.Visitor.Config, nil)
		for key, v := range wanted {
			if read := newConfig(config, nil); read.get("register") != nil && read.get(key) == nil {
				config[key] = v
			}
		}
		s.Visitor = &Visitor{modbus, config}
	}
}

// incomplete warns of what would not come back from what is exported.
func (e *exporter) incomplete(p dtos.DeviceProfile, d dtos.Device, m *Model, device *Device, choices Choices) {
	title := kindDevice + " " + d.Name
	now := again(m, device, choices)
	for _, r := range p.DeviceResources {
		if !slices.ContainsFunc(now.profile.DeviceResources, func(other dtos.DeviceResource) bool { return other.Name == r.Name && sameTree(other, r) }) {
			e.warn(title, "resource %q has what KubeEdge has no field for: it is exported without", r.Name)
		}
	}
	for _, c := range p.DeviceCommands {
		if !slices.ContainsFunc(now.profile.DeviceCommands, func(other dtos.DeviceCommand) bool { return other.Name == c.Name && sameTree(other, c) }) {
			e.warn(title, "command %q is not exported: KubeEdge has methods alone, which set properties", c.Name)
		}
	}
	for _, a := range d.AutoEvents {
		if a.OnChange {
			e.warn(title, "the auto-event of %q sends changes alone: KubeEdge sends all that is read", a.SourceName)
		}
	}
	if list := edgexOnly(d); list != nil {
		e.warn(title, "KubeEdge has no field for: %s", strings.Join(list, ", "))
	}
}

// edgexOnly are the parts of a device that EdgeX alone has.
func edgexOnly(d dtos.Device) (list []string) {
	if d.Description != "" {
		list = append(list, "description")
	}
	if d.Location != nil {
		list = append(list, "location")
	}
	for _, key := range slices.Sorted(maps.Keys(d.Tags)) {
		if !strings.HasPrefix(key, tagPrefix) {
			list = append(list, "tag "+key)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(d.Properties)) {
		if key != propertyKept {
			list = append(list, "property "+key)
		}
	}
	return list
}

// inUnit writes cycles in the unit of the version that is exported: ns up to
// v1alpha2, ms in v1beta1. Those of a device of this version stay as they are;
// those of one that was never imported are ms.
func (e *exporter) inUnit(d *Device, unit CycleUnit) {
	switch d.Version {
	case e.format:
		return
	case "":
		unit = Milliseconds
	}
	for i := range d.Settings {
		s := &d.Settings[i]
		for _, c := range []**int64{&s.CollectCycle, &s.ReportCycle} {
			t, err := unit.duration(*c)
			if err != nil || t == 0 {
				continue
			}
			if e.format == V1Beta1 {
				*c = new(max(t.Milliseconds(), 1))
			} else {
				*c = new(t.Nanoseconds())
			}
		}
	}
}
