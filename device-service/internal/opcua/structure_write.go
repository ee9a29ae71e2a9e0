package opcua

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"time"

	"github.com/gopcua/opcua/ua"
)

// structureWriter makes the content of structures out of objects.
type structureWriter struct {
	buf   *ua.Buffer
	depth int
}

// newStructure makes a structure of an object.
func newStructure(v any, t *dataType) (*ua.ExtensionObject, error) {
	w := &structureWriter{buf: ua.NewBuffer(nil)}
	if err := w.structure(v, t); err != nil {
		return nil, fmt.Errorf("structure %s: %w", t.name, err)
	}
	return &ua.ExtensionObject{
		TypeID: &ua.ExpandedNodeID{NodeID: t.encoding}, EncodingMask: ua.ExtensionObjectBinary, Value: &body{w.buf.Bytes()},
	}, nil
}

func (w *structureWriter) structure(v any, t *dataType) error {
	fields, ok := v.(map[string]any)
	switch {
	case t.unknown != nil:
		return t.unknown
	case !ok:
		return fmt.Errorf("%v is not an object with the fields of %s", v, t.name)
	}
	known := t.fieldNames()
	for name := range fields {
		if !slices.Contains(known, name) {
			return fmt.Errorf("there is no field %q%s", name, hintOf(name, known))
		}
	}
	if w.depth++; w.depth > deepest {
		return errDeep
	}
	defer func() { w.depth-- }()
	if t.isUnion() {
		return w.union(fields, t)
	}
	w.mask(fields, t)
	for _, f := range t.fields {
		v, given := fields[f.name]
		switch {
		case !given && f.optional && t.form == ua.StructureTypeStructureWithOptionalFields:
			continue
		case !given:
			return fmt.Errorf("field %q is missing", f.name)
		}
		if err := w.field(v, t, f); err != nil {
			return err
		}
	}
	return nil
}

// mask tells which of the optional fields are there.
func (w *structureWriter) mask(fields map[string]any, t *dataType) {
	if t.form != ua.StructureTypeStructureWithOptionalFields {
		return
	}
	var present, bit uint32 = 0, 1
	for _, f := range t.fields {
		if !f.optional {
			continue
		}
		if _, given := fields[f.name]; given {
			present |= bit
		}
		bit <<= 1
	}
	w.buf.WriteUint32(present)
}

func (w *structureWriter) union(fields map[string]any, t *dataType) error {
	if len(fields) > 1 {
		return errors.New("of a union one field can be given, not more")
	}
	for i, f := range t.fields {
		if v, given := fields[f.name]; given {
			w.buf.WriteUint32(uint32(i + 1))
			return w.field(v, t, f)
		}
	}
	w.buf.WriteUint32(0)
	return nil
}

func (w *structureWriter) field(v any, t *dataType, f typeField) error {
	if err := w.ranked(v, t.wire(f), f.rank); err != nil {
		return fmt.Errorf("field %q: %w", f.name, err)
	}
	return nil
}

func (w *structureWriter) ranked(v any, t *dataType, rank int32) error {
	switch {
	case rank == -1:
		return w.value(v, t)
	case rank < 1:
		return fmt.Errorf("a field of value rank %d cannot be written", rank)
	case v == nil:
		w.buf.WriteInt32(-1)
		return nil
	case !isList(v):
		return fmt.Errorf("%v is not a list", v)
	case rank == 1:
		return w.elements(reflect.ValueOf(v), t)
	}
	return w.matrix(v, t, int(rank))
}

func (w *structureWriter) elements(list reflect.Value, t *dataType) error {
	w.buf.WriteInt32(int32(list.Len()))
	for i := range list.Len() {
		if err := w.value(list.Index(i).Interface(), t); err != nil {
			return fmt.Errorf("element %d: %w", i, err)
		}
	}
	return nil
}

// matrix writes the sizes of an array, and then its elements.
func (w *structureWriter) matrix(v any, t *dataType, rank int) error {
	flat, sizes, err := flattened(v)
	if err != nil {
		return err
	}
	if len(sizes) != rank {
		return fmt.Errorf("%v has %d dimensions, and the field %d", v, len(sizes), rank)
	}
	w.buf.WriteInt32(int32(rank))
	for _, size := range sizes {
		w.buf.WriteInt32(int32(size))
	}
	for i, x := range flat {
		if err := w.value(x, t); err != nil {
			return fmt.Errorf("element %d: %w", i, err)
		}
	}
	return nil
}

func (w *structureWriter) value(v any, t *dataType) error {
	if t.isStructure() && !isAbstract(t) {
		return w.structure(v, t)
	}
	variant, err := typedVariant(v, t)
	if err != nil {
		return err
	}
	b, err := variant.Encode()
	if err != nil {
		return err
	}
	if t.builtIn != ua.TypeIDVariant {
		b = b[1:] // without its type, which is known
	}
	w.buf.Write(b)
	return nil
}

// typedVariant converts a scalar to a data type that is no structure.
func typedVariant(v any, t *dataType) (*ua.Variant, error) {
	if name, ok := v.(string); ok && t.names != nil && t.builtIn == ua.TypeIDInt32 {
		n, err := t.numberOf(name)
		if err != nil {
			return nil, err
		}
		v = n
	}
	switch t.builtIn {
	case ua.TypeIDVariant:
		return guessed(v)
	case ua.TypeIDExtensionObject:
		if v != nil {
			return nil, errors.New("a structure whose type is open cannot be written")
		}
		return ua.NewVariant((*ua.ExtensionObject)(nil))
	}
	if v == nil {
		return emptyVariant(t.builtIn)
	}
	if s, ok := v.(string); ok {
		var err error
		if v, err = parseText(s, t.builtIn); err != nil {
			return nil, err
		}
	}
	converted, err := encodeScalar(v, t.builtIn)
	if err != nil {
		return nil, err
	}
	return ua.NewVariant(converted)
}

// guessed is a value in the type that it has in JSON.
func guessed(v any) (*ua.Variant, error) {
	switch x := v.(type) {
	case nil:
		return new(ua.Variant), nil
	case bool, string, float64, float32, int8, int16, int32, int64, uint8, uint16, uint32, uint64:
		return ua.NewVariant(v)
	case []any:
		if converted, err := encodeElements[float64](reflect.ValueOf(x), ua.TypeIDDouble); err == nil {
			return ua.NewVariant(converted)
		}
	}
	return nil, fmt.Errorf("the type of %v is open; only numbers, texts and booleans can be written there", v)
}

// emptyVariant is nothing, in a type that has room for it.
func emptyVariant(t ua.TypeID) (*ua.Variant, error) {
	switch t {
	case ua.TypeIDString:
		return ua.NewVariant("")
	case ua.TypeIDByteString:
		return ua.NewVariant([]byte(nil))
	case ua.TypeIDDateTime:
		return ua.NewVariant(time.Time{})
	case ua.TypeIDLocalizedText:
		return ua.NewVariant(new(ua.LocalizedText))
	case ua.TypeIDFloat:
		return ua.NewVariant(float32(math.NaN()))
	case ua.TypeIDDouble:
		return ua.NewVariant(math.NaN())
	}
	return nil, fmt.Errorf("there is no value, which %s needs", typeIDName(t))
}
