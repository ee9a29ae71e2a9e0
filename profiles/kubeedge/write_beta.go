package kubeedge

// betaModel is a model as v1beta1 has it.
func betaModel(m Model) (map[string]any, error) {
	direct, kept := parted(m.Rest, m.Version, V1Beta1)
	fit, unfit := fitting(m.Labels)
	more := Model{Head: Head{Labels: unfit, Rest: kept}}
	properties := []any{}
	for _, p := range m.Properties {
		rest, kept := parted(p.Rest, m.Version, V1Beta1)
		more.Properties = append(more.Properties, Property{Name: p.Name, Default: p.Default, Rest: kept})
		tree := present("name", p.Name, "description", p.Description, "type", string(p.Type), "accessMode", p.Access,
			"minimum", p.Minimum, "maximum", p.Maximum, "unit", p.Unit)
		if p.Visitor != nil {
			tree["visitors"] = visitorTree(*p.Visitor)
		}
		properties = append(properties, merged(tree, rest))
	}
	spec := present("protocol", m.Protocol, "protocolConfigData", m.ProtocolConfig, "properties", properties)
	tree := merged(envelope(m.Head, fit, V1Beta1, kindModel, spec, nil), direct)
	return tree, annotate(tree, more)
}

// betaDevice is a device as v1beta1 has it.
func betaDevice(d Device) (map[string]any, error) {
	direct, kept := parted(d.Rest, d.Version, V1Beta1)
	fit, unfit := fitting(d.Labels)
	more := Device{Head: Head{Labels: unfit, Rest: kept}, DataTopic: d.DataTopic}
	var properties, twins []any
	for _, s := range d.Settings {
		tree, keep := betaSetting(s, d.Version)
		properties = append(properties, tree)
		more.Settings = append(more.Settings, keep)
		if twin := betaTwin(s); twin != nil {
			twins = append(twins, twin)
		}
	}
	var methods []any
	for _, m := range d.Methods {
		methods = append(methods, merged(present("name", m.Name, "description", m.Description, "propertyNames", list(m.Properties)), m.Rest))
	}
	spec := present("deviceModelRef", map[string]any{"name": d.Model}, "nodeName", d.Node, "protocol", visitorTree(d.Protocol),
		"properties", properties, "methods", methods, "stateReport", d.StateReport)
	tree := merged(envelope(d.Head, fit, V1Beta1, kindDevice, spec, present("twins", twins)), direct)
	return tree, annotate(tree, more)
}

func betaSetting(s Setting, version string) (tree map[string]any, keep Setting) {
	direct, kept := parted(s.Rest, version, V1Beta1)
	delete(direct, "twin")
	keep = Setting{Name: s.Name, Customized: s.Customized, Data: s.Data, Rest: kept}
	tree = present("name", s.Name, "pushMethod", s.Push)
	for key, cycle := range map[string]*int64{"collectCycle": s.CollectCycle, "reportCycle": s.ReportCycle} {
		if cycle != nil {
			tree[key] = *cycle
		}
	}
	if s.ReportToCloud != nil {
		tree["reportToCloud"] = *s.ReportToCloud
	}
	if s.Desired != nil {
		tree["desired"] = twinTree(*s.Desired)
	}
	if s.Visitor != nil {
		tree["visitors"] = visitorTree(*s.Visitor)
	}
	return merged(tree, direct), keep
}

func betaTwin(s Setting) map[string]any {
	rest, _ := s.Rest["twin"].(map[string]any)
	if s.Reported == nil && s.Observed == nil && rest == nil {
		return nil
	}
	tree := map[string]any{"propertyName": s.Name}
	for key, t := range map[string]*Twin{"reported": s.Reported, "observedDesired": s.Observed} {
		if t != nil {
			tree[key] = twinTree(*t)
		}
	}
	return merged(tree, rest)
}

func visitorTree(v Visitor) map[string]any {
	return present("protocolName", v.Protocol, "configData", v.Config)
}

func twinTree(t Twin) map[string]any {
	tree := map[string]any{"value": t.Value}
	if len(t.Metadata) > 0 {
		tree["metadata"] = texts(t.Metadata)
	}
	return tree
}

// present are the values that there are, by their keys.
func present(pairs ...any) map[string]any {
	tree := map[string]any{}
	for i := 0; i < len(pairs); i += 2 {
		key, _ := pairs[i].(string)
		switch v := pairs[i+1].(type) {
		case string:
			if v == "" {
				continue
			}
		case []any:
			if len(v) == 0 {
				continue
			}
		case map[string]any:
			if len(v) == 0 {
				continue
			}
		case Free:
			if len(v) > 0 {
				tree[key] = map[string]any(v)
			}
			continue
		}
		tree[key] = pairs[i+1]
	}
	return tree
}

func list(texts []string) []any {
	var out []any
	for _, t := range texts {
		out = append(out, t)
	}
	return out
}

// envelope is an object around its spec.
func envelope(h Head, labels map[string]string, version, kind string, spec, status map[string]any) map[string]any {
	return present("apiVersion", group+"/"+version, "kind", kind,
		"metadata", present("name", h.Name, "namespace", h.namespace(), "labels", texts(labels)), "spec", spec, "status", status)
}

// texts is a map of texts as a tree.
func texts(m map[string]string) map[string]any {
	tree := map[string]any{}
	for k, v := range m {
		tree[k] = v
	}
	return tree
}
