package opcua

import (
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/gopcua/opcua/ua"
)

func scalarType(t ua.TypeID) *dataType { return &dataType{name: typeIDName(t), builtIn: t} }

// structureType makes a type whose encoding is i=number in namespace 2.
func structureType(name string, number uint32, form ua.StructureType, fields ...typeField) *dataType {
	return &dataType{name: name, builtIn: ua.TypeIDExtensionObject, encoding: ua.NewNumericNodeID(2, number), form: form, fields: fields}
}

func single(name string, t *dataType) typeField { return typeField{name: name, dataType: t, rank: -1} }

var (
	pointType = structureType("Point", 1, ua.StructureTypeStructure, single("x", scalarType(ua.TypeIDDouble)), single("y", scalarType(ua.TypeIDDouble)))
	modeType  = &dataType{name: "Mode", builtIn: ua.TypeIDInt32, names: map[int64]string{0: "Off", 2: "Automatic"}}
	emptyType = structureType("Empty", 2, ua.StructureTypeStructure)
	unionType = structureType("Union", 3, ua.StructureTypeUnion, single("good", scalarType(ua.TypeIDUint32)), single("spot", pointType))
	partType  = structureType("Part", 4, ua.StructureTypeStructureWithOptionalFields, single("serial", scalarType(ua.TypeIDUint32)),
		typeField{name: "weight", dataType: scalarType(ua.TypeIDDouble), rank: -1, optional: true},
		typeField{name: "marks", dataType: scalarType(ua.TypeIDString), rank: 1, optional: true})
	openType = structureType("Open", 5, ua.StructureTypeStructureWithSubtypedValues,
		typeField{name: "part", dataType: pointType, rank: -1, optional: true},
		typeField{name: "number", dataType: scalarType(ua.TypeIDDouble), rank: -1, optional: true},
		single("any", anything), single("structure", anyStructure))
	tableType = structureType("Table", 6, ua.StructureTypeStructure, typeField{name: "cells", dataType: scalarType(ua.TypeIDInt16), rank: 2})
	allType   = structureType("All", 7, ua.StructureTypeStructure, func() (fields []typeField) {
		for t := ua.TypeIDBoolean; t <= ua.TypeIDLocalizedText; t++ {
			fields = append(fields, single(typeIDName(t), scalarType(t)))
		}
		return append(fields, single("Mode", modeType), single("Empty", emptyType))
	}()...)
)

// known finds the types above.
func known(e *ua.ExpandedNodeID) (*dataType, error) {
	for _, t := range []*dataType{pointType, emptyType, unionType, partType, openType, tableType, allType} {
		if t.encoding.Equal(e.NodeID) {
			return t, nil
		}
	}
	return nil, strangeType{e.NodeID}
}

// What was written reads the same.
func TestStructuresThereAndBack(t *testing.T) {
	for _, c := range []struct {
		of      *dataType
		v, want map[string]any
	}{
		{pointType, map[string]any{"x": 1.5, "y": int64(2)}, map[string]any{"x": 1.5, "y": 2.0}},
		{pointType, map[string]any{"x": math.NaN(), "y": "-Infinity"}, map[string]any{"x": "NaN", "y": "-Infinity"}},
		{emptyType, map[string]any{}, map[string]any{}},
		{tableType, map[string]any{"cells": []any{[]any{1.0, 2.0}, []any{3.0, 4.0}}}, map[string]any{"cells": []any{[]any{int16(1), int16(2)}, []any{int16(3), int16(4)}}}},
		{tableType, map[string]any{"cells": nil}, map[string]any{"cells": nil}},
		{unionType, map[string]any{}, map[string]any{}},
		{unionType, map[string]any{"spot": map[string]any{"x": 1.0, "y": 2.0}}, map[string]any{"spot": map[string]any{"x": 1.0, "y": 2.0}}},
		{partType, map[string]any{"serial": 7.0}, map[string]any{"serial": uint32(7)}},
		{partType, map[string]any{"serial": "7", "marks": []any{"a", nil}}, map[string]any{"serial": uint32(7), "marks": []any{"a", ""}}},
		{partType, map[string]any{"serial": 7.0, "weight": 1.0, "marks": nil}, map[string]any{"serial": uint32(7), "weight": 1.0, "marks": nil}},
		{openType, map[string]any{"part": nil, "number": 1.5, "any": []any{1.0, 2.0}, "structure": nil},
			map[string]any{"part": nil, "number": 1.5, "any": []any{1.0, 2.0}, "structure": nil}},
		{allType,
			map[string]any{"Boolean": true, "SByte": -1.0, "Byte": 1.0, "Int16": -1.0, "Uint16": 1.0, "Int32": -1.0, "Uint32": 1.0, "Int64": "-9007199254740993", "Uint64": "9007199254740993",
				"Float": 1.5, "Double": 2.5, "String": "s", "DateTime": "2026-03-04T12:00:00.25Z", "GUID": "09087E75-8E5E-499B-954F-F2A9603DB28A", "ByteString": "AQL/", "XMLElement": "<a/>",
				"NodeID": "ns=2;s=a", "ExpandedNodeID": "ns=2;i=5", "StatusCode": "BadTimeout", "QualifiedName": "Q", "LocalizedText": "Kessel", "Mode": "Automatic", "Empty": map[string]any{}},
			map[string]any{"Boolean": true, "SByte": int8(-1), "Byte": byte(1), "Int16": int16(-1), "Uint16": uint16(1), "Int32": int32(-1), "Uint32": uint32(1),
				"Int64": int64(-9007199254740993), "Uint64": uint64(9007199254740993), "Float": float32(1.5), "Double": 2.5, "String": "s", "DateTime": "2026-03-04T12:00:00.25Z",
				"GUID": "09087E75-8E5E-499B-954F-F2A9603DB28A", "ByteString": []byte{1, 2, 255}, "XMLElement": "<a/>", "NodeID": "ns=2;s=a", "ExpandedNodeID": "ns=2;i=5", "StatusCode": "BadTimeout",
				"QualifiedName": "Q", "LocalizedText": "Kessel", "Mode": "Automatic", "Empty": map[string]any{}}},
	} {
		object, err := newStructure(c.v, c.of)
		if err != nil {
			t.Errorf("%s %v: %v", c.of.name, c.v, err)
			continue
		}
		got, err := readStructure(object.Value.(*body).bytes, c.of, known)
		if diff := cmp.Diff(c.want, got); err != nil || diff != "" {
			t.Errorf("%s %v: %v %s", c.of.name, c.v, err, diff)
		}
	}
}

