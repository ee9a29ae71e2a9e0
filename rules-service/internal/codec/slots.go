package codec

import (
	"fmt"

	"sluice/sqlengine/value"
)

// slots puts values by the names of their columns where the schema wants them.
// Decoders of small formats share it.
type slots struct {
	format string // for errors
	schema *value.Schema
	layout *layout
	strict bool
}

func newSlots(format string, s *value.Schema, o DecoderOptions) slots {
	return slots{format: format, schema: s, layout: newLayout(s, o.Fields), strict: o.Strict}
}

// begin is a row without any column.
func (s *slots) begin() []value.Value {
	cols := make([]value.Value, len(s.schema.Columns))
	copy(cols, s.layout.blank)
	return cols
}

// put fills a slot from a typed value.
func (s *slots) put(cols []value.Value, slot int, v value.Value) error {
	c := &s.layout.fields[slot]
	if c.field != nil {
		var err error
		if v, err = declaredAs(c.field, v); err != nil {
			return fmt.Errorf("column %q: %w", c.name, err)
		}
	}
	cols[slot] = v
	return nil
}

// putText fills a slot from a text, of the type that is declared.
func (s *slots) putText(cols []value.Value, slot int, b []byte) error {
	c := &s.layout.fields[slot]
	if c.field == nil {
		cols[slot] = value.OfString(c.texts.text(b))
		return nil
	}
	v, err := fromText(c.field, &c.texts, b, s.strict)
	if err != nil {
		return fmt.Errorf("column %q: %w", c.name, err)
	}
	cols[slot] = v
	return nil
}

// end completes a row.
func (s *slots) end(cols []value.Value, meta Meta, t int64) (value.Row, error) {
	row := value.Row{Time: t, Cols: cols}
	if s.strict {
		for i, c := range s.layout.fields {
			if c.field != nil && cols[i].IsMissing() {
				return row, fmt.Errorf("column %q is missing, and STRICT_VALIDATION wants it", c.name)
			}
		}
	}
	s.layout.setMeta(cols, s.schema, meta)
	return row, nil
}

// wrap says of which format an error is.
func (s *slots) wrap(err error) error { return fmt.Errorf("decode %s: %w", s.format, err) }
