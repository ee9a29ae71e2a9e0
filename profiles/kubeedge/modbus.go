package kubeedge

import (
	"fmt"
	"strings"

	"github.com/edgexfoundry/go-mod-core-contracts/v3/dtos"
)

// The tables of Modbus at EdgeX.
const (
	coils            = "COILS"
	discreteInputs   = "DISCRETES_INPUT"
	inputRegisters   = "INPUT_REGISTERS"
	holdingRegisters = "HOLDING_REGISTERS"
)

var tables = map[string]string{
	"coilregister": coils, "discreteinputregister": discreteInputs, "inputregister": inputRegisters, "holdingregister": holdingRegisters,
}

// The attributes of Modbus resources.
const (
	primaryTable       = "primaryTable"
	startingAddress    = "startingAddress"
	rawType            = "rawType"
	isByteSwap         = "isByteSwap"
	isWordSwap         = "isWordSwap"
	stringRegisterSize = "stringRegisterSize"
)

const (
	addresses  = 65536
	mostCoils  = 2000
	mostString = 123 // registers
)

// registers is what a visitor says about a property.
type registers struct {
	table         string
	offset, limit int64
	scale         float64
	bytes, words  bool   // swapped
	dataType      string // as v1beta1 may have it
}

func (r registers) bits() bool { return r.table == coils || r.table == discreteInputs }

// modbus makes the resources of a property of a Modbus device.
func (p *part) modbus(c *config) {
	v, ok := p.registers(c)
	if !ok {
		return
	}
	if p.property.Type == Bytes {
		p.warn("Modbus has no bytes: it is left out")
		return
	}
	r := p.base()
	r.Attributes[primaryTable], r.Attributes[startingAddress] = v.table, v.offset
	if v.table == discreteInputs || v.table == inputRegisters {
		if r.Properties.ReadWrite != "R" {
			p.warn("%s cannot be written: it is read only", v.table)
		}
		r.Properties.ReadWrite = "R"
	}
	switch {
	case v.bits():
		p.coils(r, v)
		return
	case p.property.Type == Boolean:
		p.bit(&r, v)
	case p.property.Type == String:
		p.words(&r, v)
	default:
		p.number(&r, v)
	}
	p.resources = append(p.resources, r)
}

// widths is how many registers a property has whose visitor does not say.
var widths = map[Type]int64{Int: 1, Float: 2, Double: 4, Boolean: 1, String: 1}

func (p *part) registers(c *config) (registers, bool) {
	register := c.text("register")
	v := registers{
		table:    tables[strings.ToLower(register)],
		offset:   c.whole(0, addresses-1, 0, "offset"),
		limit:    c.whole(0, addresses, 0, "limit"),
		scale:    c.decimal(1, "scale"),
		bytes:    c.truth("isSwap"),
		words:    c.truth("isRegisterSwap"),
		dataType: strings.ToLower(c.text("dataType")),
	}
	c.get("max")
	c.get("min")
	if v.table == "" {
		known := []string{"CoilRegister", "DiscreteInputRegister", "InputRegister", "HoldingRegister"}
		hint := didYouMean(register, known)
		if hint == "" {
			hint = "it is one of " + strings.Join(known, ", ")
		}
		p.fail(hint, "register: unknown value %q", register)
		return v, false
	}
	if v.scale == 0 {
		v.scale = 1
	}
	if v.limit == 0 {
		v.limit = widths[p.property.Type]
		if p.property.Type != Bytes {
			p.warn("limit is missing: %d is taken for %s", v.limit, p.property.Type)
		}
	}
	if v.offset+v.limit > addresses {
		p.fail("", "offset %d and limit %d go beyond address %d", v.offset, v.limit, addresses-1)
		return v, false
	}
	return v, true
}

// coils makes a resource of each coil. Many have a command that reads them
// together.
func (p *part) coils(r dtos.DeviceResource, v registers) {
	if p.property.Type != Boolean {
		p.warn("%s hold booleans: its type is Bool, not %s", v.table, p.property.Type)
	}
	if v.limit > mostCoils {
		p.fail("", "limit %d is more than the %d coils of a request", v.limit, mostCoils)
		return
	}
	r.Properties.ValueType = "Bool"
	if v.limit == 1 {
		p.resources = append(p.resources, r)
		return
	}
	p.command = &dtos.DeviceCommand{Name: r.Name, ReadWrite: r.Properties.ReadWrite}
	for i := range v.limit {
		one := r
		one.Name = fmt.Sprintf("%s_%d", r.Name, i)
		one.Attributes = map[string]any{primaryTable: v.table, startingAddress: v.offset + i}
		p.resources = append(p.resources, one)
		p.command.ResourceOperations = append(p.command.ResourceOperations, dtos.ResourceOperation{DeviceResource: one.Name})
	}
}

