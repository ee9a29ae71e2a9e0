package opcua

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"

	"github.com/gopcua/opcua/ua"
)

// unreadable stands in an extension object whose content cannot be read.
type unreadable struct{ err error }

// unfold makes objects of the structures in values that were read. A structure
// that comes for the first time was dropped by the library: it is read again.
func (s *session) unfold(ctx context.Context, nodes []*ua.ReadValueID, values []*ua.DataValue) error {
	var again []*ua.ReadValueID
	var places []int
	for i, v := range values {
		if keepDropped(v.Value) {
			again, places = append(again, nodes[i]), append(places, i)
		}
	}
	if len(again) > 0 {
		fresh, err := s.read(ctx, again)
		if err != nil {
			return err
		}
		for i, place := range places {
			*values[place] = *fresh[i]
		}
	}
	for _, v := range values {
		s.unfoldVariant(ctx, v.Value)
	}
	return nil
}

// keepDropped makes the library keep what it dropped, and tells whether there
// was anything. What has no content looks as if it was dropped, too.
func keepDropped(v *ua.Variant) (dropped bool) {
	eachObject(v, func(o *ua.ExtensionObject) {
		if o.Value != nil || o.EncodingMask != ua.ExtensionObjectBinary || o.TypeID == nil {
			return
		}
		if err := keepBody(plainID(o.TypeID.NodeID, o.TypeID.NodeID.Namespace())); err != nil {
			o.Value = unreadable{err}
			return
		}
		dropped = true
	})
	return dropped
}

// unfoldVariant makes an object of each structure in a value, in its place.
func (s *session) unfoldVariant(ctx context.Context, v *ua.Variant) {
	eachObject(v, func(o *ua.ExtensionObject) {
		if _, given := o.Value.(unreadable); given {
			return
		}
		fields, err := s.fieldsOf(ctx, o)
		switch {
		case err != nil:
			o.Value = unreadable{err}
		case fields != nil:
			o.Value = fields
		}
	})
}

// eachObject calls do for every extension object in a value.
func eachObject(v *ua.Variant, do func(*ua.ExtensionObject)) {
	if v == nil {
		return
	}
	switch v.Type() {
	case ua.TypeIDExtensionObject, ua.TypeIDVariant, ua.TypeIDDataValue:
		eachObjectIn(v.Value(), do)
	}
}

func eachObjectIn(value any, do func(*ua.ExtensionObject)) {
	switch x := value.(type) {
	case nil:
	case *ua.ExtensionObject:
		if x != nil {
			do(x)
		}
	case *ua.Variant:
		eachObject(x, do)
	case *ua.DataValue:
		eachObject(x.Value, do)
	default:
		if list := reflect.ValueOf(value); list.Kind() == reflect.Slice {
			for i := range list.Len() {
				eachObjectIn(list.Index(i).Interface(), do)
			}
		}
	}
}

// fieldsOf is the content of an extension object; nil: it has none, or stays as
// it is.
func (s *session) fieldsOf(ctx context.Context, o *ua.ExtensionObject) (map[string]any, error) {
	if o.EncodingMask != ua.ExtensionObjectBinary || o.TypeID == nil {
		return nil, nil
	}
	encoding := s.localID(o.TypeID)
	if encoding == nil {
		return nil, fmt.Errorf("the type with the encoding %s is not at this server", o.TypeID)
	}
	raw, ours := o.Value.(*body)
	if o.Value == nil {
		raw, ours = &body{}, true
	}
	if ours {
		return s.readBody(ctx, encoding, raw.bytes)
	}
	// The library knows the type. The server's definition has its proper names.
	content, err := ua.Encode(o.Value)
	if err != nil {
		return nil, err
	}
	fields, err := s.readBody(ctx, encoding, content)
	if err != nil {
		return libraryFields(o.Value)
	}
	return fields, nil
}

// libraryFields are the fields of a structure as the library names them.
func libraryFields(v any) (fields map[string]any, err error) {
	b, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	return fields, json.Unmarshal(b, &fields)
}

// readBody reads the content of a structure. Types in it that are not known are
// learned on the way.
func (s *session) readBody(ctx context.Context, encoding *ua.NodeID, content []byte) (map[string]any, error) {
	t, err := s.encodedType(ctx, encoding)
	if err != nil {
		return nil, err
	}
	for {
		fields, err := readStructure(content, t, s.findType)
		var strange strangeType
		if !errors.As(err, &strange) {
			return fields, err
		}
		if _, err := s.encodedType(ctx, strange.encoding); err != nil {
			return nil, err
		}
	}
}

// findType is the type of an encoding, if it was learned.
func (s *session) findType(e *ua.ExpandedNodeID) (*dataType, error) {
	node := s.localID(e)
	if node == nil {
		return nil, fmt.Errorf("the type with the encoding %s is not at this server", e)
	}
	if t := s.book.findEncoding(node); t != nil {
		return t, nil
	}
	return nil, strangeType{node}
}
