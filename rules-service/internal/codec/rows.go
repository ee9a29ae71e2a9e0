package codec

import (
	"errors"
	"fmt"

	"sluice/sqlengine/value"
)

// rowsVersion begins a payload of rows, so that a later form can be told from
// this one: such payloads wait in journals and queues on disk.
const rowsVersion = 1

// AppendRows appends rows in a form that keeps their types, for connectors that
// move rows and no bytes.
func AppendRows(dst []byte, rows []*value.Fields) []byte {
	var e value.Encoder
	e.Uint(uint64(len(rows)))
	for _, r := range rows {
		e.Value(value.OfObject(r))
	}
	return append(append(dst, rowsVersion), e.Bytes()...)
}

// ParseRows reads what AppendRows wrote. The rows may refer to b.
func ParseRows(b []byte) ([]*value.Fields, error) {
	if len(b) == 0 || b[0] != rowsVersion {
		return nil, errors.New("these are no rows")
	}
	d := value.NewDecoder(b[1:])
	rows := make([]*value.Fields, 0, 1)
	for range d.Count() {
		v := d.Value()
		if d.Err() == nil && v.Kind() != value.Object {
			d.Fail(fmt.Errorf("a row is %s", v.Kind()))
		}
		if d.Err() != nil {
			return nil, fmt.Errorf("read rows: %w", d.Err())
		}
		rows = append(rows, v.Object())
	}
	if err := d.Err(); err != nil {
		return nil, fmt.Errorf("read rows: %w", err)
	}
	return rows, nil
}

// rowsDecoder puts the fields of rows into slots.
type rowsDecoder struct {
	schema *value.Schema
	layout *layout
}

func newRowsDecoder(s *value.Schema, o DecoderOptions) *rowsDecoder {
	return &rowsDecoder{schema: s, layout: newLayout(s, o.Fields)}
}

func (d *rowsDecoder) Decode(dst []value.Row, payload []byte, meta Meta, t int64) ([]value.Row, error) {
	rows, err := ParseRows(append([]byte(nil), payload...)) // rows keep nothing of the payload
	for _, fields := range rows {
		row := d.schema.Row(t, fields, nil)
		for i, v := range row.Cols {
			if v.IsMissing() {
				row.Cols[i] = d.layout.blank[i]
			}
		}
		d.layout.setMeta(row.Cols, d.schema, meta)
		dst = append(dst, row)
	}
	return dst, err
}
