package opcua

import (
	"encoding/base64"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/gopcua/opcua/ua"

	"sluice/device-service/internal/driver"
)

var errNoValue = errors.New("the node has no value")

// decode converts a value of a server to the Go type of a resource's type.
// Numbers are converted where they fit; nothing is cut off silently.
func decode(v *ua.Variant, t driver.Type) (any, error) {
	if v == nil || v.Value() == nil {
		return nil, errNoValue
	}
	if element, ok := strings.CutSuffix(string(t), "Array"); ok {
		return decodeArray(v.Value(), driver.Type(element))
	}
	return decodeScalar(v.Value(), t)
}

func decodeScalar(v any, t driver.Type) (any, error) {
	want := string(t)
	if v = unwrapped(v); v == nil {
		return nil, errNoValue
	}
	switch t {
	case "Bool":
		if b, ok := v.(bool); ok {
			return b, nil
		}
	case "String":
		return text(v)
	case "Int8":
		n, err := signed(v, 8, want)
		return int8(n), err
	case "Int16":
		n, err := signed(v, 16, want)
		return int16(n), err
	case "Int32":
		n, err := signed(v, 32, want)
		return int32(n), err
	case "Int64":
		return signed(v, 64, want)
	case "Uint8":
		n, err := unsigned(v, 8, want)
		return uint8(n), err
	case "Uint16":
		n, err := unsigned(v, 16, want)
		return uint16(n), err
	case "Uint32":
		n, err := unsigned(v, 32, want)
		return uint32(n), err
	case "Uint64":
		return unsigned(v, 64, want)
	case "Float32":
		return float32Of(v, want)
	case "Float64":
		return float(v, want)
	case "Binary":
		switch b := v.(type) {
		case []byte:
			return b, nil
		case ua.ByteArray:
			return []byte(b), nil
		}
	case "Object":
		o, err := object(v)
		if o == nil && err == nil {
			err = errNoValue
		}
		return o, err
	default:
		return nil, fmt.Errorf("resource type %q is not supported", t)
	}
	return nil, mismatch{v, want}
}

func decodeArray(v any, t driver.Type) (any, error) {
	switch t {
	case "Bool":
		return elements[bool](v, t)
	case "String":
		return elements[string](v, t)
	case "Int8":
		return elements[int8](v, t)
	case "Int16":
		return elements[int16](v, t)
	case "Int32":
		return elements[int32](v, t)
	case "Int64":
		return elements[int64](v, t)
	case "Uint8":
		return elements[uint8](v, t)
	case "Uint16":
		return elements[uint16](v, t)
	case "Uint32":
		return elements[uint32](v, t)
	case "Uint64":
		return elements[uint64](v, t)
	case "Float32":
		return elements[float32](v, t)
	case "Float64":
		return elements[float64](v, t)
	case "Object":
		return elements[any](v, t)
	}
	return nil, fmt.Errorf("resource type %q is not supported", t+"Array")
}

func elements[T any](v any, t driver.Type) (any, error) {
	if same, ok := v.([]T); ok {
		return same, nil
	}
	list := reflect.ValueOf(v)
	if list.Kind() != reflect.Slice {
		return nil, mismatch{v, string(t) + "Array"}
	}
	all := make([]T, list.Len())
	for i := range all {
		x, err := decodeScalar(list.Index(i).Interface(), t)
		switch {
		case errors.Is(err, errNoValue) && (t == "String" || t == "Object"):
			continue // its place stays empty
		case err != nil:
			return nil, fmt.Errorf("element %d: %w", i, err)
		}
		all[i] = x.(T)
	}
	return all, nil
}

// unwrapped is a value out of those that may hold any.
func unwrapped(v any) any {
	for range deepest {
		switch x := v.(type) {
		case *ua.Variant:
			if x == nil {
				return nil
			}
			v = x.Value()
		case *ua.DataValue:
			if x == nil || x.Value == nil {
				return nil
			}
			v = x.Value.Value()
		default:
			return v
		}
	}
	return nil
}

// text writes a scalar in its usual form: times as RFC 3339, floats with the
// fewest digits that keep the value.
func text(v any) (string, error) {
	switch x := v.(type) {
	case string:
		return x, nil
	case bool:
		return strconv.FormatBool(x), nil
	case float32:
		return strconv.FormatFloat(float64(x), 'g', -1, 32), nil
	case float64:
		return strconv.FormatFloat(x, 'g', -1, 64), nil
	case time.Time:
		if x.IsZero() {
			return "", errNoValue
		}
		return timeText(x), nil
	case []byte:
		return base64.StdEncoding.EncodeToString(x), nil
	case ua.XMLElement:
		return string(x), nil
	case ua.StatusCode:
		return statusName(x), nil
	case *ua.GUID:
		return x.String(), nil
	case *ua.NodeID:
		return x.String(), nil
	case *ua.ExpandedNodeID:
		return x.NodeID.String(), nil
	case *ua.LocalizedText:
		return x.Text, nil
	case *ua.QualifiedName:
		return x.Name, nil
	}
	n, beyond, err := whole(v, "String")
	if beyond != 0 {
		return strconv.FormatUint(beyond, 10), err
	}
	return strconv.FormatInt(n, 10), err
}

// object keeps what JSON can hold and writes the rest as text. Nothing is nil.
func object(v any) (any, error) {
	switch x := v.(type) {
	case bool, string, int8, int16, int32, int64, uint8, uint16, uint32, uint64, []byte:
		return v, nil
	case float32, float64, time.Time:
		return plain(v), nil
	case *ua.ExtensionObject:
		return unfolded(x)
	}
	if reflect.TypeOf(v).Kind() == reflect.Slice {
		return elements[any](v, "Object")
	}
	return text(v)
}

// unfolded is what became of a structure.
func unfolded(o *ua.ExtensionObject) (any, error) {
	if o == nil {
		return nil, nil
	}
	switch x := o.Value.(type) {
	case nil:
		return nil, nil
	case map[string]any:
		return x, nil
	case unreadable:
		return nil, x.err
	case *ua.XMLElement:
		return string(*x), nil
	}
	return nil, errNoDefinition
}

// typeName is the OPC UA name of a value's type.
func typeName(v any) string {
	variant, err := ua.NewVariant(v)
	if err != nil {
		return fmt.Sprintf("%T", v)
	}
	name := typeIDName(variant.Type())
	if variant.Has(ua.VariantArrayValues) {
		name += "[]"
	}
	return name
}

func typeIDName(id ua.TypeID) string { return strings.TrimPrefix(id.String(), "TypeID") }
