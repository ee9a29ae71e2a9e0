package codec

import (
	"encoding/json"
	"fmt"
	"reflect"
	"time"

	"sluice/sqlengine/value"
)

var mapType = reflect.TypeFor[map[string]any]()

// FromGo converts what decoders of JSON, CBOR and YAML yield.
func FromGo(in any) value.Value {
	switch t := in.(type) {
	case nil:
		return value.Value{}
	case bool:
		return value.OfBool(t)
	case int:
		return value.OfInt(int64(t))
	case int64:
		return value.OfInt(t)
	case uint64:
		return ofUint(t)
	case float32:
		return value.OfFloat(float64(t))
	case float64:
		return value.OfFloat(t)
	case json.Number:
		if i, err := t.Int64(); err == nil {
			return value.OfInt(i)
		}
		f, _ := t.Float64()
		return value.OfFloat(f)
	case string:
		return value.OfString(t)
	case []byte:
		return value.OfBytes(t)
	case time.Time:
		return value.OfTime(t.UnixNano())
	case []any:
		out := make([]value.Value, len(t))
		for i, e := range t {
			out[i] = FromGo(e)
		}
		return value.OfList(out)
	case map[string]any:
		names, values := make([]string, 0, len(t)), make([]value.Value, 0, len(t))
		for k, e := range t {
			names, values = append(names, k), append(values, FromGo(e))
		}
		return value.OfObject(value.FieldsOf(names, values))
	}
	return value.OfString(fmt.Sprint(in))
}

// ofUint keeps what int64 can hold exact; larger numbers become FLOAT rather
// than negative.
func ofUint(u uint64) value.Value {
	if i := int64(u); i >= 0 {
		return value.OfInt(i)
	}
	return value.OfFloat(float64(u))
}

// ToGo converts a value to what templates work with: int64, float64, string,
// bool, []byte, time.Time, []any, map[string]any and nil.
func ToGo(v value.Value) any {
	switch v.Kind() {
	case value.Bool:
		return v.True()
	case value.Int:
		return v.Int()
	case value.Float:
		return v.Float()
	case value.String:
		return v.Str()
	case value.Bytes:
		return v.Bytes()
	case value.Time:
		t := time.Unix(0, v.Time())
		if zone := v.Zone(); zone != nil {
			return t.In(zone)
		}
		return t.UTC()
	case value.List:
		out := make([]any, len(v.List()))
		for i, e := range v.List() {
			out[i] = ToGo(e)
		}
		return out
	case value.Object:
		return FieldsToGo(v.Object())
	}
	return nil
}

// FieldsToGo converts the fields of a STRUCT.
func FieldsToGo(f *value.Fields) map[string]any {
	out := make(map[string]any, f.Len())
	for i, name := range f.Names {
		out[name] = ToGo(f.Values[i])
	}
	return out
}
