package codec

import (
	"fmt"
	"strconv"

	"sluice/sqlengine"
	"sluice/sqlengine/value"
)

// RowMaker puts the fields of rows into the slots of a schema, as the decoders
// do with what stands in a payload. It is used by one goroutine.
type RowMaker struct {
	schema *value.Schema
	layout *layout
	strict bool
}

// NewRowMaker makes one for the columns of schema.
func NewRowMaker(s *value.Schema, o DecoderOptions) *RowMaker {
	return &RowMaker{schema: s, layout: newLayout(s, o.Fields), strict: o.Strict}
}

// Row makes a row, which refers to the values of fields.
func (m *RowMaker) Row(fields *value.Fields, meta Meta, t int64) (value.Row, error) {
	row := m.schema.Row(t, fields, nil)
	for i := range row.Cols {
		c := &m.layout.fields[i]
		switch {
		case row.Cols[i].IsMissing() && c.field != nil && m.strict && m.layout.blank[i].IsMissing():
			return row, fmt.Errorf("column %q is missing, and STRICT_VALIDATION wants it", c.name)
		case row.Cols[i].IsMissing():
			row.Cols[i] = m.layout.blank[i]
		case c.field != nil:
			v, err := declaredAs(c.field, row.Cols[i])
			if err != nil {
				return row, fmt.Errorf("column %q: %w", c.name, err)
			}
			row.Cols[i] = v
		}
	}
	m.layout.setMeta(row.Cols, m.schema, meta)
	return row, nil
}

// declaredAs gives a value its declared type; a number may become text, as in
// JSON.
func declaredAs(f *sqlengine.Field, v value.Value) (value.Value, error) {
	if f.Kind == value.String {
		switch v.Kind() {
		case value.Int:
			return value.OfString(strconv.FormatInt(v.Int(), 10)), nil
		case value.Float:
			return value.OfString(strconv.FormatFloat(v.Float(), 'f', -1, 64)), nil
		}
	}
	return fit(f, v)
}

// rowsDecoder reads what AppendRows wrote.
type rowsDecoder struct{ maker *RowMaker }

func newRowsDecoder(s *value.Schema, o DecoderOptions) *rowsDecoder {
	return &rowsDecoder{NewRowMaker(s, o)}
}

func (d *rowsDecoder) Decode(dst []value.Row, payload []byte, meta Meta, t int64) ([]value.Row, error) {
	rows, err := ParseRows(append([]byte(nil), payload...)) // rows keep nothing of the payload
	if err != nil {
		return dst, err
	}
	var first error
	for i, fields := range rows {
		row, err := d.maker.Row(fields, meta, t)
		if err == nil {
			dst = append(dst, row)
		} else if first == nil {
			first = fmt.Errorf("row %d: %w", i, err)
		}
	}
	return dst, first
}
