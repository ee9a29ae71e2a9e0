package codec

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/reflect/protoreflect"

	"sluice/sqlengine/value"
)

// deepest is how far messages may be nested.
const deepest = 100

var errTooDeep = fmt.Errorf("messages are nested deeper than %d", deepest)

// partial collects what comes in pieces: elements of arrays and maps, and the
// bytes of a message that comes several times, which are one.
type partial struct {
	list  []value.Value
	names []string
	bytes []byte
}

// read fills values by the fields of the plan. Fields that are not wanted are
// skipped; nil: all are wanted.
func (p *messagePlan) read(values []value.Value, b []byte, wanted []bool, depth int) error {
	if depth > deepest {
		return errTooDeep
	}
	for i := range values {
		values[i] = p.fields[i].blank
	}
	var parts map[int]*partial
	for len(b) > 0 {
		number, wire, n := protowire.ConsumeTag(b)
		if n < 0 {
			return errTruncated(n)
		}
		if number > protowire.MaxValidNumber {
			return fmt.Errorf("the bytes are no such message: a field has the number %d", number)
		}
		b = b[n:]
		size := protowire.ConsumeFieldValue(number, wire, b)
		if size < 0 {
			return errTruncated(size)
		}
		field := b[:size]
		b = b[size:]
		i, ok := p.byNumber[number]
		if !ok || !p.fields[i].takes(wire) {
			continue // unknown, as the library sees it
		}
		f := &p.fields[i]
		for _, other := range f.oneof {
			values[other] = value.Missing
			delete(parts, other)
		}
		if wanted != nil && !wanted[i] {
			continue
		}
		if !f.list && !f.isMap && f.message == nil {
			v, err := f.scalar(field)
			if err != nil {
				return fmt.Errorf("column %q: %w", f.name, err)
			}
			values[i] = v
			continue
		}
		if parts == nil {
			parts = map[int]*partial{}
		}
		if parts[i] == nil {
			parts[i] = &partial{}
		}
		if err := f.collect(parts[i], number, wire, field, depth); err != nil {
			return fmt.Errorf("column %q: %w", f.name, err)
		}
	}
	for i, part := range parts {
		v, err := p.fields[i].whole(part, depth)
		if err != nil {
			return fmt.Errorf("column %q: %w", p.fields[i].name, err)
		}
		values[i] = v
	}
	return nil
}

func errTruncated(n int) error {
	return errors.New("the bytes are no such message: " + protowire.ParseError(n).Error())
}

// wireOf is how a kind is written.
func wireOf(kind protoreflect.Kind) protowire.Type {
	switch kind {
	case protoreflect.FloatKind, protoreflect.Fixed32Kind, protoreflect.Sfixed32Kind:
		return protowire.Fixed32Type
	case protoreflect.DoubleKind, protoreflect.Fixed64Kind, protoreflect.Sfixed64Kind:
		return protowire.Fixed64Type
	case protoreflect.StringKind, protoreflect.BytesKind, protoreflect.MessageKind:
		return protowire.BytesType
	case protoreflect.GroupKind:
		return protowire.StartGroupType
	}
	return protowire.VarintType
}

// takes tells whether the field may be written so; numbers in a list may be
// packed or not, whatever the schema says.
func (f *fieldPlan) takes(wire protowire.Type) bool {
	own := wireOf(f.kind)
	return wire == own || f.list && wire == protowire.BytesType && own != protowire.StartGroupType
}

// collect takes one piece.
func (f *fieldPlan) collect(part *partial, number protowire.Number, wire protowire.Type, b []byte, depth int) error {
	if f.message == nil {
		if own := wireOf(f.kind); wire == own {
			v, err := f.scalar(b)
			part.list = append(part.list, v)
			return err
		}
		packed, _ := protowire.ConsumeBytes(b)
		for len(packed) > 0 {
			n := protowire.ConsumeFieldValue(number, wireOf(f.kind), packed)
			if n < 0 {
				return errTruncated(n)
			}
			v, err := f.scalar(packed[:n])
			if err != nil {
				return err
			}
			part.list, packed = append(part.list, v), packed[n:]
		}
		return nil
	}
	inner, _ := protowire.ConsumeBytes(b)
	if f.kind == protoreflect.GroupKind {
		inner, _ = protowire.ConsumeGroup(number, b)
	}
	switch {
	case f.isMap:
		return f.entry(part, inner, depth)
	case f.list:
		v, err := f.message().value(inner, depth+1)
		part.list = append(part.list, v)
		return err
	}
	part.bytes = append(part.bytes, inner...) // messages that are joined are merged
	return nil
}

