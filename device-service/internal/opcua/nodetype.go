package opcua

import (
	"context"
	"errors"

	"github.com/gopcua/opcua/id"
	"github.com/gopcua/opcua/ua"
)

// learnTypes finds out the types of nodes that were not written before, with
// one request for all. It tells for each node why its type is unknown.
func (s *session) learnTypes(ctx context.Context, nodes []*ua.NodeID) []error {
	errs := make([]error, len(nodes))
	var questions []*ua.ReadValueID // two for each place
	var places []int
	for i, node := range nodes {
		if s.typeOf(node) != ua.TypeIDNull {
			continue
		}
		questions = append(questions,
			&ua.ReadValueID{NodeID: node, AttributeID: ua.AttributeIDDataType},
			&ua.ReadValueID{NodeID: node, AttributeID: ua.AttributeIDValue})
		places = append(places, i)
	}
	answers, err := s.read(ctx, questions)
	for i, place := range places {
		if err != nil {
			errs[place] = err
			continue
		}
		t, err := s.wireType(ctx, answers[2*i], answers[2*i+1])
		if err != nil {
			errs[place] = err
			continue
		}
		if t == ua.TypeIDExtensionObject {
			s.book.declare(nodes[place], s.declared(answers[2*i], answers[2*i+1]))
		}
		s.mu.Lock()
		s.types[nodes[place].String()] = t
		s.mu.Unlock()
	}
	return errs
}

func (s *session) typeOf(node *ua.NodeID) ua.TypeID {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.types[node.String()]
}

func (s *session) forgetType(node *ua.NodeID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.types, node.String())
}

// wireType is the type that a node takes. Without a value, the server tells what
// the declared type is made of.
func (s *session) wireType(ctx context.Context, declared, value *ua.DataValue) (ua.TypeID, error) {
	t, err := nodeType(declared, value)
	if err == nil {
		return t, nil
	}
	if node, ok := content(declared).(*ua.NodeID); ok {
		if t, failed := s.dataType(ctx, node); failed == nil && t.builtIn != ua.TypeIDVariant {
			return t.builtIn, nil
		}
	}
	return ua.TypeIDNull, err
}

// nodeType is the type that a node takes. The declared type says so when it is
// a built-in one; an enumeration, a subtype or "any number" shows in the value.
func nodeType(declared, value *ua.DataValue) (ua.TypeID, error) {
	if t := builtIn(declared); t != ua.TypeIDNull {
		return t, nil
	}
	if !isBad(value.Status) && value.Value != nil && value.Value.Type() != ua.TypeIDNull {
		return value.Value.Type(), nil
	}
	for _, v := range []*ua.DataValue{value, declared} {
		if isBad(v.Status) {
			return ua.TypeIDNull, statusError{v.Status}
		}
	}
	return ua.TypeIDNull, errors.New("the server does not tell the type of the node")
}

// builtIn gives the built-in type that a DataType attribute names, if it does.
func builtIn(v *ua.DataValue) ua.TypeID {
	if isBad(v.Status) || v.Value == nil {
		return ua.TypeIDNull
	}
	node := v.Value.NodeID()
	if node == nil || node.Namespace() != 0 || node.IntID() > id.LocalizedText {
		return ua.TypeIDNull
	}
	return ua.TypeID(node.IntID()) // data types 1 to 21 are numbered like the built-in ones
}
