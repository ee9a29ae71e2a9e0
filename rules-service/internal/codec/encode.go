package codec

import (
	"fmt"
	"slices"
	"strings"

	"sluice/sqlengine/value"
)

// AppendJSON appends a row as one object with sorted keys. Missing columns are
// left out, NULL is written; the fields of a column of role Whole stand beside
// the others, which win. Columns of role Meta are not written.
//
// To write many rows of one schema make an Encoder.
func AppendJSON(dst []byte, s *value.Schema, row value.Row) ([]byte, error) {
	return NewEncoder(s).Append(dst, row)
}

// AppendJSONArray appends rows as one array of objects.
func AppendJSONArray(dst []byte, s *value.Schema, rows []value.Row) ([]byte, error) {
	return NewEncoder(s).AppendArray(dst, rows)
}

// Encoder writes rows of one schema as JSON. It is immutable.
type Encoder struct {
	keys   []key // sorted by name
	whole  []int // slots whose fields stand beside the others
	choice *Choice
}

type key struct {
	name   string
	slot   int    // -1: chosen, but the schema has no such column
	quoted string // `"name":`
}

// Choice selects columns of what is written.
type Choice struct {
	Keep []string // these alone, null where one is missing
	Drop []string // all but these
	Nil  bool     // columns that are missing are null
}

// NewEncoder prepares to write rows of s. Of columns of one name the last wins.
func NewEncoder(s *value.Schema) *Encoder { return NewChoosingEncoder(s, Choice{}) }

// NewChoosingEncoder prepares to write what choice selects.
func NewChoosingEncoder(s *value.Schema, choice Choice) *Encoder {
	e := &Encoder{}
	if choice.Picks() || choice.Nil {
		e.choice = &choice
	}
	for _, name := range choice.Keep {
		e.set(name, -1)
	}
	for i, c := range s.Columns {
		switch {
		case c.Role == value.Whole:
			e.whole = append(e.whole, i)
		case c.Role == value.Field && choice.takes(c.Name):
			e.set(c.Name, i)
		}
	}
	slices.SortFunc(e.keys, func(a, b key) int { return strings.Compare(a.name, b.name) })
	return e
}

// Picks tells whether some columns are left out.
func (c *Choice) Picks() bool { return len(c.Keep)+len(c.Drop) > 0 }

func (c *Choice) takes(name string) bool {
	if len(c.Keep) > 0 {
		return slices.Contains(c.Keep, name)
	}
	return !slices.Contains(c.Drop, name)
}

// Of applies the choice to a STRUCT, or to each STRUCT of an ARRAY.
func (c *Choice) Of(v value.Value) value.Value {
	switch v.Kind() {
	case value.List:
		out := make([]value.Value, len(v.List()))
		for i, e := range v.List() {
			out[i] = c.Of(e)
		}
		return value.OfList(out)
	case value.Object:
		return value.OfObject(c.fields(v.Object()))
	}
	return v
}

func (c *Choice) fields(f *value.Fields) *value.Fields {
	var names []string
	var values []value.Value
	for _, name := range c.Keep {
		v := f.Get(name)
		if v.IsMissing() {
			v = value.Value{}
		}
		names, values = append(names, name), append(values, v)
	}
	for i, name := range f.Names {
		if len(c.Keep) == 0 && c.takes(name) {
			names, values = append(names, name), append(values, f.Values[i])
		}
	}
	return value.FieldsOf(names, values)
}

func (e *Encoder) set(name string, slot int) {
	for i := range e.keys {
		if e.keys[i].name == name {
			e.keys[i].slot = slot
			return
		}
	}
	e.keys = append(e.keys, key{name: name, slot: slot, quoted: string(value.AppendJSONString(nil, name)) + ":"})
}

// AppendArray appends rows as one array of objects.
func (e *Encoder) AppendArray(dst []byte, rows []value.Row) ([]byte, error) {
	dst = append(dst, '[')
	var err error
	for i := range rows {
		if i > 0 {
			dst = append(dst, ',')
		}
		if dst, err = e.Append(dst, rows[i]); err != nil {
			return dst, fmt.Errorf("[%d]: %w", i, err)
		}
	}
	return append(dst, ']'), nil
}

// Append appends a row as one object.
func (e *Encoder) Append(dst []byte, row value.Row) ([]byte, error) {
	if len(e.whole) > 0 {
		return e.appendMerged(dst, row)
	}
	dst = append(dst, '{')
	empty := true
	var err error
	for i := range e.keys {
		k := &e.keys[i]
		v, written := e.column(k, row)
		if !written {
			continue
		}
		if !empty {
			dst = append(dst, ',')
		}
		empty = false
		dst = append(dst, k.quoted...)
		if dst, err = v.AppendJSON(dst); err != nil {
			return dst, fmt.Errorf("column %q: %w", k.name, err)
		}
	}
	return append(dst, '}'), nil
}

// column is what the row has under a key, and whether it is written.
func (e *Encoder) column(k *key, row value.Row) (value.Value, bool) {
	v := value.Missing
	if k.slot >= 0 {
		v = row.Cols[k.slot]
	}
	if v.IsMissing() {
		return value.Value{}, e.choice != nil && (e.choice.Nil || len(e.choice.Keep) > 0)
	}
	return v, true
}

func (e *Encoder) appendMerged(dst []byte, row value.Row) ([]byte, error) {
	if v := row.Cols[e.whole[0]]; e.choice == nil && len(e.keys) == 0 && len(e.whole) == 1 && v.Kind() == value.Object {
		return v.AppendJSON(dst)
	}
	return value.OfObject(e.Fields(row)).AppendJSON(dst)
}

// Fields is the row as it would be written.
func (e *Encoder) Fields(row value.Row) *value.Fields {
	var names []string
	var values []value.Value
	for _, i := range e.whole {
		if v := row.Cols[i]; v.Kind() == value.Object {
			names, values = append(names, v.Object().Names...), append(values, v.Object().Values...)
		}
	}
	for i := range e.keys {
		if k := &e.keys[i]; k.slot >= 0 {
			if v, written := e.column(k, row); written {
				names, values = append(names, k.name), append(values, v)
			}
		}
	}
	f := value.FieldsOf(names, values)
	if e.choice != nil && e.choice.Picks() {
		return e.choice.fields(f)
	}
	return f
}
