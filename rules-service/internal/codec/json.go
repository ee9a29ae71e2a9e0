package codec

import (
	"errors"
	"fmt"

	"github.com/valyala/fastjson"

	"sluice/sqlengine/value"
)

// jsonDecoder reads an object, or an array of objects as rows.
type jsonDecoder struct {
	schema  *value.Schema
	layout  *layout
	options DecoderOptions
	parser  fastjson.Parser
	generic generic
	cols    []value.Value // of the row that visit fills
	err     error
	visitor func([]byte, *fastjson.Value)
}

func newJSONDecoder(s *value.Schema, o DecoderOptions) *jsonDecoder {
	d := &jsonDecoder{schema: s, layout: newLayout(s, o.Fields), options: o, generic: generic{wholeIsInt: o.Int64ForWholeNumber}}
	d.visitor = d.visit
	return d
}

func (d *jsonDecoder) Decode(dst []value.Row, payload []byte, meta Meta, t int64) ([]value.Row, error) {
	v, err := d.parser.ParseBytes(payload)
	if err != nil {
		return dst, fmt.Errorf("decode json: %w", err)
	}
	switch v.Type() {
	case fastjson.TypeObject:
		cols := make([]value.Value, len(d.schema.Columns))
		if err := d.row(cols, v, meta); err != nil {
			return dst, fmt.Errorf("decode json: %w", err)
		}
		return append(dst, value.Row{Time: t, Cols: cols}), nil
	case fastjson.TypeArray:
		return d.rows(dst, v.GetArray(), meta, t)
	}
	return dst, fmt.Errorf("decode json: an object or an array of objects is wanted, not %s", typeName(v))
}

func (d *jsonDecoder) rows(dst []value.Row, list []*fastjson.Value, meta Meta, t int64) ([]value.Row, error) {
	n := len(d.schema.Columns)
	all := make([]value.Value, n*len(list))
	var first error
	for i, v := range list {
		cols := all[i*n : (i+1)*n : (i+1)*n]
		err := errors.New("an object is wanted, not " + typeName(v))
		if v.Type() == fastjson.TypeObject {
			err = d.row(cols, v, meta)
		}
		if err == nil {
			dst = append(dst, value.Row{Time: t, Cols: cols})
		} else if first == nil {
			first = fmt.Errorf("decode json: [%d]: %w", i, err)
		}
	}
	return dst, first
}

// row fills the columns from an object; it is the object's only pass.
func (d *jsonDecoder) row(cols []value.Value, v *fastjson.Value, meta Meta) error {
	copy(cols, d.layout.blank)
	d.cols, d.err = cols, nil
	o, _ := v.Object()
	o.Visit(d.visitor)
	d.cols = nil
	if d.err == nil && d.layout.whole >= 0 {
		cols[d.layout.whole], d.err = d.generic.value(v)
	}
	if d.err == nil && d.options.Strict {
		d.err = d.missing(cols)
	}
	d.layout.setMeta(cols, d.schema, meta)
	return d.err
}

func (d *jsonDecoder) visit(key []byte, v *fastjson.Value) {
	i := d.layout.slot(key)
	if i < 0 || d.err != nil {
		return
	}
	c := &d.layout.fields[i]
	out, err := d.convert(c, v)
	if err != nil {
		d.err = fmt.Errorf("column %q%w", c.name, err)
		return
	}
	d.cols[i] = out
}

func (d *jsonDecoder) convert(c *column, v *fastjson.Value) (value.Value, error) {
	if c.field != nil {
		return d.generic.declared(c.field, &c.texts, v, d.options.Strict)
	}
	if v.Type() == fastjson.TypeString {
		b, _ := v.StringBytes()
		return value.OfString(c.texts.text(b)), nil
	}
	return d.generic.value(v)
}

func (d *jsonDecoder) missing(cols []value.Value) error {
	for i, c := range d.layout.fields {
		if c.field != nil && cols[i].IsMissing() {
			return fmt.Errorf("column %q is missing, and STRICT_VALIDATION wants it", c.name)
		}
	}
	return nil
}
