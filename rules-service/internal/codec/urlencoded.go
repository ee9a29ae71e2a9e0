package codec

import (
	"bytes"
	"errors"
	"fmt"
	"net/url"

	"sluice/sqlengine/value"
)

// urlDecoder reads a=1&b=x: a row of texts, of which repeated ones are arrays.
type urlDecoder struct {
	slots
	seen  []int // how often a slot was filled, in the row at hand
	names []string
	texts []value.Value
}

func newURLDecoder(s *value.Schema, o DecoderOptions) (Decoder, error) {
	return &urlDecoder{slots: newSlots("urlencoded", s, o), seen: make([]int, len(s.Columns))}, nil
}

func (d *urlDecoder) Decode(dst []value.Row, payload []byte, meta Meta, t int64) ([]value.Row, error) {
	cols := d.begin()
	clear(d.seen)
	d.names, d.texts = d.names[:0], d.texts[:0]
	for rest := payload; len(rest) > 0; {
		var pair []byte
		pair, rest, _ = bytes.Cut(rest, []byte("&"))
		if len(pair) == 0 {
			continue
		}
		if err := d.pair(cols, pair); err != nil {
			return dst, d.wrap(err)
		}
	}
	if d.layout.whole >= 0 {
		cols[d.layout.whole] = value.OfObject(d.fields())
	}
	row, err := d.end(cols, meta, t)
	if err != nil {
		return dst, d.wrap(err)
	}
	return append(dst, row), nil
}

func (d *urlDecoder) pair(cols []value.Value, pair []byte) error {
	if bytes.IndexByte(pair, ';') >= 0 {
		return errors.New("a semicolon between the columns; & is wanted, and %3B in a value")
	}
	key, text, _ := bytes.Cut(pair, []byte("="))
	key, err := unescape(key)
	if err != nil {
		return fmt.Errorf("name of a column: %w", err)
	}
	slot := d.layout.slot(key)
	if slot < 0 && d.layout.whole < 0 {
		return nil
	}
	if text, err = unescape(text); err != nil {
		return fmt.Errorf("column %q: %w", key, err)
	}
	if d.layout.whole >= 0 {
		d.names, d.texts = append(d.names, string(key)), append(d.texts, value.OfString(string(text)))
	}
	if slot < 0 {
		return nil
	}
	return d.fill(cols, slot, text)
}

// fill puts a text into a slot; the second one of a name makes an array.
func (d *urlDecoder) fill(cols []value.Value, slot int, b []byte) error {
	d.seen[slot]++
	c := &d.layout.fields[slot]
	switch list := c.field != nil && c.field.Kind == value.List; {
	case d.seen[slot] > 1:
		if c.field != nil && !list {
			return fmt.Errorf("column %q comes several times where %s is declared", c.name, c.field.Kind)
		}
		v, err := d.element(c, b)
		if err != nil {
			return err
		}
		first := []value.Value{cols[slot]}
		if d.seen[slot] > 2 || list && cols[slot].Kind() == value.List {
			first = cols[slot].List()
		}
		cols[slot] = value.OfList(append(first[:len(first):len(first)], v))
		return nil
	case list && (len(b) == 0 || b[0] != '['):
		v, err := d.element(c, b)
		if err == nil {
			cols[slot] = value.OfList([]value.Value{v})
		}
		return err
	}
	return d.putText(cols, slot, b)
}

// element is one of a repeated column.
func (d *urlDecoder) element(c *column, b []byte) (value.Value, error) {
	if c.field == nil || c.field.Elem == nil {
		return value.OfString(string(b)), nil
	}
	v, err := fromText(c.field.Elem, &interner{off: true}, b, d.strict)
	if err != nil {
		return v, fmt.Errorf("column %q: %w", c.name, err)
	}
	return v, nil
}

// fields is the whole row.
func (d *urlDecoder) fields() *value.Fields {
	at := map[string]int{}
	var names []string
	var lists [][]value.Value
	for i, name := range d.names {
		n, ok := at[name]
		if !ok {
			n = len(names)
			at[name] = n
			names, lists = append(names, name), append(lists, nil)
		}
		lists[n] = append(lists[n], d.texts[i])
	}
	values := make([]value.Value, len(lists))
	for i, l := range lists {
		if values[i] = l[0]; len(l) > 1 {
			values[i] = value.OfList(l)
		}
	}
	return value.FieldsOf(names, values)
}

// unescape leaves most texts as they are.
func unescape(b []byte) ([]byte, error) {
	if !bytes.ContainsAny(b, "%+") {
		return b, nil
	}
	s, err := url.QueryUnescape(string(b))
	return []byte(s), err
}

// urlWriter writes one row, a name for each element of an array.
type urlWriter struct{}

func (urlWriter) Append(dst []byte, rows []*value.Fields, _ bool) ([]byte, error) {
	row, err := oneRow("urlencoded", rows)
	if err != nil {
		return dst, err
	}
	first := true
	pair := func(name string, v value.Value) error {
		text, err := appendText(nil, v)
		if err != nil {
			return fmt.Errorf("column %q: %w", name, err)
		}
		if !first {
			dst = append(dst, '&')
		}
		first = false
		dst = append(append(append(dst, url.QueryEscape(name)...), '='), url.QueryEscape(string(text))...)
		return nil
	}
	for i, name := range row.Names {
		list := []value.Value{row.Values[i]}
		if row.Values[i].Kind() == value.List {
			list = row.Values[i].List()
		}
		for _, v := range list {
			if err := pair(name, v); err != nil {
				return dst, err
			}
		}
	}
	return dst, nil
}

func (urlWriter) Text() bool { return true }
