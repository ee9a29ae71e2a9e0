package connector

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"sluice/sqlengine/diag"
)

var (
	durationType = reflect.TypeFor[time.Duration]()
	templateType = reflect.TypeFor[Template]()
	secretType   = reflect.TypeFor[Secret]()
)

type validator interface{ Validate() error }

// decoder fills configurations from the properties of a rule or stream. It
// takes texts for numbers and booleans, as clients of eKuiper send them, but
// no property that it does not know.
type decoder struct{ warnings *[]string }

// decode gives each property to own or, where that has none of the name, to
// common. Names are matched without regard to case.
func (d decoder) decode(props map[string]any, own, common any, retired []string) error {
	ownProps, commonProps := configurationOf(reflect.ValueOf(own).Elem()), configurationOf(reflect.ValueOf(common).Elem())
	for _, name := range sortedNames(props) {
		p, ok := ownProps.find(name)
		if !ok {
			p, ok = commonProps.find(name)
		}
		if !ok && slices.Contains(retired, name) {
			*d.warnings = append(*d.warnings, fmt.Sprintf("property %q has no effect any more; leave it out", name))
			continue
		}
		if !ok {
			return unknownProperty(name, append(ownProps.names(), commonProps.names()...))
		}
		if err := d.assign(p, props[name]); err != nil {
			return fmt.Errorf("property %q%w", name, err)
		}
	}
	for p := range ownProps.all() {
		if p.field.Required && p.value.IsZero() {
			return fmt.Errorf("property %q is missing: %s", p.field.Name, p.field.Doc)
		}
	}
	if references(reflect.ValueOf(own).Elem().Interface()) {
		return validateAll(common) // own is checked when the secrets are known
	}
	return validateAll(own, common)
}

func validateAll(configs ...any) error {
	for _, c := range configs {
		if v, ok := c.(validator); ok {
			if err := v.Validate(); err != nil {
				return err
			}
		}
	}
	return nil
}

func unknownProperty(name string, known []string) error {
	if n := diag.Nearest(name, known); n != "" {
		return fmt.Errorf("unknown property %q; did you mean %q?", name, n)
	}
	slices.Sort(known)
	return fmt.Errorf("unknown property %q; there are %s", name, strings.Join(known, ", "))
}

// pathError is an error below a property: the path is glued to its name.
type pathError struct {
	path string
	err  error
}

func (e *pathError) Error() string {
	if strings.HasPrefix(e.path, "[") || strings.HasPrefix(e.path, ".") {
		return e.path + ": " + e.err.Error()
	}
	return ": " + e.err.Error()
}
func (e *pathError) Unwrap() error { return e.err }

func mistake(format string, args ...any) error {
	return &pathError{err: fmt.Errorf(format, args...)}
}

func below(step string, err error) error {
	var pe *pathError
	if errors.As(err, &pe) {
		return &pathError{path: step + pe.path, err: pe.err}
	}
	return &pathError{path: step, err: err}
}

func (d decoder) assign(p property, in any) error {
	before := reflect.New(p.value.Type()).Elem()
	before.Set(p.value)
	if in == nil || in == "" && p.value.Kind() != reflect.String {
		return nil // null, and the empty text of a form, ask for the default
	}
	if err := set(p.value, in); err != nil {
		return err
	}
	if p.field.Unsupported && !p.value.IsZero() && !reflect.DeepEqual(before.Interface(), p.value.Interface()) && !emptyMap(p.value) {
		return mistake("%s", p.field.refusal())
	}
	if p.field.Ignored && !p.value.IsZero() {
		*d.warnings = append(*d.warnings, p.field.warning())
	}
	return nil
}

// warning says why a property has no effect.
func (f *Field) warning() string {
	if f.Reason == "" {
		return fmt.Sprintf("property %q has no effect; leave it out", f.Name)
	}
	return fmt.Sprintf("property %q has no effect: %s; leave it out", f.Name, f.Reason)
}

// refusal says why a property is not taken.
func (f *Field) refusal() string {
	if f.Reason == "" {
		return "not supported yet; leave it out"
	}
	return "not supported: " + f.Reason + "; leave it out"
}

func emptyMap(v reflect.Value) bool { return v.Kind() == reflect.Map && v.Len() == 0 }

func set(dst reflect.Value, in any) error {
	if dst.Type() == durationType {
		return setDuration(dst, in)
	}
	switch dst.Kind() {
	case reflect.String:
		return setString(dst, in)
	case reflect.Bool:
		return setBool(dst, in)
	case reflect.Int, reflect.Int64, reflect.Uint8:
		return setInt(dst, in)
	case reflect.Float64:
		f, ok := number(in)
		if !ok {
			return mistake("a number is wanted, not %s", shown(in))
		}
		dst.SetFloat(f)
		return nil
	case reflect.Slice:
		return setSlice(dst, in)
	case reflect.Map:
		return setMap(dst, in)
	case reflect.Struct:
		return setStruct(dst, in)
	case reflect.Interface:
		if in != nil {
			dst.Set(reflect.ValueOf(in))
		}
		return nil
	}
	panic("connector: property of type " + dst.Type().String())
}

