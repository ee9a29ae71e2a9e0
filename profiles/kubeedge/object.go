package kubeedge

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"sluice/sqlengine/diag"
)

// source is a document that is being read, and who takes what is found in it.
type source struct {
	Document
	findings *Findings
}

func (s *source) report(severity Severity, line int, path, hint, format string, args ...any) {
	*s.findings = append(*s.findings, Finding{
		Severity: severity, Place: Place{s.File, line}, Document: s.title(), Path: path,
		Message: fmt.Sprintf(format, args...), Hint: hint,
	})
}

// title is how findings call the document.
func (s *source) title() string { return s.Document.title() }

func (d Document) title() string {
	name := d.Name
	if d.Namespace != "" && d.Namespace != defaultNamespace {
		name = d.Namespace + "/" + name
	}
	return strings.TrimSpace(d.Kind + " " + name)
}

// object reads a mapping key by key. What nobody has asked for is its rest.
type object struct {
	from   *source
	path   string
	line   int
	values map[string]*yaml.Node
	asked  map[string]bool
	inside map[string]*object
}

// newObject is the mapping n; anything else is a finding and an empty object.
func newObject(from *source, path string, n *yaml.Node) *object {
	o := &object{from: from, path: path, line: n.Line, values: map[string]*yaml.Node{}, asked: map[string]bool{}, inside: map[string]*object{}}
	if n.Kind != yaml.MappingNode {
		if n.Tag != "!!null" {
			o.fail(n, "", "", "an object is wanted here, not %s", kindOf(n))
		}
		return o
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		switch _, twice := o.values[key.Value]; {
		case key.Kind != yaml.ScalarNode:
			o.fail(key, "", "", "a key must be a text")
		case twice:
			o.fail(key, key.Value, "", "stands here twice")
		case n.Content[i+1].Tag == "!!null": // says what a missing key says
		default:
			o.values[key.Value] = n.Content[i+1]
		}
	}
	return o
}

func kindOf(n *yaml.Node) string {
	switch n.Kind {
	case yaml.SequenceNode:
		return "a list"
	case yaml.MappingNode:
		return "an object"
	}
	return fmt.Sprintf("%q", n.Value)
}

// at is the path of a key.
func (o *object) at(key string) string {
	if o.path == "" || key == "" {
		return o.path + key
	}
	return o.path + "." + key
}

// fail reports what is wrong at a key. n is its value, nil when it is missing.
func (o *object) fail(n *yaml.Node, key, hint, format string, args ...any) {
	line := o.line
	if n != nil {
		line = n.Line
	}
	o.from.report(Error, line, o.at(key), hint, format, args...)
}

// take is the value of a key.
func (o *object) take(key string) *yaml.Node {
	o.asked[key] = true
	return o.values[key]
}

func (o *object) has(key string) bool { return o.values[key] != nil }

// scalar is a value that is neither list nor object.
func (o *object) scalar(key string) any {
	n := o.take(key)
	if n == nil {
		return nil
	}
	if n.Kind != yaml.ScalarNode {
		o.fail(n, key, "", "a single value is wanted here, not %s", kindOf(n))
		return nil
	}
	v, err := plainScalar(n)
	if err != nil {
		o.fail(n, key, "", "%v", err)
	}
	return v
}

func (o *object) text(key string) string { return text(o.scalar(key)) }

// oneOf reads a text that is one of those listed.
func (o *object) oneOf(key string, known ...string) string {
	v := o.text(key)
	if v == "" || slices.Contains(known, v) {
		return v
	}
	for _, k := range known {
		if strings.EqualFold(k, v) {
			return k
		}
	}
	hint := didYouMean(v, known)
	if hint == "" {
		hint = "it is one of " + strings.Join(known, ", ")
	}
	o.fail(o.values[key], key, hint, "unknown value %q", v)
	return ""
}

