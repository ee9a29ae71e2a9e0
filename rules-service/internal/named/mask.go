package named

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"sluice/rules-service/internal/connector"
	"sluice/rules-service/internal/httpclient"
)

// placeholder stands for a secret wherever properties are shown.
const placeholder = "<secret>"

// reference begins a text that names a secret of the secret store. It is no
// secret itself.
const reference = "secret://"

// telling are parts of names whose values are secrets, in properties that take
// any names: headers, settings of a bus.
var telling = []string{"password", "passwd", "passphrase", "secret", "token", "authorization", "cookie", "apikey", "api_key", "api-key",
	"privatekey", "private_key", "accesskey", "access_key", "keypem", "oauth"}

// Mask is a copy of properties without their secrets: properties declared as
// such, values whose name tells it, and passwords and keys in URLs.
func Mask(props map[string]any, fields []connector.Field) map[string]any {
	masked := make(map[string]any, len(props))
	for name, v := range props {
		masked[name] = maskProperty(name, v, fields)
	}
	return masked
}

func maskProperty(name string, v any, fields []connector.Field) any {
	secret := isSecret(name, fields)
	text, isText := v.(string)
	if f, ok := fieldOf(name, fields); ok && isText && !secret && f.Type == "object" { // as forms send it
		return MaskObject(text, nil)
	}
	return mask(v, secret)
}

func mask(v any, secret bool) any {
	switch t := v.(type) {
	case string:
		if !secret {
			return httpclient.Mask(t)
		}
		if t == "" || strings.HasPrefix(t, reference) {
			return t
		}
		return placeholder
	case map[string]any:
		masked := make(map[string]any, len(t))
		for name, e := range t {
			masked[name] = mask(e, secret || isSecret(name, nil))
		}
		return masked
	case []any:
		masked := make([]any, len(t))
		for i, e := range t {
			masked[i] = mask(e, secret)
		}
		return masked
	case bool, nil:
		return v
	}
	if secret {
		return placeholder
	}
	return v
}

// fieldOf is how a property is declared.
func fieldOf(name string, fields []connector.Field) (connector.Field, bool) {
	same := func(known string) bool { return strings.EqualFold(known, name) }
	for _, f := range fields {
		if same(f.Name) || slices.ContainsFunc(f.Aliases, same) {
			return f, true
		}
	}
	return connector.Field{}, false
}

func isSecret(name string, fields []connector.Field) bool {
	if f, ok := fieldOf(name, fields); ok {
		return f.Type == "secret" || strings.EqualFold(name, "oauth")
	}
	folded := strings.ToLower(name)
	if strings.HasSuffix(folded, "path") || strings.HasSuffix(folded, "file") {
		return false
	}
	return slices.ContainsFunc(telling, func(part string) bool { return strings.Contains(folded, part) })
}

// Unmask is a copy of properties that came from a client, in which each value
// that equals the masked old one is the old one again. A placeholder that is
// left is an error.
func Unmask(props, old map[string]any, fields []connector.Field) (map[string]any, error) {
	full := make(map[string]any, len(props))
	for _, name := range slices.Sorted(maps.Keys(props)) {
		before := valueOf(old, name)
		full[name] = unmask(props[name], before, isSecret(name, fields))
		if text, ok := before.(string); ok && props[name] == maskProperty(name, text, fields) {
			full[name] = before
		}
		if where := leftover(name, full[name]); where != "" {
			return nil, fmt.Errorf("%q holds the placeholder of a secret; give the secret itself", where)
		}
	}
	return full, nil
}

func unmask(v, old any, secret bool) any {
	switch t := v.(type) {
	case map[string]any:
		before, _ := old.(map[string]any)
		full := make(map[string]any, len(t))
		for name, e := range t {
			o := valueOf(before, name)
			full[name] = unmask(e, o, secret || isSecret(name, nil))
		}
		return full
	case []any:
		before, _ := old.([]any)
		full := make([]any, len(t))
		for i, e := range t {
			var o any
			if i < len(before) {
				o = before[i]
			}
			full[i] = unmask(e, o, secret)
		}
		return full
	case string:
		if strings.Contains(t, placeholder) && mask(old, secret) == v {
			return old
		}
	}
	return v
}

// valueOf finds a name in any case; nil: it is not there.
func valueOf(props map[string]any, name string) any {
	if v, ok := props[name]; ok {
		return v
	}
	for known, v := range props {
		if strings.EqualFold(known, name) {
			return v
		}
	}
	return nil
}

// leftover is the path of a value that still holds a placeholder, or "".
func leftover(path string, v any) string {
	switch t := v.(type) {
	case string:
		if strings.Contains(t, placeholder) {
			return path
		}
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(t)) {
			if where := leftover(path+"."+name, t[name]); where != "" {
				return where
			}
		}
	case []any:
		for i, e := range t {
			if where := leftover(fmt.Sprintf("%s[%d]", path, i), e); where != "" {
				return where
			}
		}
	}
	return ""
}

// MaskObject is Mask of properties that are JSON in a text, such as EXTRA of a
// stream. A text without secrets, or that is no object, comes back as it is.
func MaskObject(text string, fields []connector.Field) string {
	var props map[string]any
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber()
	if dec.Decode(&props) != nil {
		return text
	}
	masked := Mask(props, fields)
	if reflect.DeepEqual(masked, props) {
		return text
	}
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(masked); err != nil {
		return placeholder
	}
	return strings.TrimSuffix(b.String(), "\n")
}
