package connector

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"strings"
)

// Field documents one property of a connector.
type Field struct {
	Name     string
	Type     string // text, template, secret, boolean, integer, number, duration, list, object
	Doc      string
	Default  string // as JSON; "" when it is empty
	Required bool
	// Unsupported is set for a property that existing rules may have and that
	// only its default is taken of.
	Unsupported bool
}

// property is a field of a configuration value.
type property struct {
	field   Field
	aliases []string
	value   reflect.Value
}

// index lists the properties of a struct; embedded structs are read through.
func index(v reflect.Value) []property {
	var out []property
	for i := range v.NumField() {
		f := v.Type().Field(i)
		if f.Anonymous {
			out = append(out, index(v.Field(i))...)
			continue
		}
		name, opts, _ := strings.Cut(f.Tag.Get("prop"), ",")
		p := property{value: v.Field(i), field: Field{Name: name, Doc: f.Tag.Get("doc"), Type: typeName(f.Type),
			Required: strings.Contains(opts, "required"), Unsupported: strings.Contains(opts, "unsupported")}}
		if a := f.Tag.Get("alias"); a != "" {
			p.aliases = strings.Split(a, ",")
		}
		if name == "" || p.field.Doc == "" {
			panic(fmt.Sprintf("connector: %s.%s has no name or no doc", v.Type(), f.Name))
		}
		out = append(out, p)
	}
	return out
}

func find(props []property, name string) (property, bool) {
	for _, p := range props {
		if strings.EqualFold(p.field.Name, name) {
			return p, true
		}
		for _, a := range p.aliases {
			if strings.EqualFold(a, name) {
				return p, true
			}
		}
	}
	return property{}, false
}

func names(props []property) []string {
	out := make([]string, len(props))
	for i, p := range props {
		out[i] = p.field.Name
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
	for _, p := range index(reflect.ValueOf(&defaults).Elem()) {
		if !p.value.IsZero() {
			if b, err := json.Marshal(p.value.Interface()); err == nil {
				p.field.Default = string(b)
			}
			if p.field.Type == "duration" {
				p.field.Default = fmt.Sprintf("%q", p.value.Interface())
			}
		}
		out = append(out, p.field)
	}
	return out
}

// templatesOf collects the Template properties that are set, those in maps by
// "property.key".
func templatesOf(config any) map[string]string {
	out := map[string]string{}
	for _, p := range index(reflect.ValueOf(config).Elem()) {
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

// keyOf is a digest of all properties that are no Templates, so that it can be
// shown though secrets went into it.
func keyOf[C any](name string, config *C, extra func(C) string) string {
	h := sha256.New()
	for _, p := range index(reflect.ValueOf(config).Elem()) {
		if p.value.Type() != templateType && (p.value.Kind() != reflect.Map || p.value.Type().Elem() != templateType) {
			_, _ = fmt.Fprintf(h, "%s=", p.field.Name)
			writeKey(h, p.value)
		}
	}
	if extra != nil {
		_, _ = fmt.Fprintf(h, "%q", extra(*config))
	}
	return name + ":" + hex.EncodeToString(h.Sum(nil)[:12])
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
