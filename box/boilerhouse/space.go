package boilerhouse

import (
	"slices"
	"time"

	"github.com/gopcua/opcua/id"
	"github.com/gopcua/opcua/server"
	"github.com/gopcua/opcua/ua"
)

// space is the OPC UA namespace of the boiler. The library's own namespaces
// neither check the type of what is written nor guard a value against reads
// while it is written, so this one reads and writes the model itself.
type space struct {
	srv       *server.Server
	model     *Model
	index     uint16
	folder    *server.Node
	variables []variable
}

// variable is one node with a value.
type variable struct {
	id    *ua.NodeID
	value func(Reading) any
	write func(any) ua.StatusCode // nil when measured
	node  *server.Node
}

func newSpace(srv *server.Server, m *Model) *space {
	s := &space{srv: srv, model: m}
	srv.AddNamespace(s)
	s.folder = server.NewNode(ua.NewNumericNodeID(s.index, id.ObjectsFolder),
		described(s.index, "Boiler", ua.NodeClassObject), nil, nil)
	s.add("Boiler.Pressure", id.Double, func(r Reading) any { return r.Pressure }, nil)
	s.add("Boiler.Flow", id.Double, func(r Reading) any { return r.Flow }, nil)
	s.add("Boiler.Valve", id.Int32, func(r Reading) any { return r.Valve }, s.writeValve)
	s.add("Boiler.Flame", id.Boolean, func(r Reading) any { return r.Flame }, nil)
	s.add("Boiler.Name", id.String, func(r Reading) any { return r.Name }, s.writeName)
	s.add("Boiler.SteamTemperature", id.Double, func(r Reading) any { return r.Temperature }, nil)
	s.add("Boiler.Stop", id.Boolean, func(r Reading) any { return r.Stop }, s.writeStop)
	s.add("Boiler.Threshold", id.Double, func(r Reading) any { return r.Threshold }, s.writeThreshold)
	return s
}

func (s *space) writeValve(v any) ua.StatusCode {
	percent, ok := v.(int32)
	if !ok {
		return ua.StatusBadTypeMismatch
	}
	if !s.model.SetValve(percent) {
		return ua.StatusBadOutOfRange
	}
	return ua.StatusOK
}

func (s *space) writeName(v any) ua.StatusCode {
	name, ok := v.(string)
	if !ok {
		return ua.StatusBadTypeMismatch
	}
	s.model.SetName(name)
	return ua.StatusOK
}

func (s *space) writeStop(v any) ua.StatusCode {
	on, ok := v.(bool)
	if !ok {
		return ua.StatusBadTypeMismatch
	}
	s.model.SetStop(on)
	return ua.StatusOK
}

func (s *space) writeThreshold(v any) ua.StatusCode {
	t, ok := v.(float64)
	if !ok {
		return ua.StatusBadTypeMismatch
	}
	if !s.model.SetThreshold(t) {
		return ua.StatusBadOutOfRange
	}
	return ua.StatusOK
}

func (s *space) add(name string, dataType uint32, value func(Reading) any, write func(any) ua.StatusCode) {
	access := ua.AccessLevelTypeCurrentRead
	if write != nil {
		access |= ua.AccessLevelTypeCurrentWrite
	}
	attributes := described(s.index, name, ua.NodeClassVariable)
	attributes[ua.AttributeIDDataType] = constant(ua.NewNumericNodeID(0, dataType))
	attributes[ua.AttributeIDValueRank] = constant(int32(-1)) // a scalar
	attributes[ua.AttributeIDAccessLevel] = constant(byte(access))
	attributes[ua.AttributeIDUserAccessLevel] = constant(byte(access))
	nodeID := ua.NewStringNodeID(s.index, name)
	s.variables = append(s.variables, variable{
		id:    nodeID,
		value: value,
		write: write,
		node:  server.NewNode(nodeID, attributes, nil, nil),
	})
}

func described(index uint16, name string, class ua.NodeClass) server.Attributes {
	text := ua.NewLocalizedText(name)
	return server.Attributes{
		ua.AttributeIDNodeClass:   constant(int32(class)),
		ua.AttributeIDBrowseName:  constant(&ua.QualifiedName{NamespaceIndex: index, Name: name}),
		ua.AttributeIDDisplayName: constant(text),
		ua.AttributeIDDescription: constant(text),
	}
}

