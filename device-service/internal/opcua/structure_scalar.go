package opcua

import (
	"fmt"
	"math"
	"time"

	"github.com/gopcua/opcua/ua"
)

// scalar reads a value of a built-in type, in the form that JSON has for it.
func (r *structureReader) scalar(t ua.TypeID) (any, error) {
	b := r.buf
	switch t {
	case ua.TypeIDBoolean:
		return b.ReadBool(), nil
	case ua.TypeIDSByte:
		return b.ReadInt8(), nil
	case ua.TypeIDByte:
		return b.ReadByte(), nil
	case ua.TypeIDInt16:
		return b.ReadInt16(), nil
	case ua.TypeIDUint16:
		return b.ReadUint16(), nil
	case ua.TypeIDInt32:
		return b.ReadInt32(), nil
	case ua.TypeIDUint32:
		return b.ReadUint32(), nil
	case ua.TypeIDInt64:
		return b.ReadInt64(), nil
	case ua.TypeIDUint64:
		return b.ReadUint64(), nil
	case ua.TypeIDFloat:
		return plain(b.ReadFloat32()), nil
	case ua.TypeIDDouble:
		return plain(b.ReadFloat64()), nil
	case ua.TypeIDString, ua.TypeIDXMLElement:
		return b.ReadString(), nil
	case ua.TypeIDByteString:
		return append([]byte(nil), b.ReadBytes()...), nil
	case ua.TypeIDDateTime:
		return plain(b.ReadTime()), nil
	case ua.TypeIDStatusCode:
		return statusName(ua.StatusCode(b.ReadUint32())), nil
	case ua.TypeIDExtensionObject:
		return r.extensionObject()
	case ua.TypeIDVariant:
		return r.variant()
	case ua.TypeIDDataValue:
		return r.dataValue()
	}
	return r.textual(t)
}

// textual reads the types whose values are texts at heart.
func (r *structureReader) textual(t ua.TypeID) (any, error) {
	var v any
	switch t {
	case ua.TypeIDGUID:
		v = new(ua.GUID)
	case ua.TypeIDNodeID:
		v = new(ua.NodeID)
	case ua.TypeIDExpandedNodeID:
		v = new(ua.ExpandedNodeID)
	case ua.TypeIDQualifiedName:
		v = new(ua.QualifiedName)
	case ua.TypeIDLocalizedText:
		v = new(ua.LocalizedText)
	default:
		return nil, fmt.Errorf("values of type %s cannot be read", typeIDName(t))
	}
	r.buf.ReadStruct(v)
	if r.buf.Error() != nil {
		return nil, errShort
	}
	return text(v)
}

// plain is a value as JSON can hold it: it has no infinity, and no time.
func plain(v any) any {
	f := 0.0
	switch x := v.(type) {
	case float32:
		f = float64(x)
	case float64:
		f = x
	case time.Time:
		if x.IsZero() {
			return nil
		}
		return timeText(x)
	}
	switch {
	case math.IsNaN(f):
		return "NaN"
	case math.IsInf(f, 1):
		return "Infinity"
	case math.IsInf(f, -1):
		return "-Infinity"
	}
	return v
}

// variant reads a value that says by itself what it is. The library's own code
// for that cannot be used: it panics at lengths below -1.
func (r *structureReader) variant() (any, error) {
	if r.depth++; r.depth > deepest {
		return nil, errDeep
	}
	defer func() { r.depth-- }()
	mask := r.buf.ReadByte()
	t := ua.TypeID(mask & 0x3f)
	switch {
	case r.buf.Error() != nil:
		return nil, errShort
	case t == ua.TypeIDNull:
		return nil, nil
	case mask&ua.VariantArrayValues == 0:
		return r.scalar(t)
	}
	n := r.buf.ReadInt32()
	var flat []any
	if n >= 0 {
		var err error
		if flat, err = r.elements(&dataType{builtIn: t, unknown: errAbstract}, int(n)); err != nil {
			return nil, err
		}
	}
	if mask&ua.VariantArrayDimensions == 0 {
		return flat, nil
	}
	count := r.buf.ReadInt32()
	if count < 0 || count > deepest {
		return nil, errDeep
	}
	sizes, total := make([]int, count), 1
	for i := range sizes {
		sizes[i] = max(0, int(r.buf.ReadInt32()))
		total *= min(sizes[i], mostElements)
		total = min(total, mostElements+1)
	}
	if total != len(flat) {
		return flat, nil
	}
	return folded(flat, sizes), nil
}

// dataValue reads a value with status and times, and keeps the value.
func (r *structureReader) dataValue() (v any, err error) {
	mask := r.buf.ReadByte()
	if mask&ua.DataValueValue != 0 {
		if v, err = r.variant(); err != nil {
			return nil, err
		}
	}
	for _, part := range []struct {
		bit  byte
		size int
	}{{ua.DataValueStatusCode, 4}, {ua.DataValueSourceTimestamp, 8}, {ua.DataValueSourcePicoseconds, 2}, {ua.DataValueServerTimestamp, 8}, {ua.DataValueServerPicoseconds, 2}} {
		if mask&part.bit != 0 {
			r.buf.ReadN(part.size)
		}
	}
	return v, r.err()
}