func (o *object) whole(key string) *int64 {
	v := o.scalar(key)
	if v == nil || v == "" {
		return nil
	}
	i, err := whole(v)
	if err != nil {
		o.fail(o.values[key], key, "", "%v", err)
		return nil
	}
	return &i
}

func (o *object) truth(key string) *bool {
	v := o.scalar(key)
	if v == nil {
		return nil
	}
	b, err := truth(v)
	if err != nil {
		o.fail(o.values[key], key, "", "%v", err)
		return nil
	}
	return &b
}

// object is the object at key, empty when there is none. What nobody asks for
// in it belongs to the rest of this one.
func (o *object) object(key string) *object {
	if in := o.inside[key]; in != nil {
		return in
	}
	n := o.take(key)
	if n == nil {
		n = &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null", Line: o.line}
	}
	in := newObject(o.from, o.at(key), n)
	o.inside[key] = in
	return in
}

// list are the items at key.
func (o *object) list(key string) []*yaml.Node {
	n := o.take(key)
	if n == nil {
		return nil
	}
	if n.Kind != yaml.SequenceNode {
		o.fail(n, key, "", "a list is wanted here, not %s", kindOf(n))
		return nil
	}
	return n.Content
}

// objects are the items at key, each with a rest of its own.
func (o *object) objects(key string) []*object {
	var list []*object
	for i, n := range o.list(key) {
		list = append(list, newObject(o.from, fmt.Sprintf("%s[%d]", o.at(key), i), n))
	}
	return list
}

// texts are the items at key as texts.
func (o *object) texts(key string) []string {
	var list []string
	for _, n := range o.list(key) {
		if n.Kind != yaml.ScalarNode {
			o.fail(n, key, "", "a text is wanted here, not %s", kindOf(n))
			continue
		}
		list = append(list, n.Value)
	}
	return list
}

// free is the object at key as it is, nil when there is none.
func (o *object) free(key string) map[string]any {
	n := o.take(key)
	if n == nil {
		return nil
	}
	if n.Kind != yaml.MappingNode {
		o.fail(n, key, "", "an object is wanted here, not %s", kindOf(n))
		return nil
	}
	newObject(o.from, o.at(key), n) // finds keys that stand there twice
	v, err := plain(n)
	if err != nil {
		o.fail(n, key, "", "%v", err)
		return nil
	}
	m, _ := v.(map[string]any)
	return m
}

// labels are texts by their names.
func (o *object) labels(key string) map[string]string {
	free := o.free(key)
	if len(free) == 0 {
		return nil
	}
	m := map[string]string{}
	for k, v := range free {
		switch v.(type) {
		case map[string]any, []any:
			o.fail(o.values[key], key+"."+k, "", "a text is wanted here")
		}
		m[k] = text(v)
	}
	return m
}

// rest is what nobody has asked for, nil if there is nothing. Of what is
// nearly a known name it warns.
func (o *object) rest() map[string]any {
	rest := map[string]any{}
	var unknown []string
	for _, key := range slices.Sorted(maps.Keys(o.inside)) {
		if r := o.inside[key].rest(); r != nil {
			rest[key] = r
		}
	}
	for key := range o.values {
		if !o.asked[key] {
			unknown = append(unknown, key)
		}
	}
	if unknown != nil {
		slices.Sort(unknown)
		o.keep(unknown, rest)
	}
	return nonEmpty(rest)
}

// keep puts unknown keys into a rest.
func (o *object) keep(unknown []string, rest map[string]any) {
	known := slices.Sorted(maps.Keys(o.asked))
	for _, key := range unknown {
		n := o.values[key]
		if near := diag.Nearest(key, known); near != "" && !o.has(near) {
			o.from.report(Warning, n.Line, o.at(key), fmt.Sprintf("did you mean %q?", near), "unknown field: it is kept and has no effect")
		}
		v, err := plain(n)
		if err != nil {
			o.fail(n, key, "", "%v", err)
			continue
		}
		rest[key] = v
	}
}
