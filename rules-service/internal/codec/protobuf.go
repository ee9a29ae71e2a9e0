package codec

import (
	"errors"

	"google.golang.org/protobuf/reflect/protoreflect"

	"sluice/sqlengine/value"
)

// current is a message of the registry, as it is there now.
type current struct {
	schemas Schemas
	id      string
	changes uint64
	message protoreflect.MessageDescriptor
}

func newCurrent(f Form) (*current, error) {
	switch {
	case f.SchemaID == "":
		return nil, errors.New("format protobuf wants a schemaId, such as schema1.Message")
	case f.Schemas == nil:
		return nil, errors.New("there is no schema registry here")
	}
	c := &current{schemas: f.Schemas, id: f.SchemaID, changes: f.Schemas.Changes()}
	var err error
	c.message, err = f.Schemas.Message(f.SchemaID)
	return c, err
}

// refresh tells whether the message has changed. One that has gone from the
// registry stays as it was.
func (c *current) refresh() bool {
	n := c.schemas.Changes()
	if n == c.changes {
		return false
	}
	c.changes = n
	m, err := c.schemas.Message(c.id)
	if err != nil || m == c.message {
		return false
	}
	c.message = m
	return true
}

// protobufDecoder reads one message as a row.
type protobufDecoder struct {
	slots
	current *current
	plan    *messagePlan
	slot    []int // by the fields of the plan; -1: no rule reads it
	wanted  []bool
	values  []value.Value
}

func newProtobufDecoder(s *value.Schema, o DecoderOptions) (Decoder, error) {
	c, err := newCurrent(*o.form())
	if err != nil {
		return nil, err
	}
	d := &protobufDecoder{slots: newSlots("protobuf", s, o), current: c}
	d.prepare()
	return d, nil
}

func (d *protobufDecoder) prepare() {
	d.plan = newMessagePlan(d.current.message)
	n := len(d.plan.fields)
	d.slot, d.wanted, d.values = make([]int, n), make([]bool, n), make([]value.Value, n)
	for i := range d.plan.fields {
		d.slot[i] = d.layout.slot([]byte(d.plan.fields[i].name))
		d.wanted[i] = d.slot[i] >= 0 || d.layout.whole >= 0
	}
}

func (d *protobufDecoder) Decode(dst []value.Row, payload []byte, meta Meta, t int64) ([]value.Row, error) {
	if d.current.refresh() {
		d.prepare()
	}
	if err := d.plan.read(d.values, payload, d.wanted, 0); err != nil {
		return dst, d.wrap(err)
	}
	cols := d.begin()
	for i, slot := range d.slot {
		if slot < 0 || d.values[i].IsMissing() {
			continue
		}
		if err := d.put(cols, slot, d.values[i]); err != nil {
			return dst, d.wrap(err)
		}
	}
	if d.layout.whole >= 0 {
		cols[d.layout.whole] = d.plan.object(d.values)
	}
	clear(d.values)
	row, err := d.end(cols, meta, t)
	if err != nil {
		return dst, d.wrap(err)
	}
	return append(dst, row), nil
}
