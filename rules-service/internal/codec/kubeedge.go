package codec

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"github.com/valyala/fastjson"

	"sluice/sqlengine"
	"sluice/sqlengine/value"
)

// Types are the types of the properties of KubeEdge's devices, from their
// models.
type Types interface {
	// Properties are the types of a device's properties by their names, both in
	// the words of KubeEdge and in lower case; nil: the device is not known. The
	// namespace is empty where a topic does not say it.
	Properties(namespace, device string) map[string]string
}

// kubeedgeDecoder makes one row of a message about a device of KubeEdge: each
// property is a column. Its values are texts; the types are those that are
// declared, those of the device's model, or those that the message says.
type kubeedgeDecoder struct {
	schema  *value.Schema
	layout  *layout
	strict  bool
	types   Types // nil: there are no models
	parser  fastjson.Parser
	generic generic
	message *kubeedgeMessage
	topic   *kubeedgeTopic            // of the message
	topics  map[string]*kubeedgeTopic // that have come
	single  interner                  // of columns without a slot: keeps nothing
	time    int                       // slot of the column timestamp, or -1
	meta    kubeedgeMeta
}

// keptTopics bounds the topics that a decoder keeps.
const keptTopics = 4096

func newKubeEdgeDecoder(s *value.Schema, o DecoderOptions) (Decoder, error) {
	d := &kubeedgeDecoder{schema: s, layout: newLayout(s, o.Fields), strict: o.Strict, types: o.Types, generic: generic{wholeIsInt: o.Int64ForWholeNumber},
		message: newKubeEdgeMessage(), topics: map[string]*kubeedgeTopic{}, single: interner{off: true}}
	d.meta.d = d
	d.time = d.layout.slot([]byte("timestamp"))
	return d, nil
}

func (d *kubeedgeDecoder) Decode(dst []value.Row, payload []byte, meta Meta, t int64) ([]value.Row, error) {
	v, err := d.parser.ParseBytes(payload)
	if err != nil {
		return dst, fmt.Errorf("decode kubeedge: %w", err)
	}
	if v.Type() != fastjson.TypeObject {
		return dst, fmt.Errorf("decode kubeedge: an object is wanted, not %s", typeName(v))
	}
	d.message.read(v)
	if len(d.message.properties) == 0 {
		return dst, nil
	}
	d.topic = d.topicOf(meta)
	cols := make([]value.Value, len(d.schema.Columns))
	copy(cols, d.layout.blank)
	first := d.fill(cols)
	d.setTime(cols)
	if d.strict {
		for i, c := range d.layout.fields {
			if c.field != nil && cols[i].IsMissing() {
				return dst, fmt.Errorf("decode kubeedge: column %q is missing, and STRICT_VALIDATION wants it", c.name)
			}
		}
	}
	d.meta.outer = meta
	d.layout.setMeta(cols, d.schema, &d.meta)
	return append(dst, value.Row{Time: t, Cols: cols}), first
}

// fill puts the properties into their columns. One that cannot be read is left
// out; the error tells of the first.
func (d *kubeedgeDecoder) fill(cols []value.Value) (first error) {
	var names []string
	var values []value.Value
	for i := range d.message.properties {
		p := &d.message.properties[i]
		slot := d.layout.slot(p.name)
		if slot < 0 && d.layout.whole < 0 {
			continue
		}
		v, err := d.convert(p, p.value, slot)
		if err != nil {
			if first == nil {
				first = fmt.Errorf("decode kubeedge: property %q: %w", p.name, err)
			}
			continue
		}
		if slot >= 0 {
			cols[slot] = v
		}
		if d.layout.whole >= 0 {
			names, values = append(names, d.generic.name(p.name)), append(values, v)
		}
	}
	if d.layout.whole >= 0 {
		cols[d.layout.whole] = value.OfObject(value.FieldsOf(names, values))
	}
	return first
}

// setTime puts the time of the message into a column timestamp that is no
// property, so that a stream can have it as its TIMESTAMP.
func (d *kubeedgeDecoder) setTime(cols []value.Value) {
	if d.time < 0 || !cols[d.time].IsMissing() {
		return
	}
	v := stampOf(d.message.envelope.Get("timestamp"))
	if f := d.layout.fields[d.time].field; f != nil && !v.IsMissing() {
		var err error
		if v, err = declaredAs(f, v); err != nil {
			return
		}
	}
	cols[d.time] = v
}

// kubeedgeFields are the types of columns by those of properties.
var kubeedgeFields = map[string]*sqlengine.Field{
	"int": {Kind: value.Int}, "integer": {Kind: value.Int},
	"float": {Kind: value.Float}, "double": {Kind: value.Float},
	"boolean": {Kind: value.Bool}, "bool": {Kind: value.Bool},
	"string": {Kind: value.String}, "bytes": {Kind: value.Bytes},
}

// field is the type of a property; nil: it is what it is in JSON.
func (d *kubeedgeDecoder) field(p *kubeedgeProperty, slot int) *sqlengine.Field {
	if slot >= 0 {
		if f := d.layout.fields[slot].field; f != nil && f.Kind != value.Null {
			return f
		}
	}
	if f := kubeedgeFields[d.topic.properties[string(p.name)]]; f != nil {
		return f
	}
	if f := kubeedgeFields[string(p.typ)]; f != nil || len(p.typ) == 0 {
		return f
	}
	return kubeedgeFields[strings.ToLower(string(p.typ))]
}

// convert gives a value of a property, such as its last one, its type.
func (d *kubeedgeDecoder) convert(p *kubeedgeProperty, v *fastjson.Value, slot int) (value.Value, error) {
	if v == nil || v.Type() == fastjson.TypeNull {
		return value.Value{}, nil
	}
	texts := &d.single
	if slot >= 0 {
		texts = &d.layout.fields[slot].texts
	}
	f := d.field(p, slot)
	if v.Type() == fastjson.TypeString {
		b, _ := v.StringBytes()
		switch {
		case f == nil:
			return value.OfString(texts.text(b)), nil
		case f.Kind == value.Bytes:
			return bytesOfTwin(b)
		}
		return fromText(f, texts, b, d.strict)
	}
	if f == nil {
		f = &sqlengine.Field{Kind: value.Null}
	}
	out, err := d.generic.declared(f, texts, v, d.strict)
	if err != nil {
		return out, fmt.Errorf("value%w", err)
	}
	return out, nil
}

// bytesOfTwin reads base64 in either alphabet and with or without padding: a
// twin must not have a + or = in it.
func bytesOfTwin(b []byte) (value.Value, error) {
	if len(b) == 0 {
		return value.Value{}, nil // as with all types but texts
	}
	s := strings.TrimRight(string(b), "=")
	for _, e := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		if out, err := e.DecodeString(s); err == nil {
			return value.OfBytes(out), nil
		}
	}
	return value.Value{}, errors.New("BYTEA wants base64")
}

// topicOf is what the topic of a message says.
func (d *kubeedgeDecoder) topicOf(meta Meta) *kubeedgeTopic {
	topic := topicText(meta)
	if t, ok := d.topics[topic]; ok {
		return t
	}
	t := parseKubeEdgeTopic(topic)
	if d.types != nil && t.device != "" {
		t.properties = d.types.Properties(t.namespace, t.device)
	}
	if len(d.topics) == keptTopics {
		clear(d.topics)
	}
	d.topics[topic] = t
	return t
}
