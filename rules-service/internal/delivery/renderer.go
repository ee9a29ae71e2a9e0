package delivery

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"strings"
	"text/template"

	"sluice/rules-service/internal/codec"
	"sluice/rules-service/internal/connector"
	"sluice/sqlengine/value"
)

// renderer makes messages of results. It belongs to one Target and is used by
// the goroutine that pushes.
type renderer struct {
	rule   string
	form   Form
	rows   bool   // the sink takes rows
	batch  bool   // results are packed together
	single bool   // sendSingle
	omit   bool   // omitIfEmpty
	field  string // dataField
	choice codec.Choice
	data   *template.Template   // dataTemplate, or nil
	props  []*template.Template // properties with {{…}}
	fixed  map[string]string    // the other Template properties: shared by all messages

	encoding *encoding // nil: plain JSON, or rows

	schema  *value.Schema // that the encoders are made for
	encoder *codec.Encoder
	all     *codec.Encoder // without the choice: what templates see

	*workspace // nil until there is a result: most rules of thousands are quiet
}

// workspace is memory that is used again for every batch.
type workspace struct {
	buf  []byte
	ends []int
	outs []connector.Outbound
	text bytes.Buffer
}

func newRenderer(rule string, form Form, c *connector.SinkConfig, env *connector.Env) (*renderer, error) {
	common := &c.Common
	r := &renderer{rule: rule, form: form, rows: c.Rows, batch: batches(common), single: common.SendSingle, omit: common.OmitIfEmpty, field: common.DataField,
		choice: codec.Choice{Keep: common.Fields, Drop: common.ExcludeFields, Nil: common.SendNil}}
	var err error
	if r.encoding, err = newEncoding(c, env); err != nil {
		return nil, err
	}
	if common.DataTemplate != "" {
		if r.data, err = parseTemplate("dataTemplate", string(common.DataTemplate)); err != nil {
			return nil, err
		}
	}
	for name, text := range c.Templates {
		if !strings.Contains(text, "{{") {
			if r.fixed == nil {
				r.fixed = map[string]string{}
			}
			r.fixed[name] = text
			continue
		}
		t, err := parseTemplate(name, text)
		if err != nil {
			return nil, err
		}
		r.props = append(r.props, t)
	}
	return r, nil
}

// render makes the messages of a batch. They are valid until the next call,
// their payloads for ever. fail is told of each result that cannot be encoded;
// the others are still sent.
func (r *renderer) render(b *value.Batch, fail func(error)) []connector.Outbound {
	if b.Schema != r.schema {
		r.schema = b.Schema
		r.encoder, r.all = codec.NewChoosingEncoder(b.Schema, r.choice), codec.NewEncoder(b.Schema)
	}
	r.reset()
	if r.form.Windowed && !r.single {
		r.result(b.Rows, false, fail)
	} else {
		for i := range b.Rows {
			r.result(b.Rows[i:i+1], r.single, fail)
		}
	}
	return r.finish()
}

// keptBytes is how much memory a renderer keeps for the next batch: there is one
// for each action of each rule.
const keptBytes = 256 << 10

// reset begins a batch, in the memory of the one before.
func (r *renderer) reset() {
	if r.workspace == nil || cap(r.buf)+r.text.Cap() > keptBytes {
		r.workspace = &workspace{}
		return
	}
	clear(r.outs)
	r.buf, r.ends, r.outs = r.buf[:0], r.ends[:0], r.outs[:0]
}

// finish copies all payloads to one piece of memory of their own.
func (r *renderer) finish() []connector.Outbound {
	if r.encoding.packs() && !r.batch {
		return r.pack()
	}
	own := bytes.Clone(r.buf)
	from := 0
	for i, to := range r.ends {
		r.outs[i].Payload = own[from:to:to]
		from = to
	}
	return r.outs
}

// pack makes what goes out of all payloads.
func (r *renderer) pack() []connector.Outbound {
	from := 0
	for i, to := range r.ends {
		r.outs[i].Payload = r.encoding.pack(r.buf[from:to])
		from = to
	}
	return r.outs
}

func (r *renderer) result(rows []value.Row, single bool, fail func(error)) {
	if r.omit && len(rows) == 0 {
		return
	}
	start := len(r.buf)
	values, empty, err := r.append(rows, single)
	if err != nil {
		r.buf = r.buf[:start]
		if !errors.Is(err, codec.ErrNoRow) {
			fail(err)
		}
		return
	}
	if r.omit && empty {
		r.buf = r.buf[:start]
		return
	}
	r.ends = append(r.ends, len(r.buf))
	r.outs = append(r.outs, connector.Outbound{Values: values, Rule: r.rule})
}

