package opcua

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"

	"github.com/gopcua/opcua/ua"

	"sluice/device-service/internal/driver"
)

// converted makes of a value what a node takes, whose type is known.
func (s *session) converted(ctx context.Context, node *ua.NodeID, v any) (*ua.Variant, error) {
	t := s.typeOf(node)
	if t != ua.TypeIDExtensionObject {
		return encode(listed(v, t), t)
	}
	structure, err := s.book.declaredOf(node).learn(ctx, s)
	if err != nil {
		return nil, err
	}
	return structures(v, structure)
}

// declaration is what is known of a variable that is a structure.
type declaration struct {
	dataType *ua.NodeID
	encoding *ua.NodeID // of its value; nil: it had none
}

// learn finds the type of a variable: as it is declared, or else, if any
// structure may be there, as that of the value that was there.
func (d declaration) learn(ctx context.Context, s *session) (*dataType, error) {
	t, err := s.dataType(ctx, d.dataType)
	if err == nil && isAbstract(t) && d.encoding != nil {
		return s.encodedType(ctx, d.encoding)
	}
	return t, err
}

// declared reads a declaration off the attributes of a variable.
func (s *session) declared(dataType, value *ua.DataValue) declaration {
	var d declaration
	d.dataType, _ = content(dataType).(*ua.NodeID)
	eachObject(value.Value, func(o *ua.ExtensionObject) {
		if d.encoding == nil && o.TypeID != nil {
			d.encoding = s.localID(o.TypeID)
		}
	})
	return d
}

// structures makes structures of objects: of one, of a list, or of their JSON.
func structures(v any, t *dataType) (*ua.Variant, error) {
	if t.unknown != nil {
		return nil, fmt.Errorf("structure %s: %w", t.name, t.unknown)
	}
	v, err := fromJSON(v)
	if err != nil {
		return nil, err
	}
	list := reflect.ValueOf(v)
	if list.Kind() != reflect.Slice {
		one, err := newStructure(v, t)
		if err != nil {
			return nil, err
		}
		return ua.NewVariant(one)
	}
	all := make([]*ua.ExtensionObject, list.Len())
	for i := range all {
		if all[i], err = newStructure(list.Index(i).Interface(), t); err != nil {
			return nil, fmt.Errorf("element %d: %w", i, err)
		}
	}
	return ua.NewVariant(all)
}

// fromJSON takes an object or a list that came as text.
func fromJSON(v any) (any, error) {
	text, ok := v.(string)
	if !ok {
		return v, nil
	}
	var out any
	if err := json.Unmarshal([]byte(text), &out); err != nil {
		return nil, fmt.Errorf("the text is not the JSON of an object: %w", err)
	}
	return out, nil
}

// argument converts a value, a text included, to the type of an argument.
func (s *session) argument(ctx context.Context, v any, a *ua.Argument) (*ua.Variant, error) {
	if a.DataType == nil {
		return guessed(v)
	}
	t, err := s.dataType(ctx, a.DataType)
	if err != nil {
		return nil, err
	}
	list := reflect.ValueOf(v)
	switch {
	case t.isStructure():
		return structures(v, t)
	case t.builtIn == ua.TypeIDVariant:
		return guessed(v)
	case list.Kind() == reflect.Slice && a.ValueRank != -1:
		return encode(v, t.builtIn)
	}
	if b, ok := v.([]byte); ok {
		return encode(b, t.builtIn)
	}
	return typedVariant(v, t)
}

// learnOutputs learns the structures that a method gives, before it does: what
// the library drops of an answer is lost.
func (s *session) learnOutputs(ctx context.Context, r driver.Resource, method *ua.NodeID) error {
	if r.Type != "Object" || s.book.outputsLearned(method) {
		return nil
	}
	property, err := s.property(ctx, method, "OutputArguments")
	if err != nil {
		return err
	}
	var outputs []*ua.Argument
	if property != nil {
		if outputs, err = s.readArguments(ctx, property); err != nil {
			return err
		}
	}
	for _, a := range outputs {
		if a.DataType == nil {
			continue
		}
		if _, err := s.dataType(ctx, a.DataType); err != nil {
			return fmt.Errorf("output %q: %w", a.Name, err)
		}
	}
	s.book.noteOutputs(method)
	return nil
}
