package kubeedge

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/edgexfoundry/go-mod-core-contracts/v3/dtos"
)

// Convert makes profiles, devices, streams and rules of what was read. With an
// error among the findings the result is empty.
func Convert(set Set, options Options) (Result, Findings) {
	c := &converter{models: map[string]*Model{}, names: map[string]bool{}, patches: map[*Model]modelPatch{}}
	var err error
	if c.options, err = options.withDefaults(); err != nil {
		return Result{}, Findings{{Severity: Error, Message: err.Error()}}
	}
	for i := range set.Models {
		m := &set.Models[i]
		c.models[m.namespace()+"/"+m.Name] = m
	}
	c.devices(set)
	c.takeOpenYurt(set)
	if c.findings.Errors() == nil {
		c.check(set.Documents)
	}
	if c.findings.Errors() != nil {
		return Result{}, c.findings
	}
	return c.result, c.findings
}

// converter collects what is made and found.
type converter struct {
	options  Options
	models   map[string]*Model     // by namespace/name
	names    map[string]bool       // of streams, in lower case
	patches  map[*Model]modelPatch // the last of each
	findings Findings
	result   Result
}

// conversion is that of one device.
type conversion struct {
	*converter
	model   *Model
	device  *Device
	name    string // at EdgeX
	stream  string // its stream
	profile dtos.DeviceProfile
	parts   []part
	units   map[CycleUnit]bool // that auto has chosen
}

// part is a property of a device and what it has become. Without resources it
// was left out.
type part struct {
	*conversion
	property  Property
	setting   Setting // with the visitor that holds, taken over from the model or not
	resources []dtos.DeviceResource
	command   *dtos.DeviceCommand
	collect   time.Duration
	report    time.Duration
}

// source is the name of the command or resource that reads the property.
func (p *part) source() string {
	switch {
	case p.command != nil:
		return p.command.Name
	case len(p.resources) > 0:
		return p.resources[0].Name
	}
	return ""
}

// note reports something about the device.
func (c *conversion) note(severity Severity, path, hint, format string, args ...any) {
	c.at(severity, c.device.Line, path, hint, format, args...)
}

func (c *conversion) at(severity Severity, line int, path, hint, format string, args ...any) {
	s := source{Document{c.device.Place, kindDevice, c.device.namespace(), c.device.Name}, &c.findings}
	s.report(severity, line, path, hint, format, args...)
}

// warn and fail report something about a property.
func (p *part) warn(format string, args ...any) {
	p.at(Warning, p.line(), p.property.Name, "", format, args...)
}

func (p *part) fail(hint, format string, args ...any) {
	p.at(Error, p.line(), p.property.Name, hint, format, args...)
}

// line is where the device speaks of the property.
func (p *part) line() int {
	if p.setting.line != 0 {
		return p.setting.line
	}
	return p.device.Line
}

// devices converts all devices of the node.
func (c *converter) devices(set Set) {
	all := c.start(set)
	for _, d := range all {
		d.convert()
	}
	c.nameProfiles(all)
	used := map[*Model]bool{}
	for _, d := range all {
		used[d.model] = true
		d.stream = d.streamName()
		c.result.Devices = append(c.result.Devices, Instance{d.instance(), d.device.Place, d.stream})
		d.twins()
		d.define()
	}
	for i := range set.Models {
		if m := &set.Models[i]; !used[m] {
			c.unused(m)
		}
	}
}

// unused tells of a model that nothing comes of.
func (c *converter) unused(m *Model) {
	why := "no device has this model: nothing comes of it"
	if c.options.Node != "" {
		why = fmt.Sprintf("no device of node %s has this model: nothing comes of it", c.options.Node)
	}
	c.findings = append(c.findings, Finding{Severity: Warning, Place: m.Place, Document: Document{Kind: kindModel, Namespace: m.namespace(), Name: m.Name}.title(), Message: why})
}

