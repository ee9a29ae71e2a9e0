package opcua

import (
	"errors"
	"fmt"
	"math"

	"github.com/gopcua/opcua/ua"
)

const (
	// deepest is how far values may stand in each other.
	deepest = 50
	// mostElements bounds an array in a structure.
	mostElements = 1 << 20
)

var (
	errDeep  = errors.New("values stand too deep in each other")
	errShort = errors.New("the content is shorter than its type")
)

// strangeType is why a structure cannot be read: the type of one in it is not
// known yet.
type strangeType struct{ encoding *ua.NodeID }

func (e strangeType) Error() string {
	return fmt.Sprintf("the type with the encoding %s is not known", e.encoding)
}

// findType gives the type of an encoding, or else a strangeType.
type findType func(*ua.ExpandedNodeID) (*dataType, error)

// structureReader reads the content of structures.
type structureReader struct {
	buf   *ua.Buffer
	find  findType
	depth int
}

// readStructure makes an object of the content of a structure.
func readStructure(content []byte, t *dataType, find findType) (map[string]any, error) {
	r := &structureReader{buf: ua.NewBuffer(content), find: find}
	fields, err := r.structure(t)
	switch {
	case err != nil:
		return nil, fmt.Errorf("structure %s: %w", t.name, err)
	case r.buf.Len() > 0:
		return nil, fmt.Errorf("structure %s: %d bytes are left over; the server's definition does not fit its values", t.name, r.buf.Len())
	}
	return fields, nil
}

func (r *structureReader) structure(t *dataType) (map[string]any, error) {
	if t.unknown != nil {
		return nil, t.unknown
	}
	if r.depth++; r.depth > deepest {
		return nil, errDeep
	}
	defer func() { r.depth-- }()
	fields := make(map[string]any, len(t.fields))
	if t.isUnion() {
		return fields, r.union(t, fields)
	}
	var present, bit uint32 = 0, 1
	if t.form == ua.StructureTypeStructureWithOptionalFields {
		present = r.buf.ReadUint32()
	}
	for _, f := range t.fields {
		if f.optional && t.form == ua.StructureTypeStructureWithOptionalFields {
			here := present&bit != 0
			bit <<= 1
			if !here {
				continue
			}
		}
		if err := r.field(t, f, fields); err != nil {
			return nil, err
		}
	}
	return fields, r.err()
}

// union has the field that its number says; 0 is none.
func (r *structureReader) union(t *dataType, fields map[string]any) error {
	n := r.buf.ReadUint32()
	switch {
	case r.buf.Error() != nil:
		return errShort
	case n == 0:
		return nil
	case int64(n) > int64(len(t.fields)):
		return fmt.Errorf("the union has no field %d", n)
	}
	return r.field(t, t.fields[n-1], fields)
}

func (r *structureReader) field(t *dataType, f typeField, into map[string]any) error {
	v, err := r.ranked(t.wire(f), f.rank)
	if err == nil {
		err = r.err()
	}
	if err != nil {
		return fmt.Errorf("field %s: %w", f.name, err)
	}
	into[f.name] = v
	return nil
}

func (r *structureReader) err() error {
	if r.buf.Error() != nil {
		return errShort
	}
	return nil
}

// ranked reads a scalar, an array, or an array of several dimensions.
func (r *structureReader) ranked(t *dataType, rank int32) (any, error) {
	switch {
	case rank == -1:
		return r.value(t)
	case rank == 1:
		n := r.buf.ReadInt32()
		if n < 0 {
			return nil, r.err()
		}
		return r.elements(t, int(n))
	case rank > 1:
		return r.matrix(t)
	}
	return nil, fmt.Errorf("a field of value rank %d cannot be read", rank)
}

func (r *structureReader) elements(t *dataType, n int) ([]any, error) {
	// All but structures without any field need a byte at least.
	if n > mostElements || n > r.buf.Len() && (!t.isStructure() || n > math.MaxUint16) {
		return nil, errShort
	}
	list := make([]any, n)
	for i := range list {
		var err error
		if list[i], err = r.value(t); err != nil {
			return nil, fmt.Errorf("element %d: %w", i, err)
		}
		if err := r.err(); err != nil {
			return nil, err
		}
	}
	return list, nil
}

func (r *structureReader) matrix(t *dataType) (any, error) {
	count := r.buf.ReadInt32()
	if count < 0 {
		return nil, r.err()
	}
	if int(count) > deepest {
		return nil, errDeep
	}
	sizes, total := make([]int, count), 1
	for i := range sizes {
		sizes[i] = max(0, int(r.buf.ReadInt32()))
		if total *= sizes[i]; total > mostElements {
			return nil, errShort
		}
	}
	if count == 0 {
		total = 0
	}
	flat, err := r.elements(t, total)
	if err != nil {
		return nil, err
	}
	return folded(flat, sizes), nil
}

// folded makes lists of lists; the last dimension changes fastest.
func folded(flat []any, sizes []int) []any {
	if len(sizes) < 2 || len(flat) == 0 {
		return flat
	}
	rows := make([]any, sizes[0])
	size := len(flat) / sizes[0]
	for i := range rows {
		rows[i] = folded(flat[i*size:(i+1)*size], sizes[1:])
	}
	return rows
}

// value reads a scalar of a type.
func (r *structureReader) value(t *dataType) (any, error) {
	if t.isStructure() && !isAbstract(t) {
		return r.structure(t)
	}
	v, err := r.scalar(t.builtIn)
	if n, ok := v.(int32); ok {
		if name, ok := t.names[int64(n)]; ok {
			return name, err
		}
	}
	return v, err
}

// isAbstract tells that values say by themselves what they are.
func isAbstract(t *dataType) bool { return errors.Is(t.unknown, errAbstract) }

// extensionObject reads a structure that says by itself what it is.
func (r *structureReader) extensionObject() (any, error) {
	encoding := new(ua.ExpandedNodeID)
	r.buf.ReadStruct(encoding)
	mask := r.buf.ReadByte()
	if r.buf.Error() != nil {
		return nil, errShort
	}
	if mask == ua.ExtensionObjectEmpty {
		return nil, nil
	}
	content := r.buf.ReadBytes()
	if r.buf.Error() != nil {
		return nil, errShort
	}
	if mask == ua.ExtensionObjectXML {
		return string(content), nil
	}
	t, err := r.find(encoding)
	if err != nil {
		return nil, err
	}
	inner := &structureReader{buf: ua.NewBuffer(content), find: r.find, depth: r.depth}
	return inner.structure(t)
}