// append encodes one result, and evaluates the properties for it. It tells
// whether there is nothing in it.
func (r *renderer) append(rows []value.Row, single bool) (values map[string]string, empty bool, err error) {
	start := len(r.buf)
	var data any
	if r.data != nil || len(r.props) > 0 {
		data = r.templateData(rows, single)
	}
	if values, err = r.values(data); err != nil {
		return nil, false, err
	}
	switch {
	case r.rows:
		empty, err = r.appendRows(rows, single, data)
	case r.encoding.formatted():
		empty, err = r.appendFormat(rows, single, data)
	case r.data != nil:
		err = r.appendTemplate(data)
	case r.field != "":
		err = r.appendField(r.whole(rows, single))
	case single:
		r.buf, err = r.encoder.Append(r.buf, rows[0])
	default:
		r.buf, err = r.encoder.AppendArray(r.buf, rows)
	}
	if err != nil {
		return nil, false, fmt.Errorf("encode: %w", err)
	}
	return values, empty || !r.encoding.formatted() && string(r.buf[start:]) == "{}", nil
}

func (r *renderer) values(data any) (map[string]string, error) {
	if len(r.props) == 0 {
		return r.fixed, nil
	}
	out := maps.Clone(r.fixed)
	if out == nil {
		out = map[string]string{}
	}
	for _, t := range r.props {
		s, err := r.execute(t, data)
		if err != nil {
			return nil, err
		}
		out[t.Name()] = string(s)
	}
	return out, nil
}

// execute evaluates a template; the result is valid until the next call.
func (r *renderer) execute(t *template.Template, data any) ([]byte, error) {
	r.text.Reset()
	if err := t.Execute(&r.text, data); err != nil {
		return nil, fmt.Errorf("property %q: %s%s", t.Name(), strings.TrimPrefix(err.Error(), "template: "), hint(err, data))
	}
	return r.text.Bytes(), nil
}

// hint says what to do when a template takes an array of results for one.
func hint(err error, data any) string {
	if _, array := data.([]map[string]any); array && strings.Contains(err.Error(), "in type []map") {
		return "; the data is an array of results: use {{range .}}…{{end}}, or set sendSingle"
	}
	return ""
}

// templateData is what templates see: an array of maps, or one map.
func (r *renderer) templateData(rows []value.Row, single bool) any {
	if single {
		return codec.FieldsToGo(r.all.Fields(rows[0]))
	}
	out := make([]map[string]any, len(rows))
	for i := range rows {
		out[i] = codec.FieldsToGo(r.all.Fields(rows[i]))
	}
	return out
}

// appendTemplate writes the text of dataTemplate as it is, unless properties
// that follow work on its content.
func (r *renderer) appendTemplate(data any) error {
	text, err := r.execute(r.data, data)
	if err != nil {
		return err
	}
	if !r.picks() {
		r.buf = append(r.buf, text...)
		return nil
	}
	v, err := codec.ParseJSON(text)
	if err != nil {
		return fmt.Errorf("dataTemplate together with fields, excludeFields or dataField must give JSON: %w", err)
	}
	return r.appendField(v)
}

func (r *renderer) whole(rows []value.Row, single bool) value.Value {
	if single {
		return value.OfObject(r.all.Fields(rows[0]))
	}
	out := make([]value.Value, len(rows))
	for i := range rows {
		out[i] = value.OfObject(r.all.Fields(rows[i]))
	}
	return value.OfList(out)
}

func (r *renderer) appendField(v value.Value) error {
	v, err := r.picked(v)
	if err != nil {
		return err
	}
	r.buf, err = v.AppendJSON(r.buf)
	return err
}

// picks tells whether dataField, fields or excludeFields leave something out.
func (r *renderer) picks() bool { return r.field != "" || r.choice.Picks() }

// picked is what dataField, fields and excludeFields leave of a result.
func (r *renderer) picked(v value.Value) (value.Value, error) {
	if r.field != "" {
		if v.Kind() == value.List && len(v.List()) > 0 {
			v = v.List()[0]
		}
		if v.Kind() != value.Object {
			return v, fmt.Errorf("dataField %q: the result is no object", r.field)
		}
		if v = v.Object().Get(r.field); v.Kind() != value.Object && v.Kind() != value.List {
			return v, fmt.Errorf("dataField %q is %s; an object or an array of objects is wanted", r.field, v.Kind())
		}
	}
	if r.choice.Picks() {
		v = r.choice.Of(v)
	}
	return v, nil
}
