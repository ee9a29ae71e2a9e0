package kubeedge

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/edgexfoundry/go-mod-core-contracts/v3/dtos"
	"github.com/edgexfoundry/go-mod-core-contracts/v3/models"
)

// OpenYurt's objects are EdgeX's with all values as texts. What EdgeX has and
// they have not is in an annotation, and what they have alone stands in
// labels of the profile and in a property of the device.

const (
	openYurtVersion   = "v1alpha1"
	propertyYurt      = "openyurt"
	labelYurt         = "openyurt-"
	labelNodePool     = labelYurt + "nodePool"
	labelNamespace    = labelYurt + "namespace"
	openYurtAPI       = openYurtGroup + "/" + openYurtVersion
	annotationPurpose = "metadata.annotations." + annotation
)

// openYurt reads an object of OpenYurt's device API.
func (r *reader) openYurt(o *object, version, kind string) {
	read := map[string]func(*object){kindProfile: r.yurtProfile, kindDevice: r.yurtDevice}[kind]
	switch {
	case read == nil:
		o.fail(o.values["kind"], "kind", didYouMean(kind, []string{kindProfile, kindDevice}), "kind %q of %s is not imported", kind, openYurtGroup)
	case version != openYurtVersion:
		o.fail(o.values["apiVersion"], "apiVersion", "there is "+openYurtVersion, "unknown version %q of %s", version, openYurtGroup)
	default:
		read(o)
	}
}

func (r *reader) yurtProfile(o *object) {
	h := r.note(o, kindProfile)
	kept := beyondOf(o)
	p := yurtProfile(o, h)
	o.object("metadata").labels("labels")
	r.lost(o)
	if err := amend(&p, kept.text); err != nil {
		o.from.report(Error, o.line, annotationPurpose, "", "%v", err)
	}
	r.set.Profiles = append(r.set.Profiles, Profile{DeviceProfile: p, From: h.Place})
}

// lost warns of what a profile has no place for.
func (r *reader) lost(o *object) {
	for key := range o.rest() {
		if key != "metadata" && key != "status" { // which the cluster writes
			o.from.report(Warning, o.line, key, "", "has fields that EdgeX's profiles have no place for: they are not kept")
		}
	}
}

func yurtProfile(o *object, h Head) dtos.DeviceProfile {
	spec := o.object("spec")
	p := dtos.DeviceProfile{DeviceProfileBasicInfo: dtos.DeviceProfileBasicInfo{
		Name: h.Name, Manufacturer: spec.text("manufacturer"), Model: spec.text("model"), Description: spec.text("description"), Labels: spec.texts("labels"),
	}}
	for label, v := range map[string]string{labelNodePool: spec.text("nodePool"), labelNamespace: h.Namespace} {
		if v != "" {
			p.Labels = append(p.Labels, label+"="+v)
		}
	}
	sortLabels(p.Labels)
	for _, in := range spec.objects("deviceResources") {
		p.DeviceResources = append(p.DeviceResources, yurtResource(in))
	}
	for _, in := range spec.objects("deviceCommands") {
		p.DeviceCommands = append(p.DeviceCommands, yurtCommand(in))
	}
	return p
}

func yurtResource(o *object) dtos.DeviceResource {
	r := dtos.DeviceResource{Name: o.text("name"), Description: o.text("description"), Attributes: typed(o.free("attributes"))}
	if b := o.truth("isHidden"); b != nil {
		r.IsHidden = *b
	}
	in := o.object("properties")
	r.Properties = dtos.ResourceProperties{
		ValueType: in.text("valueType"), ReadWrite: in.text("readWrite"), Units: in.text("units"), DefaultValue: in.text("defaultValue"),
		Assertion: in.text("assertion"), MediaType: in.text("mediaType"),
		Minimum: in.decimal("minimum"), Maximum: in.decimal("maximum"), Scale: in.decimal("scale"), Offset: in.decimal("offset"), Base: in.decimal("base"),
		Shift: in.whole("shift"),
	}
	if m := in.text("mask"); m != "" {
		u, err := strconv.ParseUint(m, 0, 64)
		if err != nil {
			in.fail(in.values["mask"], "mask", "", "%q is no mask", m)
		}
		r.Properties.Mask = &u
	}
	return r
}

