package sqltest

import (
	"errors"
	"fmt"

	"sluice/sqlengine"
	"sluice/sqlengine/value"
)

// Decoder makes rows of JSON as the rules service does: values of declared
// columns by their types, DEFAULT where a column is missing, an error where
// STRICT_VALIDATION wants it.
type Decoder struct {
	Stream       *sqlengine.Stream
	Columns      []value.Column // the slots of the rows
	WholeNumbers bool           // undeclared numbers without a point are BIGINT
}

// Decode makes rows of one message: an object, or an array of them. The rows
// that are right come also when others are wrong: the error then tells of the
// first. meta is what meta() reads; it may be empty.
func (d *Decoder) Decode(payload, meta string) ([][]value.Value, error) {
	x, err := oneValue(payload)
	if err != nil {
		return nil, err
	}
	var m any = object{}
	if meta != "" {
		if m, err = oneValue(meta); err != nil {
			return nil, err
		}
	}
	return d.message(x, m)
}

// message makes rows of a message that was read.
func (d *Decoder) message(x, meta any) ([][]value.Value, error) {
	keys, ok := meta.(object)
	if !ok {
		return nil, fmt.Errorf("metadata are an object, not %s", typeName(meta))
	}
	switch x := x.(type) {
	case object:
		row, err := d.row(x, keys)
		if err != nil {
			return nil, err
		}
		return [][]value.Value{row}, nil
	case []any:
		return d.rows(x, keys)
	}
	return nil, fmt.Errorf("an object or an array of objects is wanted, not %s", typeName(x))
}

func (d *Decoder) rows(list []any, meta object) (rows [][]value.Value, first error) {
	for i, x := range list {
		var row []value.Value
		err := errors.New("an object is wanted, not " + typeName(x))
		if o, ok := x.(object); ok {
			row, err = d.row(o, meta)
		}
		if err == nil {
			rows = append(rows, row)
		} else if first == nil {
			first = fmt.Errorf("[%d]: %w", i, err)
		}
	}
	return rows, first
}

func (d *Decoder) row(o, meta object) ([]value.Value, error) {
	row := d.blank()
	for i, name := range o.names {
		slot, ok := d.slot(name)
		if !ok {
			continue
		}
		v, err := d.value(name, o.values[i])
		if err != nil {
			return nil, fmt.Errorf("column %q%w", name, err)
		}
		row[slot] = v
	}
	for i, c := range d.Columns {
		var err error
		switch {
		case c.Role == value.Whole:
			row[i], err = converter{whole: d.WholeNumbers}.free(o)
		case c.Role == value.Meta:
			row[i], err = metaOf(c.Name, meta)
		case d.Stream.Options.StrictValidation && row[i].IsMissing() && d.declares(c.Name):
			err = fmt.Errorf("column %q is missing, and STRICT_VALIDATION wants it", c.Name)
		}
		if err != nil {
			return nil, err
		}
	}
	return row, nil
}

// blank is a row without any key.
func (d *Decoder) blank() []value.Value {
	row := make([]value.Value, len(d.Columns))
	for i, c := range d.Columns {
		row[i] = value.Missing
		if f, ok := d.Stream.Field(c.Name); ok && c.Role == value.Field && !f.Default.IsNull() {
			row[i] = f.Default
		}
	}
	return row
}

func (d *Decoder) slot(name string) (int, bool) {
	s := value.Schema{Columns: d.Columns}
	return s.Slot(name, value.Field)
}

func (d *Decoder) declares(name string) bool { _, ok := d.Stream.Field(name); return ok }

func (d *Decoder) value(name string, x any) (value.Value, error) {
	c := converter{whole: d.WholeNumbers, strict: d.Stream.Options.StrictValidation}
	if f, ok := d.Stream.Field(name); ok {
		return c.declared(f, x)
	}
	return c.free(x)
}

// metaOf is what meta(name) reads. Its whole numbers are BIGINT.
func metaOf(name string, meta object) (value.Value, error) {
	if name == "*" {
		return converter{whole: true}.free(meta)
	}
	if x, ok := meta.get(name); ok {
		return converter{whole: true}.free(x)
	}
	return value.Missing, nil
}
