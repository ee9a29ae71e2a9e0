package codec

import (
	"google.golang.org/protobuf/reflect/protoreflect"

	"sluice/sqlengine"
	"sluice/sqlengine/value"
)

// MessageFields are the columns of a message. One that holds itself has no
// columns there.
func MessageFields(m protoreflect.MessageDescriptor) []sqlengine.Field {
	return fieldsIn(m, map[protoreflect.FullName]bool{})
}

// fieldsIn leaves out what stands above.
func fieldsIn(m protoreflect.MessageDescriptor, above map[protoreflect.FullName]bool) []sqlengine.Field {
	if above[m.FullName()] {
		return nil
	}
	above[m.FullName()] = true
	defer delete(above, m.FullName())
	list := m.Fields()
	out := make([]sqlengine.Field, list.Len())
	for i := range out {
		f := list.Get(i)
		out[i] = elementOf(f, above)
		if f.IsList() {
			elem := out[i]
			out[i] = sqlengine.Field{Kind: value.List, Elem: &elem}
		}
		out[i].Name, out[i].Default = string(f.Name()), value.Missing
	}
	return out
}

// elementOf is the type of a field, or of an element of it.
func elementOf(f protoreflect.FieldDescriptor, above map[protoreflect.FullName]bool) sqlengine.Field {
	switch m := f.Message(); {
	case f.IsMap():
		return sqlengine.Field{Kind: value.Object}
	case m != nil && isWrapper(m):
		return elementOf(m.Fields().Get(0), above)
	case m != nil:
		return sqlengine.Field{Kind: value.Object, Fields: fieldsIn(m, above)}
	}
	switch f.Kind() {
	case protoreflect.BoolKind:
		return sqlengine.Field{Kind: value.Bool}
	case protoreflect.StringKind:
		return sqlengine.Field{Kind: value.String}
	case protoreflect.BytesKind:
		return sqlengine.Field{Kind: value.Bytes}
	case protoreflect.FloatKind, protoreflect.DoubleKind:
		return sqlengine.Field{Kind: value.Float}
	}
	return sqlengine.Field{Kind: value.Int}
}
