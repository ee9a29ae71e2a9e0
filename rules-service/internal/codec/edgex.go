package codec

import (
	"bytes"
	"fmt"

	"github.com/valyala/fastjson"

	"sluice/sqlengine"
	"sluice/sqlengine/value"
)

// edgexDecoder makes one row of an event: each resource is a column, typed by
// its valueType. It reads JSON and CBOR, AddEventRequests and bare events.
type edgexDecoder struct {
	schema  *value.Schema
	layout  *layout
	strict  bool
	parser  fastjson.Parser
	generic generic
	event   event
	names   interner // of devices, profiles, sources
	tags    bool     // a rule reads them
	all     bool     // a rule reads every reading
}

func newEdgeXDecoder(s *value.Schema, o DecoderOptions) *edgexDecoder {
	d := &edgexDecoder{schema: s, layout: newLayout(s, o.Fields), strict: o.Strict}
	d.all = d.layout.whole >= 0
	for _, i := range d.layout.meta {
		name := s.Columns[i].Name
		d.tags = d.tags || name == "tags" || name == "*"
		d.all = d.all || !isEventKey(name)
	}
	return d
}

// isEventKey tells keys of the event and its envelope from names of resources,
// for which meta() has those of the reading.
func isEventKey(name string) bool {
	switch name {
	case "id", "deviceName", "profileName", "sourceName", "origin", "tags", "correlationid":
		return true
	}
	return false
}

func (d *edgexDecoder) wanted(resource []byte) bool {
	return d.all || d.layout.slot(resource) >= 0
}

func (d *edgexDecoder) Decode(dst []value.Row, payload []byte, meta Meta, t int64) ([]value.Row, error) {
	if err := d.read(payload); err != nil {
		return dst, fmt.Errorf("decode event: %w", err)
	}
	if d.event.total == 0 {
		return dst, nil
	}
	cols := make([]value.Value, len(d.schema.Columns))
	copy(cols, d.layout.blank)
	first := d.readings(cols)
	if d.strict {
		for i, c := range d.layout.fields {
			if c.field != nil && cols[i].IsMissing() {
				return dst, fmt.Errorf("decode event: column %q is missing, and STRICT_VALIDATION wants it", c.name)
			}
		}
	}
	d.layout.setMeta(cols, d.schema, &eventMeta{d: d, outer: meta})
	return append(dst, value.Row{Time: t, Cols: cols}), first
}

func (d *edgexDecoder) read(payload []byte) error {
	trimmed := bytes.TrimLeft(payload, " \t\r\n")
	if len(trimmed) == 0 || trimmed[0] != '{' { // no CBOR map begins with this byte
		return d.event.readCBOR(payload, d.wanted)
	}
	v, err := d.parser.ParseBytes(trimmed)
	if err != nil {
		return err
	}
	return d.event.readJSON(&d.generic, v, d.tags, d.wanted)
}

// readings fills the columns. A reading that cannot be read is left out; the
// error tells of the first.
func (d *edgexDecoder) readings(cols []value.Value) (first error) {
	var names []string
	var values []value.Value
	for i := range d.event.readings {
		r := &d.event.readings[i]
		slot := d.layout.slot(r.resource)
		if slot < 0 && d.layout.whole < 0 {
			continue // meta() alone asks for it
		}
		v, err := d.convert(r, slot)
		if err != nil {
			if first == nil {
				first = fmt.Errorf("decode event: reading %q: %w", r.resource, err)
			}
			continue
		}
		if slot >= 0 {
			cols[slot] = v
		}
		if d.layout.whole >= 0 {
			names, values = append(names, d.generic.name(r.resource)), append(values, v)
		}
	}
	if d.layout.whole >= 0 {
		cols[d.layout.whole] = value.OfObject(value.FieldsOf(names, values))
	}
	return first
}

func (d *edgexDecoder) convert(r *reading, slot int) (value.Value, error) {
	var texts *interner
	var field *sqlengine.Field
	if slot >= 0 {
		texts, field = &d.layout.fields[slot].texts, d.layout.fields[slot].field
	} else {
		texts = &interner{off: true}
	}
	v, err := d.generic.readingValue(r, texts)
	if err != nil || field == nil {
		return v, err
	}
	return fit(field, v)
}

// fit gives a reading the declared type where that changes nothing but the
// type of a number.
func fit(f *sqlengine.Field, v value.Value) (value.Value, error) {
	switch {
	case v.IsNull() || f.Kind == value.Null || f.Kind == v.Kind():
		return v, nil
	case f.Kind == value.Float && v.Kind() == value.Int:
		return value.OfFloat(float64(v.Int())), nil
	case f.Kind == value.Int && v.Kind() == value.Float:
		if i := int64(v.Float()); float64(i) == v.Float() {
			return value.OfInt(i), nil
		}
	case f.Kind == value.Time && (v.Kind() == value.Int || v.Kind() == value.String):
		return v, nil // kept as it came, as in JSON
	}
	return value.Value{}, fmt.Errorf("%s where %s is declared", v.Kind(), f.Kind)
}

// eventMeta answers meta() from the event, its readings, and its envelope.
type eventMeta struct {
	d     *edgexDecoder
	outer Meta
}

func (m *eventMeta) Get(key string) value.Value {
	e := &m.d.event
	switch key {
	case "id":
		return value.OfString(text(e.id))
	case "deviceName":
		return value.OfString(m.d.names.text(e.device))
	case "profileName":
		return value.OfString(m.d.names.text(e.profile))
	case "sourceName":
		return value.OfString(m.d.names.text(e.source))
	case "origin":
		return value.OfInt(e.origin)
	case "tags":
		return e.tags
	}
	for i := range e.readings {
		if string(e.readings[i].resource) == key {
			return m.reading(&e.readings[i])
		}
	}
	if m.outer == nil {
		return value.Missing
	}
	return m.outer.Get(key)
}

func (m *eventMeta) reading(r *reading) value.Value {
	names := []string{"deviceName", "id", "origin", "profileName", "valueType"}
	values := []value.Value{value.OfString(m.d.names.text(r.device)), value.OfString(text(r.id)), value.OfInt(r.origin),
		value.OfString(m.d.names.text(r.profile)), value.OfString(m.d.names.text(r.valueType))}
	if len(r.mediaType) > 0 {
		names, values = append(names, "mediaType"), append(values, value.OfString(m.d.names.text(r.mediaType)))
	}
	return value.OfObject(value.FieldsOf(names, values))
}

func (m *eventMeta) All() value.Value {
	var names []string
	var values []value.Value
	if m.outer != nil {
		if o := m.outer.All(); o.Kind() == value.Object {
			names, values = append(names, o.Object().Names...), append(values, o.Object().Values...)
		}
	}
	for i := range m.d.event.readings {
		r := &m.d.event.readings[i]
		names, values = append(names, m.d.generic.name(r.resource)), append(values, m.reading(r))
	}
	for _, key := range []string{"id", "deviceName", "profileName", "sourceName", "origin", "tags"} {
		if v := m.Get(key); !v.IsMissing() {
			names, values = append(names, key), append(values, v)
		}
	}
	return value.OfObject(value.FieldsOf(names, values))
}
