package codec

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"

	"sluice/sqlengine/value"
)

// protobufWriter writes a row as one message. Columns that the message has not
// are left out.
type protobufWriter struct{ current *current }

func newProtobufWriter(f Form) (Writer, error) {
	c, err := newCurrent(f)
	if err != nil {
		return nil, err
	}
	return &protobufWriter{c}, nil
}

func (w *protobufWriter) Append(dst []byte, rows []*value.Fields, _ bool) ([]byte, error) {
	row, err := oneRow("protobuf", rows)
	if err != nil {
		return dst, err
	}
	w.current.refresh()
	m, err := toMessage(w.current.message, row)
	if err != nil {
		return dst, fmt.Errorf("column %w", err)
	}
	return proto.MarshalOptions{Deterministic: true}.MarshalAppend(dst, m.Interface())
}

func (w *protobufWriter) Text() bool { return false }

// toMessage makes a message of the fields that it has a place for. Errors begin
// with the name of a field.
func toMessage(d protoreflect.MessageDescriptor, row *value.Fields) (protoreflect.Message, error) {
	m := dynamicpb.NewMessage(d)
	list := d.Fields()
	for i, name := range row.Names {
		f := list.ByName(protoreflect.Name(name))
		if f == nil || row.Values[i].IsNull() || row.Values[i].IsMissing() {
			continue
		}
		if err := setField(m, f, row.Values[i]); err != nil {
			return nil, fmt.Errorf("%q%w", name, err)
		}
	}
	required := d.RequiredNumbers()
	for i := range required.Len() {
		if f := list.ByNumber(required.Get(i)); !m.Has(f) {
			return nil, fmt.Errorf("%q is missing, and message %s requires it", f.Name(), d.Name())
		}
	}
	return m, nil
}

func setField(m protoreflect.Message, f protoreflect.FieldDescriptor, v value.Value) error {
	switch {
	case f.IsMap():
		return setMap(m, f, v)
	case f.IsList():
		if v.Kind() != value.List {
			return misfit(v, "an ARRAY")
		}
		list := m.NewField(f).List()
		for i, e := range v.List() {
			p, err := toProto(f, e)
			if err != nil {
				return fmt.Errorf("[%d]%w", i, err)
			}
			list.Append(p)
		}
		m.Set(f, protoreflect.ValueOfList(list))
		return nil
	}
	p, err := toProto(f, v)
	if err == nil {
		m.Set(f, p)
	}
	return err
}

func setMap(m protoreflect.Message, f protoreflect.FieldDescriptor, v value.Value) error {
	if v.Kind() != value.Object {
		return misfit(v, "a STRUCT")
	}
	entries := m.NewField(f).Map()
	for i, name := range v.Object().Names {
		k, err := keyOf(f.MapKey(), name)
		if err != nil {
			return err
		}
		e, err := toProto(f.MapValue(), v.Object().Values[i])
		if err != nil {
			return fmt.Errorf(".%s%w", name, err)
		}
		entries.Set(k.MapKey(), e)
	}
	m.Set(f, protoreflect.ValueOfMap(entries))
	return nil
}

// keyOf reads a key of a map from its text.
func keyOf(f protoreflect.FieldDescriptor, text string) (protoreflect.Value, error) {
	v := value.OfString(text)
	if f.Kind() == protoreflect.BoolKind {
		if b, err := strconv.ParseBool(text); err == nil {
			v = value.OfBool(b)
		}
	} else if f.Kind() != protoreflect.StringKind {
		if i, err := strconv.ParseInt(text, 10, 64); err == nil {
			v = value.OfInt(i)
		}
	}
	p, err := toProto(f, v)
	if err != nil {
		return p, fmt.Errorf(": key %q is no %s", text, f.Kind())
	}
	return p, nil
}

func misfit(v value.Value, wanted string) error {
	return fmt.Errorf(" is %s where %s is wanted", v.Kind(), wanted)
}

// toProto converts one value to the kind of a field.
func toProto(f protoreflect.FieldDescriptor, v value.Value) (protoreflect.Value, error) {
	switch f.Kind() {
	case protoreflect.MessageKind, protoreflect.GroupKind:
		return toProtoMessage(f.Message(), v)
	case protoreflect.BoolKind:
		if v.Kind() == value.Bool {
			return protoreflect.ValueOfBool(v.True()), nil
		}
	case protoreflect.StringKind:
		if v.Kind() == value.String || v.Kind() == value.Time {
			s, err := appendText(nil, v)
			return protoreflect.ValueOfString(strings.ToValidUTF8(string(s), "\ufffd")), err
		}
	case protoreflect.BytesKind:
		switch v.Kind() {
		case value.Bytes:
			return protoreflect.ValueOfBytes(v.Bytes()), nil
		case value.String:
			return protoreflect.ValueOfBytes([]byte(v.Str())), nil
		}
	case protoreflect.EnumKind:
		return toEnum(f, v)
	case protoreflect.FloatKind, protoreflect.DoubleKind:
		return toFloat(f, v)
	default:
		return toInteger(f, v)
	}
	return protoreflect.Value{}, misfit(v, f.Kind().String())
}

