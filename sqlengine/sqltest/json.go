package sqltest

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"

	"sluice/sqlengine"
	"sluice/sqlengine/value"
)

func decode(text string, to any) error {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	return d.Decode(to)
}

// reader turns JSON into values.
type reader struct{ whole bool }

// rowOf is a row of these columns.
func rowOf(r reader, stream *sqlengine.Stream, columns []value.Column, object, meta map[string]any) ([]value.Value, error) {
	row := make([]value.Value, len(columns))
	for i, c := range columns {
		from, read := object, func(x any) (value.Value, error) { return r.free(x), nil }
		switch c.Role {
		case value.Whole:
			row[i] = r.free(object)
			continue
		case value.Meta:
			from = meta
			if c.Name == "*" {
				row[i] = reader{true}.free(meta)
				continue
			}
			read = func(x any) (value.Value, error) { return reader{true}.free(x), nil }
		default:
			if f, ok := stream.Field(c.Name); ok {
				read = func(x any) (value.Value, error) { return r.declared(f, x) }
			}
		}
		x, ok := from[c.Name]
		if !ok {
			row[i] = value.Missing
			continue
		}
		v, err := read(x)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", c.Name, err)
		}
		row[i] = v
	}
	return row, nil
}

// free is a value of an undeclared column: numbers are FLOAT.
func (r reader) free(x any) value.Value {
	switch x := x.(type) {
	case bool:
		return value.OfBool(x)
	case string:
		return value.OfString(x)
	case json.Number:
		if i, err := x.Int64(); err == nil && r.whole {
			return value.OfInt(i)
		}
		f, _ := x.Float64() // the decoder has checked the syntax
		return value.OfFloat(f)
	case []any:
		list := make([]value.Value, len(x))
		for i, e := range x {
			list[i] = r.free(e)
		}
		return value.OfList(list)
	case map[string]any:
		return object(x, r.free)
	}
	return value.Value{}
}

func object(m map[string]any, read func(any) value.Value) value.Value {
	names, values := make([]string, 0, len(m)), make([]value.Value, 0, len(m))
	for name, x := range m {
		names, values = append(names, name), append(values, read(x))
	}
	return value.OfObject(value.FieldsOf(names, values))
}

// declared is a value of a declared column.
func (r reader) declared(f *sqlengine.Field, x any) (value.Value, error) {
	if x == nil {
		return value.Value{}, nil
	}
	bad := fmt.Errorf("has the wrong type %T, expected %s", x, f.Type())
	switch f.Kind {
	case value.Int:
		if n, ok := x.(json.Number); ok {
			if i, err := n.Int64(); err == nil {
				return value.OfInt(i), nil
			}
		}
		return value.Value{}, bad
	case value.Time:
		return reader{true}.free(x), nil
	case value.Bytes:
		s, _ := x.(string)
		b, err := base64.StdEncoding.DecodeString(s)
		return value.OfBytes(b), err
	case value.List:
		return r.list(f, x, bad)
	case value.Object:
		return r.structure(f, x, bad)
	}
	if v := r.free(x); v.Kind() == f.Kind {
		return v, nil
	}
	return value.Value{}, bad
}

func (r reader) list(f *sqlengine.Field, x any, bad error) (value.Value, error) {
	elements, ok := x.([]any)
	if !ok {
		return value.Value{}, bad
	}
	list := make([]value.Value, len(elements))
	for i, e := range elements {
		var err error
		if list[i], err = r.declared(f.Elem, e); err != nil {
			return value.Value{}, err
		}
	}
	return value.OfList(list), nil
}

func (r reader) structure(f *sqlengine.Field, x any, bad error) (value.Value, error) {
	fields, ok := x.(map[string]any)
	if !ok {
		return value.Value{}, bad
	}
	var names []string
	var values []value.Value
	for i := range f.Fields {
		if inner, ok := fields[f.Fields[i].Name]; ok {
			v, err := r.declared(&f.Fields[i], inner)
			if err != nil {
				return value.Value{}, err
			}
			names, values = append(names, f.Fields[i].Name), append(values, v)
		}
	}
	return value.OfObject(value.FieldsOf(names, values)), nil
}

// objectOf is a row of the result as one object.
func objectOf(s *value.Schema, r value.Row) value.Value {
	var names []string
	var values []value.Value
	for i, c := range s.Columns {
		if c.Role == value.Whole && r.Cols[i].Kind() == value.Object {
			whole := r.Cols[i].Object()
			names, values = append(whole.Names[:len(whole.Names):len(whole.Names)], names...), append(whole.Values[:len(whole.Values):len(whole.Values)], values...)
			continue
		}
		if !r.Cols[i].IsMissing() {
			names, values = append(names, c.Name), append(values, r.Cols[i])
		}
	}
	return value.OfObject(value.FieldsOf(names, values))
}
