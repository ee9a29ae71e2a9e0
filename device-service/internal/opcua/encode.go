package opcua

import (
	"encoding/base64"
	"fmt"
	"reflect"
	"time"

	"github.com/gopcua/opcua/ua"
)

// encode converts the value of a resource to the type that its node has: a
// server refuses every other type, even an Int64 that fits an Int32.
func encode(v any, node ua.TypeID) (*ua.Variant, error) {
	converted, err := encodeAny(v, node)
	if err != nil {
		return nil, err
	}
	return ua.NewVariant(converted)
}

func encodeAny(v any, node ua.TypeID) (any, error) {
	list := reflect.ValueOf(v)
	_, bytes := v.([]byte)
	if list.Kind() != reflect.Slice || bytes && node == ua.TypeIDByteString {
		return encodeScalar(v, node)
	}
	if isMatrix(list) {
		return matrix(v, node)
	}
	switch node {
	case ua.TypeIDBoolean:
		return encodeElements[bool](list, node)
	case ua.TypeIDSByte:
		return encodeElements[int8](list, node)
	case ua.TypeIDByte:
		all, err := encodeElements[byte](list, node)
		return ua.ByteArray(all), err
	case ua.TypeIDInt16:
		return encodeElements[int16](list, node)
	case ua.TypeIDUint16:
		return encodeElements[uint16](list, node)
	case ua.TypeIDInt32:
		return encodeElements[int32](list, node)
	case ua.TypeIDUint32:
		return encodeElements[uint32](list, node)
	case ua.TypeIDInt64:
		return encodeElements[int64](list, node)
	case ua.TypeIDUint64:
		return encodeElements[uint64](list, node)
	case ua.TypeIDFloat:
		return encodeElements[float32](list, node)
	case ua.TypeIDDouble:
		return encodeElements[float64](list, node)
	case ua.TypeIDString:
		return encodeElements[string](list, node)
	case ua.TypeIDDateTime:
		return encodeElements[time.Time](list, node)
	case ua.TypeIDXMLElement:
		return encodeElements[ua.XMLElement](list, node)
	case ua.TypeIDLocalizedText:
		return encodeElements[*ua.LocalizedText](list, node)
	case ua.TypeIDQualifiedName:
		return encodeElements[*ua.QualifiedName](list, node)
	case ua.TypeIDGUID:
		return encodeElements[*ua.GUID](list, node)
	case ua.TypeIDNodeID:
		return encodeElements[*ua.NodeID](list, node)
	}
	return nil, fmt.Errorf("arrays of %s cannot be written", typeIDName(node))
}

func encodeElements[T any](list reflect.Value, node ua.TypeID) ([]T, error) {
	all := make([]T, list.Len())
	for i := range all {
		x, err := encodeScalar(list.Index(i).Interface(), node)
		if err != nil {
			return nil, fmt.Errorf("element %d: %w", i, err)
		}
		all[i] = x.(T)
	}
	return all, nil
}

func encodeScalar(v any, node ua.TypeID) (any, error) {
	want := typeIDName(node)
	switch node {
	case ua.TypeIDBoolean:
		if b, ok := v.(bool); ok {
			return b, nil
		}
		return nil, mismatch{v, want}
	case ua.TypeIDSByte:
		n, err := signed(v, 8, want)
		return int8(n), err
	case ua.TypeIDInt16:
		n, err := signed(v, 16, want)
		return int16(n), err
	case ua.TypeIDInt32:
		n, err := signed(v, 32, want)
		return int32(n), err
	case ua.TypeIDInt64:
		return signed(v, 64, want)
	case ua.TypeIDByte:
		n, err := unsigned(v, 8, want)
		return uint8(n), err
	case ua.TypeIDUint16:
		n, err := unsigned(v, 16, want)
		return uint16(n), err
	case ua.TypeIDUint32:
		n, err := unsigned(v, 32, want)
		return uint32(n), err
	case ua.TypeIDUint64:
		return unsigned(v, 64, want)
	case ua.TypeIDFloat:
		return float32Of(v, want)
	case ua.TypeIDDouble:
		return float(v, want)
	case ua.TypeIDDateTime:
		return instant(v)
	case ua.TypeIDByteString:
		return byteString(v)
	}
	return encodeText(v, node)
}

// encodeText converts to the types whose values are texts at heart.
func encodeText(v any, node ua.TypeID) (any, error) {
	s, err := text(v)
	if err != nil {
		return nil, mismatch{v, typeIDName(node)}
	}
	switch node {
	case ua.TypeIDString:
		return s, nil
	case ua.TypeIDXMLElement:
		return ua.XMLElement(s), nil
	case ua.TypeIDLocalizedText:
		return ua.NewLocalizedText(s), nil
	case ua.TypeIDQualifiedName:
		return &ua.QualifiedName{Name: s}, nil
	case ua.TypeIDGUID:
		if guid := ua.NewGUID(s); guid != nil {
			return guid, nil
		}
		return nil, fmt.Errorf("%q is not a GUID", s)
	case ua.TypeIDNodeID, ua.TypeIDExpandedNodeID:
		return nodeIDOf(s, node)
	case ua.TypeIDStatusCode:
		return statusOf(s)
	}
	return nil, fmt.Errorf("values of type %s cannot be written", typeIDName(node))
}

// byteString takes bytes, or their base64, as decode gives them.
func byteString(v any) ([]byte, error) {
	switch x := v.(type) {
	case []byte:
		return x, nil
	case string:
		b, err := base64.StdEncoding.DecodeString(x)
		if err != nil {
			return nil, fmt.Errorf("%q is not base64, which ByteString needs", x)
		}
		return b, nil
	}
	return nil, mismatch{v, typeIDName(ua.TypeIDByteString)}
}

// nodeIDOf takes the text of a node id. A URI in it would need the namespaces of
// the server.
func nodeIDOf(s string, node ua.TypeID) (any, error) {
	ref, err := parseNodeID(s)
	switch {
	case err != nil:
		return nil, err
	case ref.uri != "":
		return nil, fmt.Errorf("%q: in a value a node id has the index of its namespace, such as ns=2;s=a", s)
	case node == ua.TypeIDExpandedNodeID:
		return &ua.ExpandedNodeID{NodeID: ref.id}, nil
	}
	return ref.id, nil
}

// statusOf finds a status code by its name.
func statusOf(name string) (ua.StatusCode, error) {
	if name == "Good" {
		return ua.StatusOK, nil
	}
	for code := range ua.StatusCodes {
		if statusName(code) == name {
			return code, nil
		}
	}
	return 0, fmt.Errorf("%q is not the name of a status code", name)
}

// instant takes RFC 3339 or milliseconds since 1970, as decode gives them.
func instant(v any) (time.Time, error) {
	var t time.Time
	if s, ok := v.(string); ok {
		var err error
		if t, err = time.Parse(time.RFC3339Nano, s); err != nil {
			return t, fmt.Errorf("%q is not a time; write it as 2006-01-02T15:04:05Z", s)
		}
	} else {
		ms, err := signed(v, 64, "DateTime")
		if err != nil {
			return t, err
		}
		t = time.UnixMilli(ms)
	}
	// The library counts in nanoseconds, which wrap around outside these years.
	if y := t.UTC().Year(); y < 1678 || y > 2261 {
		return t, outOfRange(v, "DateTime")
	}
	return t, nil
}
