package codec

import (
	"bytes"
	"fmt"

	"sluice/sqlengine/value"
)

// selfColumn holds a binary payload of a stream without declared columns.
const selfColumn = "self"

// binaryDecoder makes one column of a payload.
type binaryDecoder struct {
	slots
	name string
	slot int // -1: no rule reads it
}

func newBinaryDecoder(s *value.Schema, o DecoderOptions) (Decoder, error) {
	d := &binaryDecoder{slots: newSlots("binary", s, o), name: selfColumn}
	if len(o.Fields) > 0 {
		d.name = o.Fields[0].Name
	}
	if len(o.Fields) > 1 || len(o.Fields) == 1 && o.Fields[0].Kind != value.Bytes {
		return nil, fmt.Errorf("format binary fills one column of type BYTEA; declare that one, or none")
	}
	d.slot = d.layout.slot([]byte(d.name))
	return d, nil
}

func (d *binaryDecoder) Decode(dst []value.Row, payload []byte, meta Meta, t int64) ([]value.Row, error) {
	cols := d.begin()
	if d.slot >= 0 || d.layout.whole >= 0 {
		v := value.OfBytes(bytes.Clone(payload))
		if d.slot >= 0 {
			cols[d.slot] = v
		}
		if d.layout.whole >= 0 {
			cols[d.layout.whole] = value.OfObject(value.FieldsOf([]string{d.name}, []value.Value{v}))
		}
	}
	row, err := d.end(cols, meta, t)
	if err != nil {
		return dst, d.wrap(err)
	}
	return append(dst, row), nil
}

// binaryWriter writes the column self.
type binaryWriter struct{}

func (binaryWriter) Append(dst []byte, rows []*value.Fields, _ bool) ([]byte, error) {
	row, err := oneRow("binary", rows)
	if err != nil {
		return dst, err
	}
	switch v := row.Get(selfColumn); v.Kind() {
	case value.Bytes:
		return append(dst, v.Bytes()...), nil
	case value.String:
		return append(dst, v.Str()...), nil
	default:
		if v.IsMissing() {
			return dst, fmt.Errorf("column %q is missing: format binary writes it alone; name one so, as in SELECT image AS self", selfColumn)
		}
		return dst, fmt.Errorf("column %q is %s where BYTEA or STRING is wanted", selfColumn, v.Kind())
	}
}

func (binaryWriter) Text() bool { return false }