func toProtoMessage(d protoreflect.MessageDescriptor, v value.Value) (protoreflect.Value, error) {
	switch {
	case isWrapper(d):
		m := dynamicpb.NewMessage(d)
		err := setField(m, d.Fields().Get(0), v)
		return protoreflect.ValueOfMessage(m), err
	case d.FullName() == "google.protobuf.Timestamp" && v.Kind() == value.Time:
		t := time.Unix(0, v.Time())
		v = value.OfObject(value.FieldsOf([]string{"nanos", "seconds"}, []value.Value{value.OfInt(int64(t.Nanosecond())), value.OfInt(t.Unix())}))
	case v.Kind() != value.Object:
		return protoreflect.Value{}, misfit(v, "a STRUCT")
	}
	m, err := toMessage(d, v.Object())
	if err != nil {
		return protoreflect.Value{}, fmt.Errorf(": field %w", err)
	}
	return protoreflect.ValueOfMessage(m), nil
}

// toEnum takes the number or the name of a value.
func toEnum(f protoreflect.FieldDescriptor, v value.Value) (protoreflect.Value, error) {
	if v.Kind() == value.String {
		if e := f.Enum().Values().ByName(protoreflect.Name(v.Str())); e != nil {
			return protoreflect.ValueOfEnum(e.Number()), nil
		}
		return protoreflect.Value{}, fmt.Errorf(": enum %s has no value %q", f.Enum().Name(), shorten(v.Str()))
	}
	i, ok := wholeNumber(v)
	if !ok || i < math.MinInt32 || i > math.MaxInt32 {
		return protoreflect.Value{}, misfit(v, "a value of enum "+string(f.Enum().Name()))
	}
	return protoreflect.ValueOfEnum(protoreflect.EnumNumber(i)), nil
}

func toFloat(f protoreflect.FieldDescriptor, v value.Value) (protoreflect.Value, error) {
	x := 0.0
	switch v.Kind() {
	case value.Float:
		x = v.Float()
	case value.Int:
		x = float64(v.Int())
	default:
		return protoreflect.Value{}, misfit(v, f.Kind().String())
	}
	if f.Kind() == protoreflect.FloatKind {
		return protoreflect.ValueOfFloat32(float32(x)), nil
	}
	return protoreflect.ValueOfFloat64(x), nil
}

// wholeNumber is the integer that a value is; FLOAT is one without a fraction.
func wholeNumber(v value.Value) (int64, bool) {
	switch v.Kind() {
	case value.Int:
		return v.Int(), true
	case value.Float:
		x := v.Float()
		return int64(x), x == math.Trunc(x) && x >= math.MinInt64 && x < math.MaxInt64
	}
	return 0, false
}

// toInteger cuts fractions, as cast does: numbers of JSON and averages are FLOAT.
func toInteger(f protoreflect.FieldDescriptor, v value.Value) (protoreflect.Value, error) {
	if v.Kind() == value.Float {
		v = value.OfFloat(math.Trunc(v.Float()))
	}
	i, ok := wholeNumber(v)
	if !ok && v.Kind() == value.Float && (f.Kind() == protoreflect.Uint64Kind || f.Kind() == protoreflect.Fixed64Kind) {
		if x := v.Float(); x >= 0 && x < 1<<64 { // as such numbers come in
			return protoreflect.ValueOfUint64(uint64(x)), nil
		}
	}
	if !ok {
		if v.Kind() == value.Float {
			return protoreflect.Value{}, fmt.Errorf(": %v is no number that %s can hold", v.Float(), f.Kind())
		}
		return protoreflect.Value{}, misfit(v, f.Kind().String())
	}
	switch f.Kind() {
	case protoreflect.Int64Kind, protoreflect.Sint64Kind, protoreflect.Sfixed64Kind:
		return protoreflect.ValueOfInt64(i), nil
	case protoreflect.Int32Kind, protoreflect.Sint32Kind, protoreflect.Sfixed32Kind:
		if i >= math.MinInt32 && i <= math.MaxInt32 {
			return protoreflect.ValueOfInt32(int32(i)), nil
		}
	case protoreflect.Uint32Kind, protoreflect.Fixed32Kind:
		if i >= 0 && i <= math.MaxUint32 {
			return protoreflect.ValueOfUint32(uint32(i)), nil
		}
	default:
		if i >= 0 {
			return protoreflect.ValueOfUint64(uint64(i)), nil
		}
	}
	return protoreflect.Value{}, fmt.Errorf(": %d is out of the range of %s", i, f.Kind())
}
