package sap

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
)

var parameterName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.-]*$`)

// parameters writes a payload as the elements of a call: XML as it is, the
// columns of an object as elements in their order. A list is a table of items.
func parameters(payload []byte) (string, error) {
	text := bytes.TrimSpace(payload)
	if len(text) > 0 && text[0] == '<' {
		if _, err := parseXML(bytes.Join([][]byte{[]byte("<p>"), text, []byte("</p>")}, nil)); err != nil {
			return "", fmt.Errorf("the parameters: %w", err)
		}
		return string(text), nil
	}
	if !json.Valid(text) {
		return "", errors.New("the payload is neither XML nor a JSON object of parameters")
	}
	var list []json.RawMessage
	if json.Unmarshal(text, &list) == nil && len(list) == 1 { // as results look without sendSingle
		text = list[0]
	}
	if text = bytes.TrimSpace(text); text[0] != '{' {
		return "", errors.New("the payload is no JSON object of parameters; set sendSingle")
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	w := elements{d: d}
	if err := w.value(); err != nil {
		return "", err
	}
	return w.b.String(), nil
}

// elements writes values of JSON as elements of XML.
type elements struct {
	d *json.Decoder
	b strings.Builder
}

// value writes the next value.
func (w *elements) value() error {
	t, err := w.d.Token()
	if err != nil {
		return err
	}
	switch t := t.(type) {
	case json.Delim:
		if t == '[' {
			return w.items()
		}
		return w.fields()
	case string:
		w.b.WriteString(escape(t))
	case json.Number:
		w.b.WriteString(t.String())
	case bool: // of ABAP
		if t {
			w.b.WriteString("X")
		}
	}
	return nil
}

// items writes what is in a list, to its end.
func (w *elements) items() error {
	for w.d.More() {
		if err := w.element("item"); err != nil {
			return err
		}
	}
	_, err := w.d.Token()
	return err
}

// fields writes what is in an object, to its end.
func (w *elements) fields() error {
	for w.d.More() {
		t, err := w.d.Token()
		if err != nil {
			return err
		}
		name, _ := t.(string)
		if err := w.element(name); err != nil {
			return err
		}
	}
	_, err := w.d.Token()
	return err
}

func (w *elements) element(name string) error {
	if !parameterName.MatchString(name) {
		return fmt.Errorf("%q cannot be the name of a parameter", name)
	}
	w.b.WriteString("<" + name + ">")
	if err := w.value(); err != nil {
		return err
	}
	w.b.WriteString("</" + name + ">")
	return nil
}
