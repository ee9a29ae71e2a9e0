package opcua

import (
	"errors"
	"testing"

	"github.com/gopcua/opcua/id"
	"github.com/gopcua/opcua/server"
	"github.com/gopcua/opcua/ua"

	"sluice/device-service/internal/driver"
)

// reference is one of a node of the test server.
func reference(kind uint32, forward bool, to *ua.NodeID, name string) *ua.ReferenceDescription {
	return &ua.ReferenceDescription{
		ReferenceTypeID: ua.NewNumericNodeID(0, kind), IsForward: forward, NodeID: &ua.ExpandedNodeID{NodeID: to},
		BrowseName: &ua.QualifiedName{Name: name}, DisplayName: ua.NewLocalizedText(name), NodeClass: ua.NodeClassDataType,
		TypeDefinition: ua.NewTwoByteExpandedNodeID(0),
	}
}

// A server older than OPC UA 1.04 does not tell what its structures are made of.
// That is said, and keeps nothing else from being read.
func TestStructureWithoutDefinition(t *testing.T) {
	p := newPlant(t, 0, answerOf{"Word": uint16(1)})
	kind, encoding := ua.NewStringNodeID(p.space.ID(), "Old"), ua.NewStringNodeID(p.space.ID(), "OldBinary")
	named := func(name string) server.Attributes {
		return server.Attributes{ua.AttributeIDBrowseName: server.DataValueFromValue(&ua.QualifiedName{Name: name})}
	}
	p.space.AddNode(server.NewNode(kind, named("Old"), []*ua.ReferenceDescription{
		reference(id.HasSubtype, false, ua.NewNumericNodeID(0, id.Structure), "Structure"),
		reference(id.HasEncoding, true, encoding, "Default Binary"),
	}, nil))
	p.space.AddNode(server.NewNode(encoding, named("Default Binary"), []*ua.ReferenceDescription{reference(id.HasEncoding, false, kind, "Old")}, nil))
	value := &ua.ExtensionObject{TypeID: &ua.ExpandedNodeID{NodeID: encoding}, EncodingMask: ua.ExtensionObjectBinary, Value: &body{[]byte{1, 2}}}
	p.space.AddNode(server.NewNode(ua.NewStringNodeID(p.space.ID(), "Values"), server.Attributes{
		ua.AttributeIDDataType:    server.DataValueFromValue(kind),
		ua.AttributeIDAccessLevel: server.DataValueFromValue(byte(3)), ua.AttributeIDUserAccessLevel: server.DataValueFromValue(byte(3)),
	}, nil, func() *ua.DataValue { return server.DataValueFromValue(value) }))

	d := newDriver(t, brisk)
	values, word := p.resource("Values", "Object"), p.resource("Word", "Uint16")
	add(t, d, deviceAt("one", p.endpoint()), values, word)
	readings := mustRead(t, d, "one", values, word)
	if !errors.Is(readings[0].Err, errNoDefinition) || readings[1].Value != uint16(1) {
		t.Errorf("%+v", readings)
	}
	err := d.Write(t.Context(), "one", []driver.Write{{Resource: values, Value: map[string]any{"a": 1.0}}, {Resource: word, Value: uint16(2)}})
	failed := driver.NotWritten(err)
	if len(failed) != 1 || !errors.Is(failed[0], errNoDefinition) {
		t.Errorf("%v", err)
	}
}