// bit is a boolean in a register. KubeEdge's mapper looks at the high byte.
func (p *part) bit(r *dtos.DeviceResource, v registers) {
	r.Properties.ValueType = "Bool"
	if p.options.BoolHighByte {
		r.Attributes[startingAddress] = fmt.Sprintf("%d.8", v.offset) // a number would be bit 80 to device-modbus 4
		p.warn("bit 8 of the register is read: KubeEdge takes a high byte of 1 as true, and no other")
		return
	}
	p.warn("bit 0 of the register is read; KubeEdge's mapper reads the high byte, which the choice of the high byte does here")
}

// words is a string in registers.
func (p *part) words(r *dtos.DeviceResource, v registers) {
	r.Properties.ValueType = "String"
	r.Attributes[stringRegisterSize] = v.limit
	if v.limit > mostString {
		p.fail("", "limit %d is more than the %d registers of a string", v.limit, mostString)
	}
	if v.bytes || v.words {
		p.warn("strings are not swapped: the swap has no effect")
	}
}

// number is a number in registers.
func (p *part) number(r *dtos.DeviceResource, v registers) {
	p.numeric(r)
	raw := p.raw(v)
	if raw == "" {
		return
	}
	kind := raw
	switch {
	case p.property.Type == Float && raw != "Float64":
		kind = "Float32"
	case p.property.Type == Double, v.scale != 1: // a scale on an integer is wrong in EdgeX's SDK, or ends the service
		kind = "Float64"
	}
	if kind != raw {
		r.Attributes[rawType] = strings.ToUpper(raw)
		p.checkRaw(kind, raw)
	}
	r.Properties.ValueType = kind
	if v.scale != 1 {
		r.Properties.Scale = &v.scale
		if p.property.Type == Int && p.options.Semantics == Literal {
			p.warn("its scale may make fractions, which KubeEdge's mapper cuts off: readings have them, twins and time series have not")
		}
	}
	p.swaps(r, v)
}

// upstreamRaw are the raw types that device-modbus of EdgeX takes, too.
var upstreamRaw = map[string]bool{
	"Float32 Int16": true, "Float32 Uint16": true, "Float64 Int16": true, "Float64 Uint16": true, "Float64 Int32": true,
}

func (p *part) checkRaw(kind, raw string) {
	if !upstreamRaw[kind+" "+raw] {
		p.warn("%s of %s is read by the device service of Sluice, not by that of EdgeX", kind, raw)
	}
}

// sized are types that a visitor's dataType may name, with their registers.
var sized = map[string]int64{"Int16": 1, "Uint16": 1, "Int32": 2, "Uint32": 2, "Int64": 4, "Uint64": 4, "Float32": 2, "Float64": 4}

// raw is the type of what the registers hold, "" after a finding.
func (p *part) raw(v registers) string {
	for name, width := range sized {
		if strings.ToLower(name) != v.dataType || p.options.Semantics == Literal {
			continue
		}
		if width != v.limit {
			p.fail("", "dataType %s does not go with limit %d: it wants %d", v.dataType, v.limit, width)
			return ""
		}
		return name
	}
	if p.property.Type != Int && v.limit > 1 {
		return p.rawFloat(v)
	}
	raw := map[int64]string{1: "int16", 2: "int32", 4: "int64"}[v.limit]
	switch {
	case raw == "":
		p.fail("an INT has 1, 2 or 4 registers", "limit %d is not possible", v.limit)
		return ""
	case p.signed():
		return "I" + raw[1:]
	}
	return "Ui" + raw[1:]
}

// rawFloat is the type of what the registers of a float hold.
func (p *part) rawFloat(v registers) string {
	raw := map[int64]string{2: "Float32", 4: "Float64"}[v.limit]
	if raw == "" {
		p.fail("a FLOAT has 2 registers, or 1 with a scale, a DOUBLE 4", "limit %d is not possible", v.limit)
		return ""
	}
	if v.limit != widths[p.property.Type] {
		p.warn("a %s of %d registers is an error to KubeEdge's mapper: it is read as %s", p.property.Type, v.limit, raw)
	}
	return raw
}

// swaps puts in the order of bytes and registers.
func (p *part) swaps(r *dtos.DeviceResource, v registers) {
	if v.bytes {
		r.Attributes[isByteSwap] = true
	}
	if v.words && v.limit > 1 {
		r.Attributes[isWordSwap] = true
	}
	if (v.bytes || v.words) && v.limit == 4 || v.bytes && v.limit == 1 {
		p.warn("a swap of %d bits has its effect with the device service of Sluice, and none with that of EdgeX", 16*v.limit)
	}
}