func constant(v any) *ua.DataValue { return server.DataValueFromValue(v) }

func (s *space) find(nodeID *ua.NodeID) (variable, bool) {
	i := slices.IndexFunc(s.variables, func(v variable) bool { return v.id.Equal(nodeID) })
	if i < 0 {
		return variable{}, false
	}
	return s.variables[i], true
}

// Name is the namespace's URI.
func (s *space) Name() string { return "urn:sluice:boilerhouse" }

// ID is the index of the namespace in its server.
func (s *space) ID() uint16 { return s.index }

// SetID is called by the server once.
func (s *space) SetID(index uint16) { s.index = index }

// AddNode keeps the boiler as it is: no nodes are added from outside.
func (s *space) AddNode(n *server.Node) *server.Node { return n }

// Node finds a node by its id.
func (s *space) Node(nodeID *ua.NodeID) *server.Node {
	if nodeID == nil {
		return nil
	}
	if nodeID.Equal(s.folder.ID()) {
		return s.folder
	}
	v, _ := s.find(nodeID)
	return v.node
}

// Objects is the folder of the boiler.
func (s *space) Objects() *server.Node { return s.folder }

// Root is the folder of the boiler, for there is nothing above it.
func (s *space) Root() *server.Node { return s.folder }

// Browse lists the variables of the folder.
func (s *space) Browse(b *ua.BrowseDescription) *ua.BrowseResult {
	if s.Node(b.NodeID) == nil {
		return &ua.BrowseResult{StatusCode: ua.StatusBadNodeIDUnknown}
	}
	result := &ua.BrowseResult{StatusCode: ua.StatusOK}
	if !b.NodeID.Equal(s.folder.ID()) || b.BrowseDirection == ua.BrowseDirectionInverse ||
		b.NodeClassMask != 0 && b.NodeClassMask&uint32(ua.NodeClassVariable) == 0 {
		return result
	}
	for _, v := range s.variables {
		result.References = append(result.References, &ua.ReferenceDescription{
			ReferenceTypeID: ua.NewNumericNodeID(0, id.HasComponent),
			IsForward:       true,
			NodeID:          ua.NewExpandedNodeID(v.id, "", 0),
			BrowseName:      v.node.BrowseName(),
			DisplayName:     v.node.DisplayName(),
			NodeClass:       ua.NodeClassVariable,
			TypeDefinition:  ua.NewNumericExpandedNodeID(0, id.BaseDataVariableType),
		})
	}
	return result
}

// Attribute reads an attribute of a node; the value comes from the model.
func (s *space) Attribute(nodeID *ua.NodeID, attribute ua.AttributeID) *ua.DataValue {
	node := s.Node(nodeID)
	if node == nil {
		return bad(ua.StatusBadNodeIDUnknown)
	}
	if attribute == ua.AttributeIDNodeID {
		return constant(nodeID)
	}
	v, variable := s.find(nodeID)
	if attribute == ua.AttributeIDValue && variable {
		now := s.model.Read()
		return &ua.DataValue{
			EncodingMask:    ua.DataValueValue | ua.DataValueSourceTimestamp | ua.DataValueServerTimestamp,
			Value:           ua.MustVariant(v.value(now)),
			SourceTimestamp: now.Time,
			ServerTimestamp: now.Time,
		}
	}
	found, err := node.Attribute(attribute)
	if err != nil {
		return bad(ua.StatusBadAttributeIDInvalid)
	}
	return found.Value
}

// SetAttribute writes the value of a node into the model.
func (s *space) SetAttribute(nodeID *ua.NodeID, attribute ua.AttributeID, value *ua.DataValue) ua.StatusCode {
	v, ok := s.find(nodeID)
	switch {
	case !ok:
		return ua.StatusBadNodeIDUnknown
	case attribute != ua.AttributeIDValue || v.write == nil:
		return ua.StatusBadNotWritable
	case value == nil || value.Value == nil:
		return ua.StatusBadTypeMismatch
	}
	return v.write(value.Value.Value())
}

func bad(status ua.StatusCode) *ua.DataValue {
	return &ua.DataValue{
		EncodingMask:    ua.DataValueStatusCode | ua.DataValueServerTimestamp,
		Status:          status,
		ServerTimestamp: time.Now(),
	}
}
