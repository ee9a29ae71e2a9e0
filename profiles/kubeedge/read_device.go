package kubeedge

import "fmt"

// instance reads a Device.
func (r *reader) instance(o *object, version string) {
	d := Device{Head: r.note(o, kindDevice)}
	d.Version = version
	spec := o.object("spec")
	d.Model = spec.object("deviceModelRef").text("name")
	if d.Model == "" {
		o.from.report(Error, o.line, "spec.deviceModelRef.name", "", "is missing")
	}
	if version == V1Beta1 {
		readBeta(o, spec, &d)
	} else {
		readAlpha(o, spec, &d, version)
	}
	beyond := beyondOf(o)
	d.Rest = o.rest()
	if err := beyond.intoDevice(&d); err != nil {
		o.from.report(Error, o.line, "metadata.annotations."+annotation, "", "%v", err)
	}
	r.set.Devices = append(r.set.Devices, d)
}

// readBeta reads what v1beta1 has for a device.
func readBeta(o, spec *object, d *Device) {
	d.Node = spec.text("nodeName")
	if v := betaProtocol(spec, "protocol"); v != nil {
		d.Protocol = *v
	}
	for _, p := range spec.objects("properties") {
		s := d.begin(p, "name")
		s.Visitor = betaVisitor(p)
		s.CollectCycle, s.ReportCycle, s.ReportToCloud = p.whole("collectCycle"), p.whole("reportCycle"), p.truth("reportToCloud")
		s.Desired = twinAt(p, "desired")
		s.Push = p.free("pushMethod")
		s.Rest = p.rest()
	}
	for _, m := range spec.objects("methods") {
		d.Methods = append(d.Methods, Method{m.text("name"), m.text("description"), m.texts("propertyNames"), m.rest()})
	}
	d.StateReport = spec.free("stateReport")
	readTwins(o.object("status"), d)
}

// begin is the setting of the property that o names. A second one for it is
// an error.
func (d *Device) begin(o *object, key string) *Setting {
	name := o.text(key)
	if name == "" {
		o.fail(nil, key, "", "is missing")
	} else if d.find(name) != nil {
		o.fail(o.values[key], key, "", "property %q is there twice", name)
	}
	d.Settings = append(d.Settings, Setting{Name: name, line: o.line})
	return &d.Settings[len(d.Settings)-1]
}

// betaVisitor is the visitor of a property of v1beta1.
func betaVisitor(o *object) *Visitor { return betaProtocol(o, "visitors") }

// betaProtocol is a protocol with its configuration.
func betaProtocol(o *object, key string) *Visitor {
	if !o.has(key) {
		return nil
	}
	in := o.object(key)
	return &Visitor{in.text("protocolName"), in.free("configData")}
}

// twinAt is the value of a twin, nil if there is none.
func twinAt(o *object, key string) *Twin {
	if !o.has(key) {
		return nil
	}
	in := o.object(key)
	return &Twin{in.text("value"), in.labels("metadata")}
}

// readTwins reads the twins in a status. Those of v1alpha have the desired
// value too.
func readTwins(status *object, d *Device) {
	for _, t := range status.objects("twins") {
		name := t.text("propertyName")
		if name == "" {
			t.fail(nil, "propertyName", "", "is missing")
			continue
		}
		s := d.setting(name)
		if s.line == 0 {
			s.line = t.line
		}
		s.take(t)
	}
}

// take takes the values of a twin over.
func (s *Setting) take(t *object) {
	if v := twinAt(t, "desired"); v != nil {
		s.Desired = v
	}
	if v := twinAt(t, "reported"); v != nil {
		s.Reported = v
	}
	if v := twinAt(t, "observedDesired"); v != nil {
		s.Observed = v
	}
	if rest := t.rest(); rest != nil {
		s.keep("twin", rest)
	}
}

// keep keeps what is not known beside the rest of a setting.
func (s *Setting) keep(name string, rest map[string]any) {
	if s.Rest == nil {
		s.Rest = map[string]any{}
	}
	s.Rest[name] = rest
}

// status is a DeviceStatus, which belongs to the device of its name.
type status struct {
	Head
	twins []*object
	rest  map[string]any
}

// status reads a DeviceStatus, which has been an object of its own since 1.23.
func (r *reader) status(o *object, _ string) {
	s := status{Head: r.note(o, kindStatus)}
	in := o.object("status")
	s.twins = in.objects("twins")
	s.rest = in.rest()
	r.statuses = append(r.statuses, s)
}

// joinStatuses gives the statuses to their devices.
func (r *reader) joinStatuses() {
	for _, s := range r.statuses {
		d := r.deviceOf(s.Head)
		if d == nil {
			r.findings = append(r.findings, Finding{Severity: Warning, Place: s.Place, Document: Document{Kind: kindStatus, Namespace: s.namespace(), Name: s.Name}.title(),
				Message: fmt.Sprintf("there is no device %q for it: it has no effect", s.Name)})
			continue
		}
		for _, t := range s.twins {
			d.setting(t.text("propertyName")).take(t)
		}
		if s.rest != nil {
			d.Rest = merged(d.Rest, map[string]any{"status": s.rest})
		}
	}
}

func (r *reader) deviceOf(h Head) *Device {
	for i := range r.set.Devices {
		if d := &r.set.Devices[i]; d.Name == h.Name && d.namespace() == h.namespace() {
			return d
		}
	}
	return nil
}
