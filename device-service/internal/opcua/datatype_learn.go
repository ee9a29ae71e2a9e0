package opcua

import (
	"context"
	"errors"
	"fmt"

	"github.com/gopcua/opcua/id"
	"github.com/gopcua/opcua/ua"
)

var (
	errAbstract     = errors.New("the type is abstract: values are of its subtypes")
	errNoDefinition = errors.New("the server does not say what the structure is made of: it has no DataTypeDefinition, which servers have since OPC UA 1.04")
	errNoEncoding   = errors.New("the structure has no binary encoding")
)

const (
	mostTypes   = 1000 // that are learned in one go
	deepestType = 50   // of types within types, and of types above types
)

// dataType learns what values of a data type are made of. It asks the server
// once a session.
func (s *session) dataType(ctx context.Context, node *ua.NodeID) (*dataType, error) {
	l := learner{s: s, found: map[string]*dataType{}}
	t, err := l.learn(ctx, node, 0)
	if err != nil {
		return nil, fmt.Errorf("data type %s: %w", node, err)
	}
	s.book.add(l.found)
	for _, found := range l.found {
		if !found.concrete() {
			continue
		}
		if err := keepBody(found.encoding); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// encodedType learns the data type of an encoding.
func (s *session) encodedType(ctx context.Context, encoding *ua.NodeID) (*dataType, error) {
	if t := s.book.findEncoding(encoding); t != nil {
		return t, nil
	}
	references, err := s.references(ctx, &ua.BrowseDescription{
		NodeID: encoding, BrowseDirection: ua.BrowseDirectionInverse, ReferenceTypeID: ua.NewNumericNodeID(0, id.HasEncoding), IncludeSubtypes: true,
		ResultMask: uint32(ua.BrowseResultMaskAll),
	})
	if err != nil {
		return nil, fmt.Errorf("encoding %s: %w", encoding, err)
	}
	owner := encoding // some servers send the id of the data type itself
	if len(references) > 0 {
		owner = references[0].NodeID.NodeID
	}
	t, err := s.dataType(ctx, owner)
	if err != nil {
		return nil, err
	}
	if !t.isStructure() {
		return nil, fmt.Errorf("encoding %s is that of %s, which is no structure", encoding, t.name)
	}
	s.book.addEncoding(encoding, t)
	return t, nil
}

// learner learns types that belong together.
type learner struct {
	s     *session
	found map[string]*dataType
}

func (l *learner) learn(ctx context.Context, node *ua.NodeID, depth int) (*dataType, error) {
	if t := builtInType(node); t != nil {
		return t, nil
	}
	if t := l.s.book.find(node); t != nil {
		return t, nil
	}
	if t := l.found[node.String()]; t != nil {
		return t, nil
	}
	if depth > deepestType || len(l.found) >= mostTypes {
		return nil, errors.New("it is made of too many others")
	}
	t := &dataType{}
	l.found[node.String()] = t
	description, err := l.s.describe(ctx, node)
	if err != nil {
		return nil, err
	}
	t.name = description.name
	if description.base == nil {
		return nil, errors.New("the server does not say which built-in type it is")
	}
	base, err := l.learn(ctx, description.base, depth+1)
	if err != nil {
		return nil, err
	}
	t.builtIn = base.builtIn
	return t, l.define(ctx, t, description, depth)
}

// define fills in what the definition of a type says.
func (l *learner) define(ctx context.Context, t *dataType, d typeDescription, depth int) error {
	switch definition := d.definition.(type) {
	case *ua.EnumDefinition:
		t.names = map[int64]string{}
		for _, f := range definition.Fields {
			t.names[f.Value] = f.Name
		}
	case *ua.StructureDefinition:
		t.encoding, t.form = d.encoding, definition.StructureType
		if t.encoding == nil && !isNull(definition.DefaultEncodingID) {
			t.encoding = definition.DefaultEncodingID
		}
		for _, f := range definition.Fields {
			of, err := l.learn(ctx, f.DataType, depth+1)
			if err != nil {
				return fmt.Errorf("field %s: %w", f.Name, err)
			}
			t.fields = append(t.fields, typeField{name: f.Name, dataType: of, rank: f.ValueRank, optional: f.IsOptional})
		}
	}
	switch _, defined := d.definition.(*ua.StructureDefinition); {
	case !t.isStructure():
	case d.abstract:
		t.unknown = errAbstract
	case !defined:
		t.unknown = errNoDefinition
	case t.encoding == nil:
		t.unknown = errNoEncoding
	}
	return nil
}

func isNull(node *ua.NodeID) bool {
	return node == nil || node.Namespace() == 0 && node.IntID() == 0 && node.StringID() == ""
}

// typeDescription is what a server says about a data type.
type typeDescription struct {
	name       string
	abstract   bool
	definition any        // *ua.StructureDefinition, *ua.EnumDefinition or neither
	base       *ua.NodeID // of which it is a subtype
	encoding   *ua.NodeID // the binary one
}

// describe asks for a data type with two requests.
func (s *session) describe(ctx context.Context, node *ua.NodeID) (typeDescription, error) {
	var d typeDescription
	values, err := s.read(ctx, []*ua.ReadValueID{
		{NodeID: node, AttributeID: ua.AttributeIDBrowseName},
		{NodeID: node, AttributeID: ua.AttributeIDIsAbstract},
		{NodeID: node, AttributeID: ua.AttributeIDDataTypeDefinition},
	})
	if err != nil {
		return d, err
	}
	if isBad(values[0].Status) {
		return d, statusError{values[0].Status}
	}
	if name, ok := content(values[0]).(*ua.QualifiedName); ok {
		d.name = name.Name
	}
	d.abstract, _ = content(values[1]).(bool)
	if object, ok := content(values[2]).(*ua.ExtensionObject); ok {
		d.definition = object.Value
	}
	if d.base, err = s.baseOf(ctx, node); err != nil {
		return d, err
	}
	d.encoding, err = s.binaryEncoding(ctx, node)
	return d, err
}

// content is the value of an attribute; nil: there is none.
func content(v *ua.DataValue) any {
	if isBad(v.Status) || v.Value == nil {
		return nil
	}
	return v.Value.Value()
}

func (s *session) baseOf(ctx context.Context, node *ua.NodeID) (*ua.NodeID, error) {
	references, err := s.references(ctx, &ua.BrowseDescription{
		NodeID: node, BrowseDirection: ua.BrowseDirectionInverse, ReferenceTypeID: ua.NewNumericNodeID(0, id.HasSubtype),
		ResultMask: uint32(ua.BrowseResultMaskAll),
	})
	if err != nil || len(references) == 0 {
		return nil, err
	}
	return references[0].NodeID.NodeID, nil
}

func (s *session) binaryEncoding(ctx context.Context, node *ua.NodeID) (*ua.NodeID, error) {
	references, err := s.references(ctx, &ua.BrowseDescription{
		NodeID: node, BrowseDirection: ua.BrowseDirectionForward, ReferenceTypeID: ua.NewNumericNodeID(0, id.HasEncoding), IncludeSubtypes: true,
		ResultMask: uint32(ua.BrowseResultMaskAll),
	})
	if err != nil {
		return nil, err
	}
	for _, r := range references {
		if r.BrowseName != nil && r.BrowseName.Name == "Default Binary" {
			return r.NodeID.NodeID, nil
		}
	}
	return nil, nil
}