// start finds the devices of the node, their models and their names at EdgeX.
func (c *converter) start(set Set) []*conversion {
	count, nodes := map[string]int{}, map[string]bool{}
	var all []*conversion
	for i := range set.Devices {
		d := &set.Devices[i]
		if nodes[d.Node] = true; c.options.Node != "" && d.Node != c.options.Node && !d.nodeless {
			continue
		}
		one := &conversion{converter: c, device: d, name: d.Name, units: map[CycleUnit]bool{}}
		one.model = c.models[d.namespace()+"/"+d.Model]
		if one.model == nil {
			one.note(Error, "spec.deviceModelRef.name", one.nearModel(), "there is no model %q in namespace %s", d.Model, d.namespace())
			continue
		}
		count[d.Name]++
		all = append(all, one)
	}
	if len(count) == 0 && len(nodes) > 0 && c.findings == nil {
		c.noNode(&set.Devices[0], slices.Sorted(maps.Keys(nodes)))
	}
	for _, one := range all {
		if count[one.name] > 1 {
			one.name = one.device.qualified()
		}
		if strings.Contains(one.name, ".") {
			one.note(Warning, "metadata.name", "", "a dot in the name of a device breaks its topics on the Redis bus")
		}
	}
	return all
}

// noNode tells that no device is of the node that was chosen.
func (c *converter) noNode(first *Device, nodes []string) {
	s := source{Document{first.Place, kindDevice, first.namespace(), first.Name}, &c.findings}
	hint := didYouMean(c.options.Node, nodes)
	if named := slices.DeleteFunc(nodes, func(n string) bool { return n == "" }); hint == "" && len(named) > 0 {
		hint = "there are devices of " + strings.Join(named, ", ")
	}
	s.report(Warning, first.Line, "spec.nodeName", hint, "neither this device nor another one is of node %q", c.options.Node)
}

// nearModel is a hint for the name of a model that there is not.
func (c *conversion) nearModel() string {
	var names []string
	for _, key := range slices.Sorted(maps.Keys(c.models)) {
		if name, ok := strings.CutPrefix(key, c.device.namespace()+"/"); ok {
			names = append(names, name)
		}
	}
	return didYouMean(c.device.Model, names)
}

// convert makes the resources of a device.
func (c *conversion) convert() {
	c.profile = c.head()
	known := map[string]bool{}
	for _, p := range c.model.Properties {
		known[p.Name] = true
		one := part{conversion: c, property: p, setting: Setting{Name: p.Name}}
		if s := c.device.find(p.Name); s != nil {
			one.setting = *s
		}
		one.setting.Visitor = effective(p.Visitor, one.setting.Visitor)
		one.cycles()
		one.mapped()
		c.parts = append(c.parts, one)
	}
	for _, s := range c.device.Settings {
		if !known[s.Name] {
			c.at(Error, s.line, s.Name, didYouMean(s.Name, slices.Sorted(maps.Keys(known))), "model %q has no property %q", c.model.Name, s.Name)
		}
	}
	c.noteUnits()
	c.collect()
}

// effective is the visitor of a device over that of its model, key by key.
func effective(model, own *Visitor) *Visitor {
	if model == nil || own == nil {
		if own == nil {
			return model
		}
		return own
	}
	v := Visitor{Protocol: own.Protocol, Config: maps.Clone(model.Config)}
	if v.Protocol == "" {
		v.Protocol = model.Protocol
	}
	if v.Config == nil {
		v.Config = map[string]any{}
	}
	maps.Copy(v.Config, own.Config)
	return &v
}

// cycles reads the cycles of a property.
func (p *part) cycles() {
	for _, c := range []struct {
		name  string
		given *int64
		to    *time.Duration
	}{{"collectCycle", p.setting.CollectCycle, &p.collect}, {"reportCycle", p.setting.ReportCycle, &p.report}} {
		d, err := p.options.CycleUnit.duration(c.given)
		if err != nil {
			p.fail("", "%s: %v", c.name, err)
		}
		*c.to = d
		switch {
		case d > 0 && p.options.CycleUnit == Auto:
			p.units[Auto.unitOf(*c.given)] = true
		case d >= firstNanoseconds*time.Millisecond && p.options.CycleUnit == Milliseconds:
			p.warn("a %s of %v is long; check the unit of cycles", c.name, d)
		}
	}
	if p.collect == 0 {
		p.collect = defaultCycle
	}
	if p.collect < 10*time.Millisecond {
		p.warn("a collectCycle of %v is below 10 ms, which EdgeX warns of; check the unit of cycles", p.collect)
	}
}

// noteUnits tells which unit auto has chosen.
func (c *conversion) noteUnits() {
	if len(c.units) > 0 {
		names := slices.Sorted(maps.Keys(c.units))
		text := string(names[0])
		if len(names) > 1 {
			text = "ms, and values from 100000000 on as ns"
		}
		c.note(Warning, "collectCycle", "give the unit to be sure", "cycles are taken as %s", text)
	}
}
