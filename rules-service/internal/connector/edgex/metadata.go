package edgex

import (
	"math"

	"sluice/rules-service/internal/codec"
	"sluice/sqlengine/value"
)

// metadata is what meta(*) of the source said about an event; zero: nothing.
type metadata struct {
	fields *value.Fields // nil: nothing is known
}

// metadataOf reads the column that a row has it in.
func metadataOf(row *value.Fields, column string) metadata {
	if column == "" {
		return metadata{}
	}
	v := row.Get(column)
	if v.Kind() != value.Object {
		return metadata{}
	}
	return metadata{v.Object()}
}

func (m metadata) get(key string) value.Value {
	if m.fields == nil {
		return value.Missing
	}
	return m.fields.Get(key)
}

func (m metadata) text(key string) string {
	if v := m.get(key); v.Kind() == value.String {
		return v.Str()
	}
	return ""
}

// origin is in nanoseconds; 0: unknown. A whole FLOAT is what JSON without a
// schema makes of it.
func (m metadata) origin() int64 {
	switch v := m.get("origin"); v.Kind() {
	case value.Int:
		return v.Int()
	case value.Float:
		if f := v.Float(); f == math.Trunc(f) && math.Abs(f) < 1<<63 {
			return int64(f)
		}
	}
	return 0
}

func (m metadata) tags() map[string]any {
	if v := m.get("tags"); v.Kind() == value.Object {
		return codec.FieldsToGo(v.Object())
	}
	return nil
}

// reading is what it says about the reading of a resource.
func (m metadata) reading(resource string) metadata {
	if v := m.get(resource); v.Kind() == value.Object {
		return metadata{v.Object()}
	}
	return metadata{}
}
