package kubeedge

import (
	"strings"

	"github.com/edgexfoundry/go-mod-core-contracts/v3/dtos"
)

// deriveProperty makes a property and its visitor of a resource.
func deriveProperty(r dtos.DeviceResource, protocol string) (Property, *Visitor) {
	p := Property{Name: r.Name, Description: r.Description, Unit: r.Properties.Units, Default: r.Properties.DefaultValue, Access: readWrite}
	if !strings.Contains(r.Properties.ReadWrite, "W") {
		p.Access = readOnly
	}
	p.Type = deriveType(r.Properties.ValueType)
	if r.Properties.Minimum != nil {
		p.Minimum = text(*r.Properties.Minimum)
	}
	if r.Properties.Maximum != nil {
		p.Maximum = text(*r.Properties.Maximum)
	}
	if isVirtual(r) {
		return p, nil
	}
	switch protocol {
	case modbus:
		return p, &Visitor{modbus, deriveRegisters(r)}
	case opcua:
		return p, &Visitor{opcua, deriveNode(r)}
	}
	return p, &Visitor{protocol, nonEmpty(merged(r.Attributes, nil))}
}

// deriveType is the type of a property by the value type of its resource.
func deriveType(valueType string) Type {
	switch {
	case valueType == "Float32":
		return Float
	case valueType == "Float64":
		return Double
	case valueType == "Bool":
		return Boolean
	case valueType == "Binary":
		return Bytes
	case strings.HasSuffix(valueType, "Array") || valueType == "Object" || valueType == "String":
		return String
	}
	return Int
}

// kubeRegisters are the tables of Modbus by their names at EdgeX.
var kubeRegisters = map[string]string{
	coils: "CoilRegister", discreteInputs: "DiscreteInputRegister", "DISCRETE_INPUTS": "DiscreteInputRegister",
	inputRegisters: "InputRegister", holdingRegisters: "HoldingRegister",
}

// deriveRegisters is the configuration of a Modbus visitor.
func deriveRegisters(r dtos.DeviceResource) map[string]any {
	a := r.Attributes
	table := strings.ToUpper(text(a[primaryTable]))
	address, _, _ := strings.Cut(text(a[startingAddress]), ".")
	config := map[string]any{"register": kubeRegisters[table]}
	if offset, err := whole(address); err == nil {
		config["offset"] = offset
	}
	raw := canonical(text(a[rawType]))
	if raw == "" {
		raw = r.Properties.ValueType
	}
	limit := sized[raw]
	if table == coils || table == discreteInputs || limit == 0 {
		limit = 1
	}
	if r.Properties.ValueType == "String" {
		if n, err := whole(a[stringRegisterSize]); err == nil {
			limit = n
		}
	}
	config["limit"] = limit
	if s := r.Properties.Scale; s != nil {
		config["scale"] = number(*s)
	}
	for attribute, key := range map[string]string{isByteSwap: "isSwap", isWordSwap: "isRegisterSwap"} {
		if b, err := truth(a[attribute]); err == nil && b {
			config[key] = true
		}
	}
	if needsDataType(r, raw) {
		config["dataType"] = strings.ToLower(raw)
	}
	return config
}

// needsDataType tells whether the type of a number would be another one
// without its name.
func needsDataType(r dtos.DeviceResource, raw string) bool {
	if m := r.Properties.Minimum; m != nil && *m < 0 {
		return false
	}
	return strings.HasPrefix(raw, "Int") && sized[raw] > 0
}

// canonical is the name of a type in any case.
func canonical(name string) string {
	for known := range sized {
		if strings.EqualFold(known, name) {
			return known
		}
	}
	return ""
}

// deriveNode is the configuration of an OPC UA visitor.
func deriveNode(r dtos.DeviceResource) map[string]any {
	config := map[string]any{"nodeID": text(r.Attributes[nodeID])}
	if browse := text(r.Tags["browseName"]); browse != "" {
		config["browseName"] = browse
	}
	if typ := r.Properties.ValueType; typ != plainTypes[deriveType(typ)] {
		config["dataType"] = strings.ToLower(typ)
	}
	return config
}
