package sqltest

import (
	"encoding/json"
	"errors"
	"io"
	"strings"
)

// object is a JSON object whose keys stay in order, as they are converted in
// the order of the payload.
type object struct {
	names  []string
	values []any
}

// get returns a key; of two equal ones the last.
func (o object) get(name string) (any, bool) {
	for i := len(o.names) - 1; i >= 0; i-- {
		if o.names[i] == name {
			return o.values[i], true
		}
	}
	return nil, false
}

// scanner reads JSON values that stand one after the other.
type scanner struct {
	text string
	json *json.Decoder
	from int // offset of json in text
}

func newScanner(text string, from int) *scanner {
	d := json.NewDecoder(strings.NewReader(text[from:]))
	d.UseNumber()
	return &scanner{text, d, from}
}

// rest is what follows the values read so far.
func (s *scanner) rest() string { return strings.TrimLeft(s.text[s.offset():], " \t\r\n") }

func (s *scanner) offset() int { return s.from + int(s.json.InputOffset()) }

// next reads a value: nil, bool, string, json.Number, []any or object.
func (s *scanner) next() (any, error) {
	v, err := readJSON(s.json)
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return v, err
}

func readJSON(d *json.Decoder) (any, error) {
	t, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch t {
	case json.Delim('['):
		return readList(d)
	case json.Delim('{'):
		return readObject(d)
	}
	return t, nil
}

func readList(d *json.Decoder) (any, error) {
	list := []any{}
	for d.More() {
		v, err := readJSON(d)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	_, err := d.Token()
	return list, err
}

func readObject(d *json.Decoder) (any, error) {
	var o object
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return nil, err
		}
		v, err := readJSON(d)
		if err != nil {
			return nil, err
		}
		o.names, o.values = append(o.names, name.(string)), append(o.values, v)
	}
	_, err := d.Token()
	return o, err
}

// oneValue reads a text that is one JSON value.
func oneValue(text string) (any, error) {
	s := newScanner(text, 0)
	v, err := s.next()
	if err == nil && s.rest() != "" {
		err = errors.New("more than one JSON value")
	}
	return v, err
}

// typeName is the name of a JSON type in messages.
func typeName(x any) string {
	switch x.(type) {
	case nil:
		return "null"
	case bool:
		return "boolean"
	case string:
		return "string"
	case json.Number:
		return "number"
	case []any:
		return "array"
	}
	return "object"
}
