package opcua

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/gopcua/opcua/ua"

	"sluice/device-service/internal/driver"
)

// Node is a variable or a method that a server has, as a resource can have it.
type Node struct {
	Name        string      `json:"name"` // unique: its path with _ between
	Path        string      `json:"path"`
	Kind        string      `json:"kind"` // variable or method
	NodeID      string      `json:"nodeId"`
	ObjectID    string      `json:"objectId,omitempty"` // of a method
	Type        driver.Type `json:"type"`
	ReadWrite   string      `json:"readWrite"` // R, W or RW
	DataType    string      `json:"dataType,omitempty"`
	Description string      `json:"description,omitempty"`
	Units       string      `json:"units,omitempty"`
	Minimum     *float64    `json:"minimum,omitempty"`
	Maximum     *float64    `json:"maximum,omitempty"`
	// Values are the names of an enumeration, by number.
	Values  map[string]string `json:"values,omitempty"`
	Inputs  []NodeArgument    `json:"inputs,omitempty"`
	Outputs []NodeArgument    `json:"outputs,omitempty"`
}

// NodeArgument is one of a method.
type NodeArgument struct {
	Name        string      `json:"name"`
	Type        driver.Type `json:"type"`
	DataType    string      `json:"dataType"`
	Description string      `json:"description,omitempty"`
}

// nodeText is the text of a node id, with the URI of its namespace: indexes
// change.
func nodeText(node *ua.NodeID, namespaces []string) string {
	namespace := int(node.Namespace())
	text := node.String()
	if namespace == 0 || namespace >= len(namespaces) || strings.Contains(namespaces[namespace], ";") {
		return text
	}
	_, identifier, _ := strings.Cut(text, ";")
	return fmt.Sprintf("nsu=%s;%s", namespaces[namespace], identifier)
}

// names gives resources their names.
type names map[string]bool

// of makes a name of a path. Names are parts of topics and of paths of REST, so
// only letters, digits, - and _ stay.
func (n names) of(path []string) string {
	base := strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || r == '-' {
			return r
		}
		return '_'
	}, strings.Join(path, "_"))
	name := base
	for i := 2; n[name] || name == ""; i++ {
		name = fmt.Sprintf("%s_%d", base, i)
	}
	n[name] = true
	return name
}

// edgeXTypes are the types of resources for the built-in ones that have one of
// their own; the others are text.
var edgeXTypes = map[ua.TypeID]driver.Type{
	ua.TypeIDBoolean: "Bool", ua.TypeIDSByte: "Int8", ua.TypeIDByte: "Uint8", ua.TypeIDInt16: "Int16", ua.TypeIDUint16: "Uint16",
	ua.TypeIDInt32: "Int32", ua.TypeIDUint32: "Uint32", ua.TypeIDInt64: "Int64", ua.TypeIDUint64: "Uint64",
	ua.TypeIDFloat: "Float32", ua.TypeIDDouble: "Float64", ua.TypeIDByteString: "Binary",
	ua.TypeIDExtensionObject: "Object", ua.TypeIDVariant: "Object", ua.TypeIDDataValue: "Object", ua.TypeIDDiagnosticInfo: "Object",
}

// resourceType is the type of the resource of a variable.
func resourceType(t *dataType, rank int32, value *ua.Variant) driver.Type {
	builtIn := t.builtIn
	known := value != nil && value.Type() != ua.TypeIDNull
	if known && builtIn == ua.TypeIDVariant {
		builtIn = value.Type()
	}
	if known && rank != -1 {
		rank = rankOf(value)
	}
	scalar := edgeXTypes[builtIn]
	if scalar == "" {
		scalar = "String"
	}
	switch {
	case rank == -1, rank == -2, rank == -3 && !known:
		return scalar
	case rank > 1, scalar == "Object", scalar == "Binary":
		return "Object"
	}
	return scalar + "Array"
}

// rankOf is the number of dimensions that a value has; -1 is none.
func rankOf(v *ua.Variant) int32 {
	switch {
	case !v.Has(ua.VariantArrayValues):
		return -1
	case len(v.ArrayDimensions()) > 1:
		return int32(len(v.ArrayDimensions()))
	}
	return 1
}

// needsValue tells that the attributes alone do not say what a variable has.
func needsValue(t *dataType, rank int32) bool {
	return t.builtIn == ua.TypeIDVariant || rank != -1 && rank != 1 && rank < 2
}

func readWrite(level byte) string {
	switch level & byte(ua.AccessLevelTypeCurrentRead|ua.AccessLevelTypeCurrentWrite) {
	case byte(ua.AccessLevelTypeCurrentRead):
		return "R"
	case byte(ua.AccessLevelTypeCurrentWrite):
		return "W"
	case 0:
		return ""
	}
	return "RW"
}

// methodType is the type of the value that a method is called with.
func methodType(inputs []NodeArgument) driver.Type {
	switch len(inputs) {
	case 0:
		return "Bool"
	case 1:
		return inputs[0].Type
	}
	return "Object"
}
