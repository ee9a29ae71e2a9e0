package connector

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
)

// referencePrefix begins a text that stands for a secret: secret://NAME/KEY is
// the value of a key of a secret in the service's secret store. NAME may have
// slashes.
const referencePrefix = "secret://"

// reference is such a text, taken apart.
func reference(text string) (name, key string, ok bool) {
	path, ok := strings.CutPrefix(text, referencePrefix)
	if !ok {
		return "", "", false
	}
	i := strings.LastIndexByte(path, '/')
	if i <= 0 || i == len(path)-1 || strings.Contains(path, "{{") {
		return "", "", false
	}
	return path[:i], path[i+1:], true
}

// refersTo tells whether a text means to be a reference.
func refersTo(text string) bool { return strings.HasPrefix(text, referencePrefix) }

// checkReference says what is wrong with a text that means to be a reference.
func checkReference(text string) error {
	if _, _, ok := reference(text); refersTo(text) && !ok {
		return mistake("a secret is written secret://NAME/KEY")
	}
	return nil
}

// references tells whether a configuration names secrets.
func references(config any) bool { return refersIn(reflect.ValueOf(config)) }

func refersIn(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.String:
		return refersTo(v.String())
	case reflect.Struct:
		for i := range v.NumField() {
			if refersIn(v.Field(i)) {
				return true
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			if refersIn(v.Index(i)) {
				return true
			}
		}
	case reflect.Map:
		for entries := v.MapRange(); entries.Next(); {
			if refersIn(entries.Value()) {
				return true
			}
		}
	case reflect.Interface:
		return !v.IsNil() && refersIn(v.Elem())
	}
	return false
}

// reveal returns the configuration with the secrets that it names, and these by
// themselves.
func reveal[C any](config C, env Env) (revealed C, secrets []string, err error) {
	out, err := replaced(reflect.ValueOf(&config).Elem(), func(text string) (string, error) {
		name, key, ok := reference(text)
		if !ok {
			return text, nil
		}
		value, err := env.secret(name, key)
		if err == nil {
			secrets = append(secrets, value)
		}
		return value, err
	})
	if err != nil {
		return config, nil, err
	}
	revealed = out.Interface().(C)
	if v, ok := any(&revealed).(validator); ok {
		err = v.Validate()
	}
	return revealed, secrets, hideIn(err, secrets)
}

// secret is a value of the store.
func (e Env) secret(name, key string) (string, error) {
	if e.Secret == nil {
		return "", fmt.Errorf("secret %s cannot be read: there is no secret store", name)
	}
	value, err := e.Secret(name, key)
	if err != nil {
		return "", fmt.Errorf("secret %s, key %s: %w", name, key, err)
	}
	if value == "" {
		return "", fmt.Errorf("secret %s has no key %q", name, key)
	}
	return value, nil
}

// replaced is a copy of v in which f has changed the texts.
func replaced(v reflect.Value, f func(string) (string, error)) (reflect.Value, error) {
	out := reflect.New(v.Type()).Elem()
	out.Set(v)
	var errs []error
	change := func(in reflect.Value) reflect.Value {
		r, err := replaced(in, f)
		errs = append(errs, err)
		return r
	}
	switch v.Kind() {
	case reflect.String:
		text, err := f(v.String())
		errs = append(errs, err)
		out.SetString(text)
	case reflect.Struct:
		for i := range v.NumField() {
			out.Field(i).Set(change(v.Field(i)))
		}
	case reflect.Slice:
		if !v.IsNil() {
			out.Set(reflect.MakeSlice(v.Type(), v.Len(), v.Len()))
		}
		for i := range v.Len() {
			out.Index(i).Set(change(v.Index(i)))
		}
	case reflect.Map:
		if !v.IsNil() {
			out.Set(reflect.MakeMapWithSize(v.Type(), v.Len()))
		}
		for _, k := range v.MapKeys() {
			out.SetMapIndex(k, change(v.MapIndex(k)))
		}
	case reflect.Interface:
		if !v.IsNil() {
			out.Set(change(v.Elem()))
		}
	}
	return out, errors.Join(errs...)
}

// guarded is an error whose text must not show secrets.
type guarded struct {
	err     error
	secrets []string
}

// hideIn keeps an error from showing secrets that a target repeats.
func hideIn(err error, secrets []string) error {
	if err == nil || len(secrets) == 0 {
		return err
	}
	return &guarded{err, secrets}
}

func (g *guarded) Error() string {
	text := g.err.Error()
	for _, s := range g.secrets {
		text = strings.ReplaceAll(text, s, hidden)
	}
	return text
}

// Unwrap is for errors.Is and errors.As; who prints what it finds prints
// secrets that are in there.
func (g *guarded) Unwrap() error { return g.err }
