package codec

import (
	"slices"
	"strings"
	"sync"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/reflect/protoreflect"

	"sluice/sqlengine/value"
)

// messagePlan says how the fields of a message become values. Plans of the
// messages in it are made when they are needed: a message may hold itself.
type messagePlan struct {
	fields   []fieldPlan // by name
	byNumber map[protowire.Number]int
	wrapper  bool // of google.protobuf: its only field stands for it
}

type fieldPlan struct {
	name    string
	kind    protoreflect.Kind
	list    bool
	message func() *messagePlan // of a message, group or map entry
	isMap   bool
	oneof   []int       // fields that are cleared when it is set
	blank   value.Value // when it is not there; Missing: so is the column
	utf8    bool        // a text must be UTF-8
}

func newMessagePlan(m protoreflect.MessageDescriptor) *messagePlan {
	list := m.Fields()
	p := &messagePlan{fields: make([]fieldPlan, list.Len()), byNumber: map[protowire.Number]int{}, wrapper: isWrapper(m)}
	order := make([]protoreflect.FieldDescriptor, list.Len())
	for i := range order {
		order[i] = list.Get(i)
	}
	slices.SortFunc(order, func(a, b protoreflect.FieldDescriptor) int {
		return strings.Compare(string(a.Name()), string(b.Name()))
	})
	for i, f := range order {
		p.fields[i] = newFieldPlan(f)
		p.byNumber[f.Number()] = i
	}
	for i, f := range order {
		for j, other := range order {
			if i != j && f.ContainingOneof() != nil && f.ContainingOneof() == other.ContainingOneof() {
				p.fields[i].oneof = append(p.fields[i].oneof, j)
			}
		}
	}
	return p
}

func newFieldPlan(f protoreflect.FieldDescriptor) fieldPlan {
	p := fieldPlan{name: string(f.Name()), kind: f.Kind(), list: f.IsList(), isMap: f.IsMap(), blank: blankOf(f),
		utf8: f.Kind() == protoreflect.StringKind && f.ParentFile().Syntax() != protoreflect.Proto2}
	if m := f.Message(); m != nil {
		p.message = sync.OnceValue(func() *messagePlan { return newMessagePlan(m) })
	}
	return p
}

// blankOf is what a field that is not there is: the default that the schema
// says, nothing where it can tell, NULL for a message.
func blankOf(f protoreflect.FieldDescriptor) value.Value {
	switch {
	case f.IsMap():
		return value.OfObject(&value.Fields{})
	case f.IsList():
		return value.OfList(nil)
	case f.ContainingOneof() != nil:
		return value.Missing
	case f.Message() != nil:
		return value.Value{}
	}
	return ofProto(f.Kind(), f.Default())
}

// ofProto converts a value of the library.
func ofProto(kind protoreflect.Kind, v protoreflect.Value) value.Value {
	switch kind {
	case protoreflect.BoolKind:
		return value.OfBool(v.Bool())
	case protoreflect.StringKind:
		return value.OfString(text([]byte(v.String())))
	case protoreflect.BytesKind:
		return value.OfBytes(v.Bytes())
	case protoreflect.EnumKind:
		return value.OfInt(int64(v.Enum()))
	case protoreflect.FloatKind, protoreflect.DoubleKind:
		return value.OfFloat(v.Float())
	case protoreflect.Uint32Kind, protoreflect.Uint64Kind, protoreflect.Fixed32Kind, protoreflect.Fixed64Kind:
		return ofUint(v.Uint())
	}
	return value.OfInt(v.Int())
}

// isWrapper tells of google.protobuf.DoubleValue and the like.
func isWrapper(m protoreflect.MessageDescriptor) bool {
	return m.ParentFile().Path() == "google/protobuf/wrappers.proto"
}

// object is the STRUCT of a message that was read.
func (p *messagePlan) object(values []value.Value) value.Value {
	names, kept := make([]string, 0, len(values)), make([]value.Value, 0, len(values))
	for i, v := range values {
		if !v.IsMissing() {
			names, kept = append(names, p.fields[i].name), append(kept, v)
		}
	}
	return value.OfObject(&value.Fields{Names: names, Values: kept})
}
