package codec

import (
	"strconv"

	"github.com/valyala/fastjson"

	"sluice/sqlengine/value"
)

// kubeedgeMeta answers meta() from the topic and the envelope of a message, its
// properties, and the transport.
type kubeedgeMeta struct {
	d     *kubeedgeDecoder
	outer Meta
}

// kubeedgeKeys are the keys that all messages have.
var kubeedgeKeys = []string{"device", "namespace", "kind", "event_id", "timestamp"}

func (m *kubeedgeMeta) Get(key string) value.Value {
	msg, topic := m.d.message, m.d.topic
	switch key {
	case "device":
		return textOrMissing(topic.device)
	case "namespace":
		return textOrMissing(topic.namespace)
	case "kind":
		if topic.kind != "" {
			return value.OfString(topic.kind)
		}
		return textOrMissing(msg.kind)
	case "event_id":
		return scalar(msg.envelope.Get("event_id"))
	case "timestamp":
		return stampOf(msg.envelope.Get("timestamp"))
	}
	for i := range msg.properties {
		if string(msg.properties[i].name) == key {
			return m.property(&msg.properties[i])
		}
	}
	if m.outer == nil {
		return value.Missing
	}
	return m.outer.Get(key)
}

func textOrMissing(s string) value.Value {
	if s == "" {
		return value.Missing
	}
	return value.OfString(s)
}

// scalar is a text; anything else is missing.
func scalar(v *fastjson.Value) value.Value {
	if v == nil || v.Type() != fastjson.TypeString {
		return value.Missing
	}
	b, _ := v.StringBytes()
	return value.OfString(text(b))
}

// stampOf is a time in milliseconds, a number or as text.
func stampOf(v *fastjson.Value) value.Value {
	if v == nil {
		return value.Missing
	}
	digits := v.MarshalTo(nil)
	if v.Type() == fastjson.TypeString {
		digits, _ = v.StringBytes()
	}
	ms, err := strconv.ParseInt(string(digits), 10, 64)
	if err != nil {
		return value.Missing
	}
	return value.OfInt(ms)
}

// property is what a message says of a property beside the value in its column.
func (m *kubeedgeMeta) property(p *kubeedgeProperty) value.Value {
	slot := m.d.layout.slot(p.name)
	var names []string
	var values []value.Value
	add := func(name string, v value.Value) {
		if !v.IsMissing() {
			names, values = append(names, name), append(values, v)
		}
	}
	for _, side := range []struct {
		name string
		v    *fastjson.Value
	}{{"actual", p.actual}, {"expected", p.expected}, {"last", p.last}} {
		if side.v == nil {
			continue
		}
		if v, err := m.d.convert(p, side.v, slot); err == nil {
			add(side.name, v)
		}
	}
	add("timestamp", stampOf(p.stamp))
	typ := m.d.topic.properties[string(p.name)]
	if typ == "" {
		typ = text(p.typ)
	}
	add("type", textOrMissing(typ))
	return value.OfObject(value.FieldsOf(names, values))
}

func (m *kubeedgeMeta) All() value.Value {
	var names []string
	var values []value.Value
	if m.outer != nil {
		if o := m.outer.All(); o.Kind() == value.Object {
			names, values = append(names, o.Object().Names...), append(values, o.Object().Values...)
		}
	}
	for i := range m.d.message.properties {
		p := &m.d.message.properties[i]
		names, values = append(names, m.d.generic.name(p.name)), append(values, m.property(p))
	}
	for _, key := range kubeedgeKeys {
		if v := m.Get(key); !v.IsMissing() {
			names, values = append(names, key), append(values, v)
		}
	}
	return value.OfObject(value.FieldsOf(names, values))
}
