package kubeedge

import (
	"strings"
)

const nodeID = "nodeId"

// opcuaTypes are the types that a visitor's dataType may name.
var opcuaTypes = map[string]string{
	"bool": "Bool", "boolean": "Bool", "sbyte": "Int8", "int8": "Int8", "byte": "Uint8", "uint8": "Uint8", "int16": "Int16", "uint16": "Uint16",
	"int32": "Int32", "uint32": "Uint32", "int64": "Int64", "uint64": "Uint64", "float": "Float32", "float32": "Float32",
	"double": "Float64", "float64": "Float64", "string": "String",
}

// opcua makes the resource of a property of an OPC UA server.
func (p *part) opcua(c *config) {
	node := strings.TrimSpace(c.text("nodeID", "nodeIdentifier"))
	browse := c.text("browseName")
	kind := strings.ToLower(c.text("dataType"))
	if node == "" {
		p.fail("it is such as ns=2;s=Boiler.Pressure", "nodeID is missing")
		return
	}
	if ns, id, comma := strings.Cut(node, ","); comma && strings.HasPrefix(ns, "ns=") { // as the text of the schema has it
		node = ns + ";" + strings.TrimSpace(id)
	}
	r := p.base()
	r.Attributes[nodeID] = node
	if browse != "" {
		r.Tags = map[string]any{"browseName": browse}
	}
	p.plain(&r)
	if typ := opcuaTypes[kind]; typ != "" && p.property.Type != Bytes {
		r.Properties.ValueType = typ
	}
	p.resources = append(p.resources, r)
}
