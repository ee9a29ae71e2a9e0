package kubeedge

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/edgexfoundry/go-mod-core-contracts/v3/dtos"
)

// yurtProfileTree is a profile as OpenYurt has it.
func yurtProfileTree(p dtos.DeviceProfile) (map[string]any, error) {
	labels, own := []any{}, map[string]string{}
	for _, l := range p.Labels {
		if k, v, ok := strings.Cut(l, "="); ok && strings.HasPrefix(k, labelYurt) {
			own[k] = v
			continue
		}
		labels = append(labels, l)
	}
	var resources, commands []any
	for _, r := range p.DeviceResources {
		tree, err := yurtResourceTree(r)
		if err != nil {
			return nil, err
		}
		resources = append(resources, tree)
	}
	for _, c := range p.DeviceCommands {
		commands = append(commands, yurtCommandTree(c))
	}
	spec := present("nodePool", own[labelNodePool], "manufacturer", p.Manufacturer, "model", p.Model, "description", p.Description, "labels", labels,
		"deviceResources", resources, "deviceCommands", commands)
	tree := yurtEnvelope(kindProfile, p.Name, own[labelNamespace], spec)
	return tree, leave(tree, p, func(o *object, h Head) any { return yurtProfile(o, h) })
}

func yurtResourceTree(r dtos.DeviceResource) (map[string]any, error) {
	properties, err := treeOf(r.Properties)
	if err != nil {
		return nil, err
	}
	delete(properties, "optional")
	return present("name", r.Name, "description", r.Description, "isHidden", r.IsHidden,
		"properties", allTexts(properties), "attributes", allTexts(r.Attributes)), nil
}

func yurtCommandTree(c dtos.DeviceCommand) map[string]any {
	var operations []any
	for _, o := range c.ResourceOperations {
		operations = append(operations, present("deviceResource", o.DeviceResource, "defaultValue", o.DefaultValue, "mappings", texts(o.Mappings)))
	}
	return present("name", c.Name, "isHidden", c.IsHidden, "readWrite", c.ReadWrite, "resourceOperations", operations)
}

// allTexts are values as texts. Objects and lists have none.
func allTexts(m map[string]any) map[string]any {
	out := map[string]any{}
	for key, v := range m {
		switch v.(type) {
		case map[string]any, []any, nil:
			continue
		}
		if s := text(v); s != "" {
			out[key] = s
		}
	}
	return out
}

// yurtDeviceTree is a device as OpenYurt has it.
func yurtDeviceTree(d dtos.Device) (map[string]any, error) {
	protocols := map[string]any{}
	for name, properties := range d.Protocols {
		protocols[name] = allTexts(properties)
	}
	spec := present("description", d.Description, "labels", list(d.Labels), "serviceName", d.ServiceName, "profileName", d.ProfileName,
		"adminState", d.AdminState, "operatingState", d.OperatingState, "managed", true, "protocols", protocols)
	var own map[string]any
	if v, ok := d.Properties[propertyYurt]; ok {
		var err error
		if own, err = treeOf(v); err != nil {
			return nil, fmt.Errorf("property %s: %w", propertyYurt, err)
		}
		delete(spec, "managed")
	}
	tree := merged(yurtEnvelope(kindDevice, d.Name, "", spec), own)
	return tree, leave(tree, d, func(o *object, h Head) any { return yurtDevice(o, h) })
}

var notInNames = regexp.MustCompile(`[^a-z0-9.-]+`)

// yurtEnvelope is an object around its spec. Its name is made one that
// Kubernetes takes.
func yurtEnvelope(kind, name, namespace string, spec map[string]any) map[string]any {
	if namespace == "" {
		namespace = defaultNamespace
	}
	name = strings.Trim(notInNames.ReplaceAllString(strings.ToLower(name), "-"), "-.")
	return map[string]any{"apiVersion": openYurtAPI, "kind": kind, "metadata": map[string]any{"name": name, "namespace": namespace}, "spec": spec}
}

// leave puts into an annotation what reading the object again would not give.
func leave(tree map[string]any, v any, read func(*object, Head) any) error {
	back, err := reread(tree, read)
	if err != nil {
		return err
	}
	from, err := treeOf(back)
	if err != nil {
		return err
	}
	to, err := treeOf(v)
	if err != nil {
		return err
	}
	for _, side := range []map[string]any{from, to} {
		forget(side)
	}
	patch := patchTo(from, to)
	if patch == nil {
		return nil
	}
	b, err := json.Marshal(patch)
	if err != nil {
		return err
	}
	meta, _ := tree["metadata"].(map[string]any)
	annotations, _ := meta["annotations"].(map[string]any)
	meta["annotations"] = merged(annotations, map[string]any{annotation: string(b)})
	return nil
}

// reread reads an object that has just been written.
func reread(tree map[string]any, read func(*object, Head) any) (any, error) {
	b, err := json.Marshal(tree)
	if err != nil {
		return nil, err
	}
	nodes, err := jsonNodes(b)
	if err != nil || len(nodes) != 1 {
		return nil, fmt.Errorf("read again: %w", err)
	}
	r := &reader{}
	o := newObject(&source{findings: &r.findings}, "", nodes[0])
	for _, key := range []string{"apiVersion", "kind"} {
		o.take(key)
	}
	return read(o, r.note(o, "")), nil
}

// forget drops what core-metadata gives to its objects.
func forget(tree map[string]any) {
	for _, key := range []string{"id", "created", "modified", "apiVersion"} {
		delete(tree, key)
	}
}

// replace makes v what a tree says, with nothing left of what it was.
func replace(tree map[string]any, v any) error {
	switch v := v.(type) {
	case *dtos.DeviceProfile:
		*v = dtos.DeviceProfile{}
	case *dtos.Device:
		*v = dtos.Device{}
	}
	return fromTree(tree, v)
}

func sortLabels(labels []string) {
	slices.SortStableFunc(labels, func(a, b string) int {
		return strings.Compare(own(a), own(b))
	})
}

// own sorts labels that OpenYurt alone has behind the others.
func own(label string) string {
	if strings.HasPrefix(label, labelYurt) {
		return label
	}
	return ""
}
