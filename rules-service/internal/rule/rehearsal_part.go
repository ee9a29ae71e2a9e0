package rule

import (
	"encoding/json"
	"fmt"
	"slices"

	"sluice/rules-service/internal/codec"
	"sluice/sqlengine"
	"sluice/sqlengine/value"
)

// part is a stream or table of a rehearsal with its rows.
type part struct {
	name          string
	table, lookup bool
	schema        *value.Schema
	decoder       codec.Decoder
	rows          []json.RawMessage
	meta          []json.RawMessage
}

// cast makes the parts that the query reads.
func cast(r Rehearsal, q *sqlengine.Query, cat sqlengine.Catalog) ([]*part, error) {
	var parts []*part
	for _, name := range q.Streams() {
		def, ok := cat.Stream(name)
		if !ok {
			return nil, notFound(cat, StreamKind, name)
		}
		p := &part{name: name, table: def.Table, lookup: slices.Contains(q.Lookups(), name), rows: r.Rows[name], meta: r.Meta[name]}
		p.schema = &value.Schema{Columns: q.Columns(name)}
		o := codec.DecoderOptions{Strict: def.Options.StrictValidation, Int64ForWholeNumber: wholeNumbers(def)}
		if !def.Schemaless {
			o.Fields = def.Fields
		}
		var err error
		if p.decoder, err = codec.NewDecoder("json", p.schema, o); err != nil {
			return nil, err
		}
		parts = append(parts, p)
	}
	return parts, nil
}

func (p *part) decode(i int, t int64) ([]value.Row, error) {
	var meta codec.Meta
	if i < len(p.meta) {
		v, err := codec.ParseJSON(p.meta[i])
		if err != nil || v.Kind() != value.Object {
			return nil, fmt.Errorf("stream %s: the metadata of row %d must be an object", p.name, i)
		}
		meta = fieldsMeta{v}
	}
	rows, err := p.decoder.Decode(nil, p.rows[i], meta, t)
	if err != nil {
		err = fmt.Errorf("stream %s: row %d: %w", p.name, i, err)
	}
	return rows, err
}

// fieldsMeta answers meta() from an object.
type fieldsMeta struct{ value.Value }

// Get returns a key.
func (m fieldsMeta) Get(key string) value.Value { return m.Object().Get(key) }

// All returns the object.
func (m fieldsMeta) All() value.Value { return m.Value }

// Find answers for a lookup table.
func (p *part) Find(columns []string, values []value.Value) ([]value.Row, error) {
	var found []value.Row
	for i := range p.rows {
		rows, err := p.decode(i, 0)
		if err != nil {
			return nil, err
		}
		for _, row := range rows {
			if p.has(row, columns, values) {
				found = append(found, row)
			}
		}
	}
	return found, nil
}

func (p *part) has(row value.Row, columns []string, values []value.Value) bool {
	for i, name := range columns {
		slot, ok := p.schema.Slot(name, value.Field)
		if !ok || !value.Equal(row.Cols[slot], values[i]) {
			return false
		}
	}
	return true
}
