package opcua

import (
	"fmt"
	"slices"
	"sync"

	"github.com/gopcua/opcua/id"
	"github.com/gopcua/opcua/ua"
)

// dataType is what values of a server's data type are made of.
type dataType struct {
	name string
	// builtIn is what stands in messages: of an enumeration Int32, of a structure
	// ExtensionObject, of what may be anything Variant.
	builtIn  ua.TypeID
	encoding *ua.NodeID // of a structure

	form   ua.StructureType
	fields []typeField
	// unknown is why the fields of a structure are not known.
	unknown error

	names map[int64]string // of an enumeration
}

// typeField is one field of a structure.
type typeField struct {
	name     string
	dataType *dataType
	rank     int32
	// optional: it may be missing; in structures with subtyped values, it may be
	// of a subtype.
	optional bool
}

func (t *dataType) isStructure() bool { return t.builtIn == ua.TypeIDExtensionObject }

// concrete tells that the fields of a structure are known.
func (t *dataType) concrete() bool { return t.isStructure() && t.unknown == nil && t.encoding != nil }

func (t *dataType) isUnion() bool {
	return t.form == ua.StructureTypeUnion || t.form == ua.StructureTypeUnionWithSubtypedValues
}

// wire is the type that a field has in messages. One that takes subtypes says by
// itself what it is.
func (t *dataType) wire(f typeField) *dataType {
	subtyped := t.form == ua.StructureTypeStructureWithSubtypedValues || t.form == ua.StructureTypeUnionWithSubtypedValues
	switch {
	case !f.optional || !subtyped:
		return f.dataType
	case f.dataType.isStructure():
		return anyStructure
	}
	return anything
}

// fieldNames are for hints.
func (t *dataType) fieldNames() []string {
	names := make([]string, len(t.fields))
	for i, f := range t.fields {
		names[i] = f.name
	}
	return names
}

// numberOf finds the number of a name of an enumeration.
func (t *dataType) numberOf(name string) (int64, error) {
	var known []string
	for n, s := range t.names {
		if s == name {
			return n, nil
		}
		known = append(known, s)
	}
	slices.Sort(known)
	return 0, fmt.Errorf("%s has no %q%s", t.name, name, hintOf(name, known))
}

var (
	anyStructure = &dataType{name: "Structure", builtIn: ua.TypeIDExtensionObject, unknown: errAbstract}
	anything     = &dataType{name: "BaseDataType", builtIn: ua.TypeIDVariant}
)

// builtInType is a data type that needs no definition: one of namespace 0 whose
// id is that of a built-in type, or a family of them. Others are nil.
func builtInType(node *ua.NodeID) *dataType {
	if node.Namespace() != 0 || node.StringID() != "" {
		return nil
	}
	switch n := node.IntID(); {
	case n == id.Enumeration:
		return &dataType{name: "Enumeration", builtIn: ua.TypeIDInt32}
	case n == id.Structure:
		return anyStructure
	case n == id.Number, n == id.Integer, n == id.UInteger:
		return anything
	case n >= id.Boolean && n <= id.DiagnosticInfo:
		t := ua.TypeID(n) // these are numbered like the built-in types
		return &dataType{name: typeIDName(t), builtIn: t}
	}
	return nil
}

// typeBook are the data types of one server. It is safe for concurrent use.
type typeBook struct {
	mu         sync.Mutex
	byNode     map[string]*dataType
	byEncoding map[string]*dataType
	declared   map[string]declaration // of variables, by node
	outputs    map[string]bool        // methods whose outputs' types are known
}

func (b *typeBook) find(node *ua.NodeID) *dataType {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.byNode[node.String()]
}

func (b *typeBook) findEncoding(node *ua.NodeID) *dataType {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.byEncoding[node.String()]
}

// add takes types that belong together at once: half of them would mislead.
func (b *typeBook) add(found map[string]*dataType) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.byNode == nil {
		b.byNode = map[string]*dataType{}
	}
	if b.byEncoding == nil {
		b.byEncoding = map[string]*dataType{}
	}
	for node, t := range found {
		b.byNode[node] = t
		if t.concrete() {
			b.byEncoding[t.encoding.String()] = t
		}
	}
}

// addEncoding notes another encoding of a type.
func (b *typeBook) addEncoding(encoding *ua.NodeID, t *dataType) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.byEncoding == nil {
		b.byEncoding = map[string]*dataType{}
	}
	b.byEncoding[encoding.String()] = t
}

// declare notes what a variable is.
func (b *typeBook) declare(node *ua.NodeID, d declaration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.declared == nil {
		b.declared = map[string]declaration{}
	}
	b.declared[node.String()] = d
}

func (b *typeBook) declaredOf(node *ua.NodeID) declaration {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.declared[node.String()]
}

func (b *typeBook) outputsLearned(method *ua.NodeID) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.outputs[method.String()]
}

func (b *typeBook) noteOutputs(method *ua.NodeID) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.outputs == nil {
		b.outputs = map[string]bool{}
	}
	b.outputs[method.String()] = true
}
