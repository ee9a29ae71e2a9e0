package codec

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/valyala/fastjson"

	"sluice/sqlengine/value"
)

// kubeedgeFlat reads flat objects as eKuiper 0.9 to 1.12 did with a
// kubeedgeModelFile: keys that a model knows are converted by a table, which
// takes fewer pairs of types than one would think; all others stay what they
// are. What cannot be converted is left out.
type kubeedgeFlat struct {
	slots
	generic generic
	types   Types // nil: there are no models
	parser  fastjson.Parser
}

func newKubeEdgeFlat(s *value.Schema, o DecoderOptions) (Decoder, error) {
	return &kubeedgeFlat{slots: newSlots("kubeedge", s, o), generic: generic{wholeIsInt: o.Int64ForWholeNumber}, types: o.Types}, nil
}

func (d *kubeedgeFlat) Decode(dst []value.Row, payload []byte, meta Meta, t int64) ([]value.Row, error) {
	v, err := d.parser.ParseBytes(payload)
	if err != nil {
		return dst, d.wrap(err)
	}
	objects := []*fastjson.Value{v}
	if v.Type() == fastjson.TypeArray {
		objects = v.GetArray()
	}
	types := d.typesOf(meta)
	var first error
	for _, o := range objects {
		cols, err := d.row(o, types)
		if err != nil && first == nil {
			first = d.wrap(err)
		}
		if cols == nil {
			continue
		}
		row, err := d.end(cols, meta, t)
		if err == nil {
			dst = append(dst, row)
		} else if first == nil {
			first = d.wrap(err)
		}
	}
	return dst, first
}

// typesOf are those of the model that is named as the fourth level of the topic.
func (d *kubeedgeFlat) typesOf(meta Meta) map[string]string {
	rest := topicText(meta)
	for range 3 {
		_, rest, _ = strings.Cut(rest, "/")
	}
	device, _, _ := strings.Cut(rest, "/")
	if d.types == nil || device == "" {
		return nil
	}
	return d.types.Properties("", device)
}

// row converts an object; nil: it is none.
func (d *kubeedgeFlat) row(v *fastjson.Value, types map[string]string) (cols []value.Value, first error) {
	o, err := v.Object()
	if err != nil {
		return nil, fmt.Errorf("an object is wanted, not %s", typeName(v))
	}
	cols = d.begin()
	var names []string
	var values []value.Value
	o.Visit(func(key []byte, v *fastjson.Value) {
		slot := d.layout.slot(key)
		if slot < 0 && d.layout.whole < 0 {
			return
		}
		out, err := d.convert(v, slot, typeOf(types, key))
		if err == nil && slot >= 0 {
			err = d.put(cols, slot, out)
		}
		if err != nil {
			if first == nil {
				first = fmt.Errorf("property %q: %w", key, err)
			}
			return
		}
		names, values = append(names, d.generic.name(key)), append(values, out)
	})
	if d.layout.whole >= 0 {
		cols[d.layout.whole] = value.OfObject(value.FieldsOf(names, values))
	}
	return cols, first
}

// typeOf finds a property without regard to case.
func typeOf(types map[string]string, key []byte) string {
	if typ, ok := types[string(key)]; ok || types == nil {
		return typ
	}
	return types[strings.ToLower(string(key))]
}

// convert applies the table to what a model knows.
func (d *kubeedgeFlat) convert(v *fastjson.Value, slot int, typ string) (value.Value, error) {
	if typ != "" {
		return d.literal(v, typ)
	}
	if slot >= 0 && d.layout.fields[slot].field != nil {
		c := &d.layout.fields[slot]
		out, err := d.generic.declared(c.field, &c.texts, v, d.strict)
		if err != nil {
			err = fmt.Errorf("value%w", err)
		}
		return out, err
	}
	return d.generic.value(v)
}

// literal is the table.
func (d *kubeedgeFlat) literal(v *fastjson.Value, typ string) (out value.Value, err error) {
	ok := false
	switch v.Type() {
	case fastjson.TypeTrue, fastjson.TypeFalse:
		out, ok = literalBool(v.Type() == fastjson.TypeTrue, typ)
	case fastjson.TypeString:
		b, _ := v.StringBytes()
		out, ok = literalText(text(b), typ)
	case fastjson.TypeNumber:
		if out, err = d.generic.anyNumber(v); err != nil {
			return out, fmt.Errorf("value%w", err)
		}
		if out.Kind() == value.Int {
			out, ok = literalInt(out.Int(), typ)
		} else {
			out, ok = literalFloat(out.Float(), typ)
		}
	}
	if !ok {
		return value.Value{}, fmt.Errorf("%s cannot become %s", typeName(v), typ)
	}
	return out, nil
}

func literalBool(b bool, typ string) (value.Value, bool) {
	switch {
	case typ == "bool":
		return value.OfBool(b), true
	case typ == "int" && b:
		return value.OfInt(1), true
	}
	return value.OfInt(0), typ == "int"
}

func literalInt(i int64, typ string) (value.Value, bool) {
	switch typ {
	case "int":
		return value.OfInt(i), true
	case "float":
		return value.OfFloat(float64(i)), true
	case "boolean":
		return value.OfBool(i != 0), true
	case "string":
		return value.OfString(strconv.FormatInt(i, 10)), true
	}
	return value.Value{}, false
}

func literalFloat(f float64, typ string) (value.Value, bool) {
	switch typ {
	case "double", "float":
		return value.OfFloat(f), true
	case "int":
		return value.OfInt(int64(f)), math.Abs(f) < math.MaxInt64
	case "string":
		return value.OfString(strconv.FormatFloat(f, 'f', -1, 64)), true
	}
	return value.Value{}, false
}

func literalText(s, typ string) (value.Value, bool) {
	switch typ {
	case "string":
		return value.OfString(s), true
	case "float":
		f, err := strconv.ParseFloat(s, 64)
		return value.OfFloat(f), err == nil && !math.IsNaN(f) && !math.IsInf(f, 0)
	case "int":
		i, err := strconv.ParseInt(s, 10, 64)
		return value.OfInt(i), err == nil
	}
	return value.Value{}, false
}