// What cannot be written says why.
func TestStructuresThatCannotBeWritten(t *testing.T) {
	for _, c := range []struct {
		of   *dataType
		v    any
		want string
	}{
		{pointType, 5, "structure Point: 5 is not an object with the fields of Point"},
		{pointType, map[string]any{"x": 1.0}, `structure Point: field "y" is missing`},
		{pointType, map[string]any{"x": 1.0, "y": 1.0, "z": 1.0}, `structure Point: there is no field "z"; it has x, y`},
		{pointType, map[string]any{"x": 1.0, "y": "warm"}, `structure Point: field "y": "warm" is no number`},
		{pointType, map[string]any{"x": 1.0, "y": true}, `field "y": a value of type Boolean does not fit Double`},
		{partType, map[string]any{"serial": -1.0}, `field "serial": -1 is out of range of Uint32`},
		{partType, map[string]any{"serial": 1.0, "marks": "a"}, `field "marks": a is not a list`},
		{partType, map[string]any{"serial": nil}, `field "serial": there is no value, which Uint32 needs`},
		{unionType, map[string]any{"good": 1.0, "spot": nil}, "of a union one field can be given, not more"},
		{tableType, map[string]any{"cells": []any{}}, `field "cells": a list in a list is empty`},
		{tableType, map[string]any{"cells": []any{1.0}}, `field "cells": [1] has 1 dimensions, and the field 2`},
		{tableType, map[string]any{"cells": []any{[]any{1.0}, []any{1.0, 2.0}}}, `field "cells": element 1: it is not as long as those before it`},
		{tableType, map[string]any{"cells": []any{[]any{1.0, 70000.0}}}, `field "cells": element 1: 70000 is out of range of Int16`},
		{openType, map[string]any{"part": map[string]any{}, "number": 1.0, "any": nil, "structure": nil}, "a structure whose type is open cannot be written"},
		{structureType("M", 9, ua.StructureTypeStructure, single("mode", modeType)), map[string]any{"mode": "Automtic"}, `Mode has no "Automtic"; did you mean "Automatic"?`},
		{&dataType{name: "Old", builtIn: ua.TypeIDExtensionObject, unknown: errNoDefinition}, map[string]any{}, "since OPC UA 1.04"},
	} {
		if _, err := newStructure(c.v, c.of); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s %v: %v, want %q", c.of.name, c.v, err, c.want)
		}
	}
}

// variantBytes are values as servers send them in fields of any type.
func variantBytes(t *testing.T, v any) []byte {
	t.Helper()
	b, err := ua.MustVariant(v).Encode()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// Values that say by themselves what they are, in structures.
func TestValuesOfOpenType(t *testing.T) {
	part, err := newStructure(map[string]any{"serial": 3.0}, partType)
	if err != nil {
		t.Fatal(err)
	}
	object, err := part.Encode()
	if err != nil {
		t.Fatal(err)
	}
	content := append([]byte(nil), object...)
	content = append(content, variantBytes(t, 1.5)...)
	content = append(content, variantBytes(t, []*ua.ExtensionObject{part, nil})...)
	content = append(content, object...)
	serial := map[string]any{"serial": uint32(3)}
	got, err := readStructure(content, openType, known)
	want := map[string]any{"part": serial, "number": 1.5, "any": []any{serial, nil}, "structure": serial}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v %s", err, diff)
	}
	for _, c := range []struct {
		any  []byte
		want any
	}{
		{variantBytes(t, [][]int32{{1, 2}, {3, 4}}), []any{[]any{int32(1), int32(2)}, []any{int32(3), int32(4)}}},
		{variantBytes(t, ua.MustVariant("inner")), "inner"},
		{variantBytes(t, &ua.DataValue{EncodingMask: 0xf, Value: ua.MustVariant(true)}), true},
		{variantBytes(t, ua.NewLocalizedText("a")), "a"},
	} {
		content := append(append([]byte{0, 0, 0}, variantBytes(t, 0.5)...), append(c.any, 0, 0, 0)...)
		got, err := readStructure(content, openType, known)
		if diff := cmp.Diff(c.want, got["any"]); err != nil || diff != "" {
			t.Errorf("%v: %v %s", c.want, err, diff)
		}
	}
}

