package codec

import (
	"fmt"

	"sluice/sqlengine"
	"sluice/sqlengine/value"
)

// textsDecoder reads what AppendRows wrote of rows in which every value is a
// text, as files have them. Declared columns get their type; the others stay
// texts.
type textsDecoder struct {
	maker    *RowMaker
	declared map[string]*sqlengine.Field
	texts    interner
}

func newTextsDecoder(s *value.Schema, o DecoderOptions) *textsDecoder {
	d := &textsDecoder{maker: NewRowMaker(s, o), declared: map[string]*sqlengine.Field{}}
	for i := range o.Fields {
		d.declared[o.Fields[i].Name] = &o.Fields[i]
	}
	return d
}

func (d *textsDecoder) Decode(dst []value.Row, payload []byte, meta Meta, t int64) ([]value.Row, error) {
	rows, err := ParseRows(append([]byte(nil), payload...)) // rows keep nothing of the payload
	if err != nil {
		return dst, err
	}
	var first error
	for _, fields := range rows {
		err := d.convert(fields)
		if err == nil {
			var row value.Row
			if row, err = d.maker.Row(fields, meta, t); err == nil {
				dst = append(dst, row)
			}
		}
		if err != nil && first == nil {
			first = err
		}
	}
	return dst, first
}

// convert gives the columns that are read and declared their types.
func (d *textsDecoder) convert(fields *value.Fields) error {
	for i, name := range fields.Names {
		f := d.declared[name]
		if f == nil || fields.Values[i].Kind() != value.String || d.maker.layout.slot([]byte(name)) < 0 {
			continue
		}
		v, err := fromText(f, &d.texts, []byte(fields.Values[i].Str()), d.maker.strict)
		if err != nil {
			return fmt.Errorf("column %q: %w", name, err)
		}
		fields.Values[i] = v
	}
	return nil
}