// entry takes a key and value of a map.
func (f *fieldPlan) entry(part *partial, b []byte, depth int) error {
	p := f.message()
	pair := make([]value.Value, len(p.fields)) // key, value: their order is that of the names
	if err := p.read(pair, b, nil, depth+1); err != nil {
		return err
	}
	v := pair[1]
	if of := &p.fields[1]; v.IsNull() && of.message != nil { // a message that is not there is an empty one
		var err error
		if v, err = of.message().value(nil, depth+1); err != nil {
			return err
		}
	}
	name, err := appendText(nil, pair[0])
	if err != nil {
		return err
	}
	part.names, part.list = append(part.names, string(name)), append(part.list, v)
	return nil
}

// whole is the value of all pieces.
func (f *fieldPlan) whole(part *partial, depth int) (value.Value, error) {
	switch {
	case f.isMap:
		return value.OfObject(value.FieldsOf(part.names, part.list)), nil
	case f.list:
		return value.OfList(part.list), nil
	}
	return f.message().value(part.bytes, depth+1)
}

// value reads a message in another one.
func (p *messagePlan) value(b []byte, depth int) (value.Value, error) {
	values := make([]value.Value, len(p.fields))
	if err := p.read(values, b, nil, depth); err != nil {
		return value.Value{}, err
	}
	if p.wrapper {
		return values[0], nil
	}
	return p.object(values), nil
}

// scalar reads a value that protowire has found to be complete.
func (f *fieldPlan) scalar(b []byte) (value.Value, error) {
	switch f.kind {
	case protoreflect.FloatKind:
		n, _ := protowire.ConsumeFixed32(b)
		return value.OfFloat(float64(math.Float32frombits(n))), nil
	case protoreflect.DoubleKind:
		n, _ := protowire.ConsumeFixed64(b)
		return value.OfFloat(math.Float64frombits(n)), nil
	case protoreflect.Fixed32Kind:
		n, _ := protowire.ConsumeFixed32(b)
		return value.OfInt(int64(n)), nil
	case protoreflect.Sfixed32Kind:
		n, _ := protowire.ConsumeFixed32(b)
		return value.OfInt(int64(int32(n))), nil
	case protoreflect.Fixed64Kind:
		n, _ := protowire.ConsumeFixed64(b)
		return ofUint(n), nil
	case protoreflect.Sfixed64Kind:
		n, _ := protowire.ConsumeFixed64(b)
		return value.OfInt(int64(n)), nil
	case protoreflect.StringKind:
		s, _ := protowire.ConsumeBytes(b)
		if f.utf8 && !utf8.Valid(s) {
			return value.Value{}, errors.New("the text is not UTF-8; declare the field as bytes in the schema")
		}
		return value.OfString(text(s)), nil
	case protoreflect.BytesKind:
		s, _ := protowire.ConsumeBytes(b)
		return value.OfBytes(bytes.Clone(s)), nil
	}
	n, _ := protowire.ConsumeVarint(b)
	return f.varint(n), nil
}

func (f *fieldPlan) varint(n uint64) value.Value {
	switch f.kind {
	case protoreflect.BoolKind:
		return value.OfBool(protowire.DecodeBool(n))
	case protoreflect.Int32Kind, protoreflect.EnumKind:
		return value.OfInt(int64(int32(n)))
	case protoreflect.Uint32Kind:
		return value.OfInt(int64(uint32(n)))
	case protoreflect.Uint64Kind:
		return ofUint(n)
	case protoreflect.Sint32Kind:
		return value.OfInt(int64(int32(protowire.DecodeZigZag(n & math.MaxUint32))))
	case protoreflect.Sint64Kind:
		return value.OfInt(protowire.DecodeZigZag(n))
	}
	return value.OfInt(int64(n))
}
