package codec

import "github.com/valyala/fastjson"

// kubeedgeMessage is a message about a device: an envelope with an id and a
// time, and values of properties. It refers to what the parser has read.
type kubeedgeMessage struct {
	envelope   *fastjson.Value
	kind       string // by what is in it; "": it has no envelope
	properties []kubeedgeProperty
	twins      *fastjson.Value // of a delta

	delta, twin, data, flat func(name []byte, v *fastjson.Value)
}

// kubeedgeProperty is a property in a message.
type kubeedgeProperty struct {
	name  []byte
	value *fastjson.Value // of the column; nil: NULL
	typ   []byte          // that the message says; empty: it does not
	stamp *fastjson.Value // time of the value, or nil

	actual, expected, last *fastjson.Value // values of a twin, or nil
}

func newKubeEdgeMessage() *kubeedgeMessage {
	m := &kubeedgeMessage{}
	m.delta, m.twin, m.data, m.flat = m.addDelta, m.addTwin, m.addData, m.addFlat
	return m
}

// read takes the properties out of a message. One with neither twin nor data is
// flat: each of its keys is a property.
func (m *kubeedgeMessage) read(v *fastjson.Value) {
	m.envelope, m.properties, m.kind = v, m.properties[:0], ""
	m.twins = v.Get("twin")
	switch delta := v.GetObject("delta"); {
	case delta != nil:
		m.kind = "delta"
		delta.Visit(m.delta)
	case holds(m.twins):
		m.kind = "twin"
		if o := v.GetObject("twin"); o != nil {
			o.Visit(m.twin)
		}
	case holds(v.Get("data")):
		m.kind = "data"
		if o := v.GetObject("data"); o != nil {
			o.Visit(m.data)
		}
	default:
		o, _ := v.Object()
		o.Visit(m.flat)
	}
}

// holds tells whether a value can hold properties: null is none of them.
func holds(v *fastjson.Value) bool {
	return v != nil && (v.Type() == fastjson.TypeObject || v.Type() == fastjson.TypeNull)
}

// addDelta adds a property whose twin is not yet what is expected.
func (m *kubeedgeMessage) addDelta(name []byte, v *fastjson.Value) {
	p := kubeedgeProperty{name: name, value: v}
	if m.twins != nil {
		p.twin(m.twins.Get(string(name)))
	}
	p.expected = v
	m.properties = append(m.properties, p)
}

// addTwin adds a property of a report, a wish or a document; null deletes it.
func (m *kubeedgeMessage) addTwin(name []byte, v *fastjson.Value) {
	p := kubeedgeProperty{name: name}
	if v.Type() != fastjson.TypeObject {
		p.value = v
		m.properties = append(m.properties, p)
		return
	}
	current := v
	if v.Exists("current") || v.Exists("last") {
		m.kind = "document"
		p.twin(v.Get("last"))
		p.last = p.either()
		p.actual, p.expected, p.stamp = nil, nil, nil
		current = v.Get("current")
	}
	p.twin(current)
	if p.value = p.either(); p.value == nil && m.kind != "document" {
		return // it says something else about the property
	}
	m.properties = append(m.properties, p)
}

// twin reads what is reported and what is wanted.
func (p *kubeedgeProperty) twin(v *fastjson.Value) {
	if v == nil {
		return
	}
	if typ := v.GetStringBytes("metadata", "type"); len(typ) > 0 {
		p.typ = typ
	}
	p.actual, p.expected = v.Get("actual", "value"), v.Get("expected", "value")
	side := "actual"
	if p.actual == nil {
		side = "expected"
	}
	p.stamp = v.Get(side, "metadata", "timestamp")
}

// either is what is reported, or else what is wanted.
func (p *kubeedgeProperty) either() *fastjson.Value {
	if p.actual != nil {
		return p.actual
	}
	return p.expected
}

// addData adds a property of a time series.
func (m *kubeedgeMessage) addData(name []byte, v *fastjson.Value) {
	p := kubeedgeProperty{name: name, value: v}
	if v.Type() == fastjson.TypeObject {
		p.value, p.typ, p.stamp = v.Get("value"), v.GetStringBytes("metadata", "type"), v.Get("metadata", "timestamp")
	}
	m.properties = append(m.properties, p)
}

func (m *kubeedgeMessage) addFlat(name []byte, v *fastjson.Value) {
	m.properties = append(m.properties, kubeedgeProperty{name: name, value: v})
}