func setString(dst reflect.Value, in any) error {
	var s string
	switch t := in.(type) {
	case string:
		s = t
	case bool:
		s = strconv.FormatBool(t)
	default:
		f, ok := number(in)
		if !ok {
			return mistake("a text is wanted, not %s", shown(in))
		}
		s = strconv.FormatFloat(f, 'f', -1, 64)
	}
	if err := checkReference(s); err != nil {
		return err
	}
	if dst.Type() != templateType && dst.Type() != secretType && strings.Contains(s, "{{") {
		return mistake("a template is not possible here")
	}
	dst.SetString(s)
	return nil
}

func setBool(dst reflect.Value, in any) error {
	switch t := in.(type) {
	case bool:
		dst.SetBool(t)
		return nil
	case string:
		if b, err := strconv.ParseBool(t); err == nil {
			dst.SetBool(b)
			return nil
		}
	default:
		if f, ok := number(in); ok && (f == 0 || f == 1) {
			dst.SetBool(f == 1)
			return nil
		}
	}
	return mistake("true or false is wanted, not %s", shown(in))
}

func setInt(dst reflect.Value, in any) error {
	f, ok := number(in)
	if !ok || f != math.Trunc(f) || math.Abs(f) > 1<<53 {
		return mistake("a whole number is wanted, not %s", shown(in))
	}
	if dst.Kind() == reflect.Uint8 {
		if f < 0 || f > math.MaxUint8 {
			return mistake("%v is out of range", f)
		}
		dst.SetUint(uint64(f))
		return nil
	}
	dst.SetInt(int64(f))
	return nil
}

func setDuration(dst reflect.Value, in any) error {
	if f, ok := number(in); ok {
		if math.Abs(f) > float64(math.MaxInt64/int64(time.Millisecond)) {
			return mistake("%v ms is out of range", f)
		}
		dst.SetInt(int64(f * float64(time.Millisecond)))
		return nil
	}
	if s, ok := in.(string); ok {
		if t, err := time.ParseDuration(s); err == nil {
			dst.SetInt(int64(t))
			return nil
		}
	}
	return mistake("milliseconds or a text such as \"10s\" are wanted, not %s", shown(in))
}

func number(in any) (float64, bool) {
	switch t := in.(type) {
	case float64:
		return t, true
	case int:
		return float64(t), true
	case int64:
		return float64(t), true
	case json.Number:
		f, err := t.Float64()
		return f, err == nil
	case string:
		f, err := strconv.ParseFloat(t, 64)
		return f, err == nil && !math.IsNaN(f) && !math.IsInf(f, 0)
	}
	return 0, false
}

func setSlice(dst reflect.Value, in any) error {
	list, ok := in.([]any)
	if !ok {
		if texts, isTexts := in.([]string); isTexts {
			for _, t := range texts {
				list = append(list, t)
			}
		} else { // one element stands for a list of it
			list = []any{in}
		}
	}
	out := reflect.MakeSlice(dst.Type(), len(list), len(list))
	for i, e := range list {
		if err := set(out.Index(i), e); err != nil {
			return below(fmt.Sprintf("[%d]", i), err)
		}
	}
	dst.Set(out)
	return nil
}

func setMap(dst reflect.Value, in any) error {
	m, ok := in.(map[string]any)
	if text, isText := in.(string); isText { // as forms send it
		ok = json.Unmarshal([]byte(text), &m) == nil && m != nil
	}
	if !ok {
		if texts, isTexts := in.(map[string]string); isTexts {
			m = make(map[string]any, len(texts))
			for k, v := range texts {
				m[k] = v
			}
		} else {
			return mistake("an object is wanted, not %s", shown(in))
		}
	}
	out := reflect.MakeMapWithSize(dst.Type(), len(m))
	for _, k := range sortedNames(m) {
		e := reflect.New(dst.Type().Elem()).Elem()
		if err := set(e, m[k]); err != nil {
			return below("."+k, err)
		}
		out.SetMapIndex(reflect.ValueOf(k), e)
	}
	dst.Set(out)
	return nil
}

func setStruct(dst reflect.Value, in any) error {
	m, ok := in.(map[string]any)
	if text, isText := in.(string); isText { // as forms send it
		ok = json.Unmarshal([]byte(text), &m) == nil && m != nil
	}
	if !ok {
		return mistake("an object is wanted, not %s", shown(in))
	}
	props := configurationOf(dst)
	for _, name := range sortedNames(m) {
		p, ok := props.find(name)
		if !ok {
			return &pathError{err: unknownProperty(name, props.names())}
		}
		if err := set(p.value, m[name]); err != nil {
			return below("."+name, err)
		}
	}
	for p := range props.all() {
		if _, given := m[p.field.Name]; p.field.Required && !given {
			return mistake("%q is missing: %s", p.field.Name, p.field.Doc)
		}
	}
	return nil
}

// shown is a value in an error. Texts that may be secrets are not repeated.
func shown(in any) string {
	switch t := in.(type) {
	case string:
		return "a text"
	case bool, float64, int, int64, json.Number:
		return fmt.Sprint(t)
	case nil:
		return "null"
	case []any, []string:
		return "a list"
	}
	return "an object"
}