func yurtCommand(o *object) dtos.DeviceCommand {
	c := dtos.DeviceCommand{Name: o.text("name"), ReadWrite: o.text("readWrite")}
	if b := o.truth("isHidden"); b != nil {
		c.IsHidden = *b
	}
	for _, in := range o.objects("resourceOperations") {
		c.ResourceOperations = append(c.ResourceOperations, dtos.ResourceOperation{
			DeviceResource: in.text("deviceResource"), DefaultValue: in.text("defaultValue"), Mappings: in.labels("mappings")})
	}
	return c
}

// decimal reads a number that may be missing, also as text.
func (o *object) decimal(key string) *float64 {
	v := o.scalar(key)
	if v == nil || v == "" {
		return nil
	}
	f, err := decimal(v)
	if err != nil {
		o.fail(o.values[key], key, "", "%v", err)
		return nil
	}
	return &f
}

// typed makes whole numbers and booleans of texts that are such.
func typed(m map[string]any) map[string]any {
	out := map[string]any{}
	for key, v := range m {
		s, isText := v.(string)
		if i, err := strconv.ParseInt(s, 10, 64); isText && err == nil && strconv.FormatInt(i, 10) == s {
			v = i
		} else if isText && (s == "true" || s == "false") {
			v = s == "true"
		}
		out[key] = v
	}
	return out
}

func (r *reader) yurtDevice(o *object) {
	h := r.note(o, kindDevice)
	kept := beyondOf(o)
	d := yurtDevice(o, h)
	if err := amend(&d, kept.text); err != nil {
		o.from.report(Error, o.line, annotationPurpose, "", "%v", err)
	}
	r.set.Instances = append(r.set.Instances, Instance{Device: d, From: h.Place})
}

func yurtDevice(o *object, h Head) dtos.Device {
	spec := o.object("spec")
	d := dtos.Device{
		Name: h.Name, Description: spec.text("description"), Labels: spec.texts("labels"), ServiceName: spec.text("serviceName"), ProfileName: spec.text("profileName"),
		AdminState: strings.ToUpper(spec.text("adminState")), OperatingState: strings.ToUpper(spec.text("operatingState")),
		Protocols: map[string]dtos.ProtocolProperties{},
	}
	if d.AdminState == "" {
		d.AdminState = models.Unlocked
	}
	if d.OperatingState == "" {
		d.OperatingState = models.Up
	}
	protocols := spec.object("protocols")
	for name := range protocols.values {
		d.Protocols[name] = typed(protocols.free(name))
	}
	own := o.rest()
	if h.Namespace != "" {
		own = merged(own, map[string]any{"metadata": map[string]any{"namespace": h.Namespace}})
	}
	if len(h.Labels) > 0 {
		own = merged(own, map[string]any{"metadata": map[string]any{"labels": texts(h.Labels)}})
	}
	if own != nil {
		d.Properties = map[string]any{propertyYurt: own}
	}
	return d
}

// amend puts back what is in an annotation.
func amend(v any, text string) error {
	if text == "" {
		return nil
	}
	patch, err := treeOf(json.RawMessage(text))
	if err != nil {
		return err
	}
	tree, err := treeOf(v)
	if err != nil {
		return err
	}
	return replace(patched(tree, patch), v)
}

// takeOpenYurt takes what is EdgeX's already.
func (c *converter) takeOpenYurt(set Set) {
	c.result.Profiles = append(c.result.Profiles, set.Profiles...)
	c.result.Devices = append(c.result.Devices, set.Instances...)
}
