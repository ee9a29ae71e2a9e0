package kubeedge

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"sluice/sqlengine/diag"
)

// File is a file to read, of YAML or JSON.
type File struct {
	Name string
	Data []byte
}

// Read reads DeviceModels, Devices and DeviceStatuses of KubeEdge, the
// ConfigMaps and deviceProfile.json of its releases before 1.15, and
// DeviceProfiles and Devices of OpenYurt, alone, many in a file or in Lists.
func Read(files ...File) (Set, Findings) {
	r := &reader{}
	for _, f := range files {
		r.file(f)
	}
	r.joinStatuses()
	r.checkNames()
	return r.set, r.findings
}

type reader struct {
	set      Set
	findings Findings
	statuses []status
}

func (r *reader) file(f File) {
	list, err := nodes(f.Data)
	if err != nil {
		line := 1
		if at := (*syntaxError)(nil); errors.As(err, &at) {
			line = at.line
		}
		r.findings = append(r.findings, Finding{Severity: Error, Place: Place{f.Name, line}, Message: err.Error()})
		return
	}
	if len(list) == 0 {
		r.findings = append(r.findings, Finding{Severity: Warning, Place: Place{f.Name, 1}, Message: "there is nothing in the file"})
	}
	for _, n := range list {
		r.document(f.Name, n)
	}
}

// document reads one object, or those in a list.
func (r *reader) document(file string, n *yaml.Node) {
	if n.Kind == yaml.SequenceNode {
		for _, item := range n.Content {
			r.document(file, item)
		}
		return
	}
	from := &source{Document{Place: Place{file, n.Line}}, &r.findings}
	o := newObject(from, "", n)
	if n.Kind != yaml.MappingNode {
		return
	}
	kind := o.text("kind")
	if kind == "" && (o.has("deviceInstances") || o.has("deviceModels")) {
		r.deviceProfile(o)
		return
	}
	api := o.text("apiVersion")
	in, version, grouped := strings.Cut(api, "/")
	switch {
	case kind == "":
		from.report(Error, n.Line, "kind", `a document of Kubernetes has "apiVersion" and "kind", a deviceProfile.json "deviceInstances"`, "is missing")
	case strings.HasSuffix(kind, "List") && o.has("items"):
		for _, item := range o.list("items") {
			r.document(file, item)
		}
	case kind == "ConfigMap" && !grouped:
		r.configMap(o)
	case in == group:
		r.device(o, version, kind)
	case in == openYurtGroup:
		r.openYurt(o, version, kind)
	case api == "" || diag.Nearest(in, []string{group, openYurtGroup}) != "":
		from.report(Error, n.Line, "apiVersion", fmt.Sprintf("it is %s/%s, %s/%s or %s/%s", group, V1Alpha1, group, V1Alpha2, group, V1Beta1), "unknown version %q", api)
	default:
		r.note(o, kind)
		from.report(Warning, n.Line, "", "", "%s is neither KubeEdge's nor OpenYurt's: it is not imported", api)
	}
}

// device reads an object of KubeEdge's device API.
func (r *reader) device(o *object, version, kind string) {
	read := map[string]func(*object, string){kindModel: r.model, kindDevice: r.instance, kindStatus: r.status}[kind]
	if read == nil {
		kinds := []string{kindModel, kindDevice, kindStatus}
		o.fail(o.values["kind"], "kind", didYouMean(kind, kinds), "unknown kind %q of %s", kind, group)
		return
	}
	if versions := []string{V1Alpha1, V1Alpha2, V1Beta1}; !slices.Contains(versions, version) {
		o.fail(o.values["apiVersion"], "apiVersion", "there are "+strings.Join(versions, ", "), "unknown version %q of %s", version, group)
		return
	}
	read(o, version)
}

// ofServer are the fields of metadata that a server of Kubernetes writes. They
// are not kept: it would refuse an object that comes back with them.
var ofServer = []string{"resourceVersion", "generation", "managedFields", "uid", "creationTimestamp", "selfLink"}

// note takes an object into the list of documents.
func (r *reader) note(o *object, kind string) Head {
	meta := o.object("metadata")
	h := Head{Namespace: meta.text("namespace"), Name: meta.text("name"), Labels: meta.labels("labels"), Place: o.from.Place}
	if h.Namespace == defaultNamespace {
		h.Namespace = ""
	}
	for _, key := range ofServer {
		meta.take(key)
	}
	o.from.Document = Document{o.from.Place, kind, h.namespace(), h.Name}
	r.set.Documents = append(r.set.Documents, o.from.Document)
	if h.Name == "" {
		o.from.report(Error, o.line, "metadata.name", "", "is missing")
	}
	return h
}

// checkNames finds objects that are there twice.
func (r *reader) checkNames() {
	first := map[string]Place{}
	for _, d := range r.set.Documents {
		key := d.Kind + "/" + d.Namespace + "/" + d.Name
		if d.Name == "" {
			continue
		}
		if p, twice := first[key]; twice {
			r.findings = append(r.findings, Finding{Severity: Error, Place: d.Place, Document: d.title(),
				Message: fmt.Sprintf("is there twice: first in %s, line %d", p.File, p.Line)})
			continue
		}
		first[key] = d.Place
	}
}
