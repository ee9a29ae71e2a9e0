package connector

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"reflect"
	"slices"
	"strings"
	"sync"
)

// Field documents one property of a connector.
type Field struct {
	Name     string
	Type     string // text, template, secret, boolean, integer, number, duration, list, object
	Doc      string
	Default  string // as JSON; "" when it is empty
	Required bool
	Aliases  []string // other names that are taken
	// Unsupported is set for a property that existing rules may have and that
	// only its default is taken of.
	Unsupported bool
	// Ignored is set for a property that existing rules may have and that has
	// no effect: it is taken with a warning.
	Ignored bool
	// Reason is why it is unsupported or ignored.
	Reason string
}

// property is a field of a configuration value.
type property struct {
	field *Field // of the type: it must not be changed
	value reflect.Value
}

// configuration is a struct of properties; embedded structs are read through.
type configuration struct {
	value    reflect.Value
	declared []declared
}

func configurationOf(v reflect.Value) configuration { return configuration{v, declaredOf(v.Type())} }

func (c configuration) at(i int) property {
	d := &c.declared[i]
	return property{field: &d.field, value: c.value.FieldByIndex(d.at)}
}

// all are the properties in the order of their declaration.
func (c configuration) all() iter.Seq[property] {
	return func(yield func(property) bool) {
		for i := range c.declared {
			if !yield(c.at(i)) {
				return
			}
		}
	}
}

// find finds a property by one of its names.
func (c configuration) find(name string) (property, bool) {
	for i := range c.declared {
		if c.declared[i].field.named(name) {
			return c.at(i), true
		}
	}
	return property{}, false
}

func (c configuration) names() []string {
	out := make([]string, len(c.declared))
	for i := range c.declared {
		out[i] = c.declared[i].field.Name
	}
	return out
}

// named tells whether a property goes by a name, in any case.
func (f *Field) named(name string) bool {
	return strings.EqualFold(f.Name, name) || slices.ContainsFunc(f.Aliases, func(a string) bool { return strings.EqualFold(a, name) })
}

// declared is a property as a type declares it.
type declared struct {
	field Field
	at    []int // where it is in the struct
}

// declarations keeps what was read of a type: thousands of rules are decoded at
// once.
var declarations sync.Map // reflect.Type -> []declared

func declaredOf(t reflect.Type) []declared {
	if known, ok := declarations.Load(t); ok {
		return known.([]declared)
	}
	list := readDeclared(t, nil)
	declarations.Store(t, list)
	return list
}

func readDeclared(t reflect.Type, above []int) []declared {
	var out []declared
	for i := range t.NumField() {
		f := t.Field(i)
		at := append(slices.Clone(above), i)
		if f.Anonymous {
			out = append(out, readDeclared(f.Type, at)...)
			continue
		}
		name, opts, _ := strings.Cut(f.Tag.Get("prop"), ",")
		d := declared{at: at, field: Field{Name: name, Doc: f.Tag.Get("doc"), Type: typeName(f.Type),
			Required: strings.Contains(opts, "required"), Unsupported: strings.Contains(opts, "unsupported"),
			Reason: f.Tag.Get("reason"), Ignored: strings.Contains(opts, "ignored")}}
		if a := f.Tag.Get("alias"); a != "" {
			d.field.Aliases = strings.Split(a, ",")
		}
		if name == "" || d.field.Doc == "" {
			panic(fmt.Sprintf("connector: %s.%s has no name or no doc", t, f.Name))
		}
		out = append(out, d)
	}
	return out
}

func typeName(t reflect.Type) string {
	switch t {
	case durationType:
		return "duration"
	case templateType:
		return "template"
	case secretType:
		return "secret"
	}
	switch t.Kind() {
	case reflect.String:
		return "text"
	case reflect.Bool:
		return "boolean"
	case reflect.Int, reflect.Int64, reflect.Uint8:
		return "integer"
	case reflect.Float64:
		return "number"
	case reflect.Slice:
		return "list"
	}
	return "object"
}

// fieldsOf documents a configuration. It panics on an undocumented property.
func fieldsOf[C any](defaults C) []Field {
	var out []Field
	for p := range configurationOf(reflect.ValueOf(&defaults).Elem()).all() {
		f := *p.field
		if !p.value.IsZero() {
			if b, err := json.Marshal(p.value.Interface()); err == nil {
				f.Default = string(b)
			}
			if f.Type == "duration" {
				f.Default = fmt.Sprintf("%q", p.value.Interface())
			}
		}
		out = append(out, f)
	}
	return out
}

// templatesOf collects the Template properties that are set, those in maps by
// "property.key".
func templatesOf(config any) map[string]string {
	out := map[string]string{}
	for p := range configurationOf(reflect.ValueOf(config).Elem()).all() {
		switch {
		case p.value.Type() == templateType && p.value.String() != "":
			out[p.field.Name] = p.value.String()
		case p.value.Kind() == reflect.Map && p.value.Type().Elem() == templateType:
			for _, k := range p.value.MapKeys() {
				out[p.field.Name+"."+k.String()] = p.value.MapIndex(k).String()
			}
		}
	}
	return out
}

// keyOf is a digest of all properties that do not come with each message, so
// that it can be shown though secrets went into it.
func keyOf[C any](name string, config *C, extra func(C) string) string {
	h := sha256.New()
	for p := range configurationOf(reflect.ValueOf(config).Elem()).all() {
		if p.value.Type() != templateType && (p.value.Kind() != reflect.Map || p.value.Type().Elem() != templateType) {
			_, _ = fmt.Fprintf(h, "%s=", p.field.Name)
			writeKey(h, p.value)
		}
	}
	templates := templatesOf(config)
	for _, at := range sortedNames(templates) {
		_, _ = fmt.Fprintf(h, "%s;", at)           // a sink looks up in its own configuration what comes with no message
		if text := templates[at]; refersTo(text) { // a secret stays in the sink
			_, _ = fmt.Fprintf(h, "%q;", text)
		}
	}
	if extra != nil {
		_, _ = fmt.Fprintf(h, "%q", extra(*config))
	}
	return name + ":" + hex.EncodeToString(h.Sum(nil)[:12])
}

// digest is a key of a text that may hold secrets.
func digest(name, text string) string {
	sum := sha256.Sum256([]byte(text))
	return name + ":" + hex.EncodeToString(sum[:12])
}

// writeKey writes equal values equally; Secret would print its placeholder.
func writeKey(w io.Writer, v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		_, _ = fmt.Fprintf(w, "%q;", v.String())
	case reflect.Struct:
		for i := range v.NumField() {
			writeKey(w, v.Field(i))
		}
	case reflect.Slice:
		_, _ = fmt.Fprintf(w, "%d[", v.Len())
		for i := range v.Len() {
			writeKey(w, v.Index(i))
		}
	default:
		b, err := json.Marshal(v.Interface()) // sorts the keys of maps
		if err != nil {
			panic("connector: property of type " + v.Type().String())
		}
		_, _ = fmt.Fprintf(w, "%s;", b)
	}
}