// Content that does not fit its type is an error.
func TestStructuresThatCannotBeRead(t *testing.T) {
	table := []byte{2, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 7, 0, 8, 0}
	got, err := readStructure(table, tableType, known)
	if diff := cmp.Diff(map[string]any{"cells": []any{[]any{int16(7)}, []any{int16(8)}}}, got); err != nil || diff != "" {
		t.Errorf("%v %s", err, diff)
	}
	self := structureType("Self", 8, ua.StructureTypeStructure)
	self.fields = []typeField{single("self", self)}
	for name, c := range map[string]struct {
		of      *dataType
		content []byte
		want    string
	}{
		"short":     {pointType, make([]byte, 15), errShort.Error()},
		"long":      {pointType, make([]byte, 17), "1 bytes are left over"},
		"union":     {unionType, []byte{9, 0, 0, 0}, "the union has no field 9"},
		"length":    {partType, []byte{2, 0, 0, 0, 1, 0, 0, 0, 0xff, 0xff, 0xff, 0x7f}, errShort.Error()},
		"cells":     {tableType, []byte{2, 0, 0, 0, 0xff, 0xff, 0xff, 0x7f, 0xff, 0xff, 0xff, 0x7f}, errShort.Error()},
		"recursion": {self, nil, errDeep.Error()},
		"strange":   {openType, []byte{1, 2, 99, 0, 1, 0, 0, 0, 0}, "ns=2;i=99 is not known"},
		"negative":  {openType, append([]byte{0, 0, 0}, append(variantBytes(t, 0.5), 0x86, 0xfe, 0xff, 0xff, 0xff, 0, 0, 0)...), ""},
		"old":       {&dataType{name: "Old", unknown: errNoDefinition}, nil, errNoDefinition.Error()},
		"diagnosis": {structureType("D", 9, ua.StructureTypeStructure, single("d", scalarType(ua.TypeIDDiagnosticInfo))), []byte{0}, "values of type DiagnosticInfo cannot be read"},
	} {
		_, err := readStructure(c.content, c.of, known)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
	if _, err := readStructure([]byte{1, 2, 99, 0, 1, 0, 0, 0, 0}, openType, known); !errors.As(err, new(strangeType)) {
		t.Errorf("%v", err)
	}
}

func FuzzReadStructure(f *testing.F) {
	types := []*dataType{pointType, emptyType, unionType, partType, openType, tableType, allType}
	f.Add([]byte{1, 2, 99, 0, 1, 0, 0, 0, 0}, 4)
	f.Add([]byte{2, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 7, 0, 8, 0}, 5)
	f.Fuzz(func(t *testing.T, content []byte, which int) {
		of := types[uint(which)%uint(len(types))]
		fields, err := readStructure(content, of, known)
		if err == nil && fields == nil {
			t.Error("neither fields nor an error")
		}
	})
}

// What an object was written as reads as a structure again.
func FuzzWriteStructure(f *testing.F) {
	types := []*dataType{pointType, emptyType, unionType, partType, openType, tableType, allType}
	f.Add([]byte(`{"x": 1.5, "y": "NaN"}`), 0)
	f.Add([]byte(`{"serial": "7", "marks": ["a", null]}`), 3)
	f.Add([]byte(`{"part": null, "number": 1, "any": [1, 2], "structure": null}`), 4)
	f.Fuzz(func(t *testing.T, text []byte, which int) {
		var v any
		if json.Unmarshal(text, &v) != nil {
			return
		}
		of := types[uint(which)%uint(len(types))]
		object, err := newStructure(v, of)
		if err != nil {
			return
		}
		if _, err := readStructure(object.Value.(*body).bytes, of, known); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	})
}

func BenchmarkReadStructure(b *testing.B) {
	object, err := newStructure(map[string]any{"serial": 7.0, "weight": 1.5, "marks": []any{"a", "b"}}, partType)
	if err != nil {
		b.Fatal(err)
	}
	content := object.Value.(*body).bytes
	b.ReportAllocs()
	for b.Loop() {
		if _, err := readStructure(content, partType, known); err != nil {
			b.Fatal(err)
		}
	}
}
