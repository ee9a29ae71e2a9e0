package modbus

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"sluice/device-service/internal/driver"
	"sluice/sqlengine/diag"
)

// address is where a resource's value is and how its registers are read.
type address struct {
	span
	kind     driver.Type // of the resource
	raw      driver.Type // of what the registers hold
	bit      int         // of a Bool in a register; the lowest if none is given
	byteSwap bool        // the two bytes of each register
	wordSwap bool        // the order of the registers
}

// The attributes of a resource.
const (
	primaryTable       = "primaryTable"
	startingAddress    = "startingAddress"
	rawType            = "rawType"
	isByteSwap         = "isByteSwap"
	isWordSwap         = "isWordSwap"
	stringRegisterSize = "stringRegisterSize"
	// urlRawQuery is left by EdgeX in the attributes of a resource that was
	// once read with a query.
	urlRawQuery = "urlRawQuery"
	// valueType stands for the type of the resource in findings.
	valueType = "valueType"
)

var attributes = []string{primaryTable, startingAddress, rawType, isByteSwap, isWordSwap, stringRegisterSize}

var tables = map[string]table{
	"COILS":             coils,
	"DISCRETES_INPUT":   discreteInputs,
	"DISCRETE_INPUTS":   discreteInputs,
	"INPUT_REGISTERS":   inputRegisters,
	"HOLDING_REGISTERS": holdingRegisters,
}

// widths is the number of registers of each type that has a fixed one.
var widths = map[driver.Type]int{
	"Bool": 1, "Int16": 1, "Uint16": 1, "Int32": 2, "Uint32": 2, "Int64": 4, "Uint64": 4, "Float32": 2, "Float64": 4,
}

// rawTypes lists what the registers of a resource may hold besides its type.
var rawTypes = map[driver.Type][]driver.Type{
	"Float32": {"Int16", "Uint16", "Float32"},
	"Float64": {"Int16", "Uint16", "Int32", "Uint32", "Float32", "Float64"},
}

// attributeReader reads the attributes of one resource and keeps all findings.
type attributeReader struct {
	resource driver.Resource
	findings []error
}

// parseAddress reads the attributes of a resource. The error joins a finding
// for each that is wrong.
func parseAddress(r driver.Resource) (address, error) {
	p := &attributeReader{resource: r}
	p.unknown()
	a := address{kind: r.Type, raw: p.raw()}
	a.byteSwap, a.wordSwap = p.flag(isByteSwap), p.flag(isWordSwap)
	if t, ok := p.table(); ok {
		a.table = t
		a.start, a.bit = p.start(t)
		a.count = p.count(t, a.raw)
	}
	if a.end() > addresses {
		p.fail(startingAddress, "", "%s go beyond address %d", a.span, addresses-1)
	}
	return a, errors.Join(p.findings...)
}

func (p *attributeReader) fail(attribute, hint, format string, args ...any) {
	p.findings = append(p.findings, &driver.AttributeError{
		Resource: p.resource.Name, Attribute: attribute, Err: fmt.Errorf(format, args...), Hint: hint,
	})
}

func (p *attributeReader) unknown() {
	var unknown []string
	for name := range p.resource.Attributes {
		if name != urlRawQuery && !slices.Contains(attributes, name) {
			unknown = append(unknown, name)
		}
	}
	slices.Sort(unknown)
	for _, name := range unknown {
		p.fail(name, diag.DidYouMean(name, attributes), "unknown attribute")
	}
}

func (p *attributeReader) table() (table, bool) {
	v, ok := p.resource.Attributes[primaryTable]
	if !ok {
		p.fail(primaryTable, "It is one of "+strings.Join(slices.Sorted(maps.Keys(tables)), ", "), "is missing")
		return 0, false
	}
	t, ok := tables[strings.ToUpper(text(v))]
	if !ok {
		p.fail(primaryTable, diag.DidYouMean(text(v), slices.Sorted(maps.Keys(tables))), "unknown table %q", text(v))
		return 0, false
	}
	if t.bits() && p.resource.Type != "Bool" {
		p.fail(valueType, "", "%s hold Bool, not %s", t, p.resource.Type)
	}
	return t, true
}

// start is the address, and the bit behind a dot: "3.1" is bit 1 of register 3.
func (p *attributeReader) start(t table) (start, bit int) {
	v, ok := p.resource.Attributes[startingAddress]
	if !ok {
		p.fail(startingAddress, "", "is missing")
		return 0, 0
	}
	if s, isText := v.(string); isText && !t.bits() && p.resource.Type == "Bool" {
		register, digits, dotted := strings.Cut(strings.TrimSpace(s), ".")
		if n, err := strconv.ParseUint(digits, 10, 8); dotted && (err != nil || n > 15) {
			p.fail(startingAddress, "", "bit %q is not between 0 and 15", digits)
			return 0, 0
		} else if dotted {
			v, bit = register, int(n)
		}
	}
	start, err := integer(v, 0, addresses-1)
	if err != nil {
		p.fail(startingAddress, p.bitHint(v, t), "%w", err)
	}
	return start, bit
}

func (p *attributeReader) bitHint(v any, t table) string {
	if _, number := v.(float64); number && !t.bits() && p.resource.Type == "Bool" {
		return `Bits are written as text: "3.1" is bit 1 of register 3`
	}
	return ""
}

// raw is the type that the registers hold.
func (p *attributeReader) raw() driver.Type {
	v, ok := p.resource.Attributes[rawType]
	if !ok || text(v) == "" {
		return p.resource.Type
	}
	allowed := rawTypes[p.resource.Type]
	if len(allowed) == 0 {
		p.fail(rawType, "Only Float32 and Float64 have a rawType", "%s has no rawType", p.resource.Type)
		return p.resource.Type
	}
	for _, t := range allowed {
		if strings.EqualFold(text(v), string(t)) {
			return t
		}
	}
	p.fail(rawType, fmt.Sprintf("It is one of %v", allowed), "%q cannot become %s", text(v), p.resource.Type)
	return p.resource.Type
}

func (p *attributeReader) flag(attribute string) bool {
	v, ok := p.resource.Attributes[attribute]
	if !ok || text(v) == "" {
		return false
	}
	b, err := boolean(v)
	if err != nil {
		p.fail(attribute, "", "%w", err)
	}
	return b
}

// count is the number of registers or bits.
func (p *attributeReader) count(t table, raw driver.Type) int {
	size, sized := p.resource.Attributes[stringRegisterSize]
	switch {
	case t.bits():
		return 1
	case p.resource.Type != "String":
		width, ok := widths[raw]
		if !ok {
			p.fail(valueType, "It is one of Bool, Int16 to Int64, Uint16 to Uint64, Float32, Float64 and String",
				"%s cannot be held by registers", p.resource.Type)
		}
		return width
	case !sized:
		p.fail(stringRegisterSize, "", "is missing: a String needs its number of registers")
		return 0
	}
	n, err := integer(size, 1, maxWriteRegisters)
	if err != nil {
		p.fail(stringRegisterSize, "", "%w", err)
	}
	return n
}
