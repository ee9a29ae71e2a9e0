package modbus

import (
	"errors"
	"fmt"
	"maps"
	"math"
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
	raw      driver.Type // of what the registers of one element hold; of a String a number, if it is one in words
	elements int         // of an array; 0 for a single value
	bit      int         // the lowest of a bit field, or of a Bool in a register
	bits     int         // of a bit field; 0: the value is all of the number
	order    order
	text     textForm // of a String
}

// The attributes of a resource.
const (
	primaryTable       = "primaryTable"
	startingAddress    = "startingAddress"
	rawType            = "rawType"
	isByteSwap         = "isByteSwap"
	isWordSwap         = "isWordSwap"
	stringRegisterSize = "stringRegisterSize"
	// These are additions to those of device-modbus.
	byteOrder      = "byteOrder"
	arraySize      = "arraySize"
	stringEncoding = "stringEncoding"
	stringPadding  = "stringPadding"
	// urlRawQuery is left by EdgeX in the attributes of a resource that was
	// once read with a query.
	urlRawQuery = "urlRawQuery"
	// valueType stands for the type of the resource in findings.
	valueType = "valueType"
)

var attributes = []string{primaryTable, startingAddress, rawType, isByteSwap, isWordSwap, stringRegisterSize,
	byteOrder, arraySize, stringEncoding, stringPadding}

var tables = map[string]table{
	"COILS":             coils,
	"DISCRETES_INPUT":   discreteInputs,
	"DISCRETE_INPUTS":   discreteInputs,
	"INPUT_REGISTERS":   inputRegisters,
	"HOLDING_REGISTERS": holdingRegisters,
}

// attributeReader reads the attributes of one resource and keeps all findings.
type attributeReader struct {
	resource driver.Resource
	kind     driver.Type // of the resource, or of the elements of its array
	decimals bool        // the address is a number whose decimals are a bit
	findings []error
}

// addressing is how a device counts.
type addressing struct {
	base   int // of its first address: 0 or 1
	offset int // added to all addresses: where an instance begins
}

// parseAddress reads the attributes of a resource of a device. The error joins
// a finding for each that is wrong.
func parseAddress(r driver.Resource, by addressing) (address, error) {
	p := &attributeReader{resource: r, kind: r.Type}
	p.unknown()
	a := address{kind: r.Type, elements: p.elements()}
	t, known := p.table()
	first, field := "", ""
	if known {
		first, field = p.start(t)
		a.table, a.start = t, p.register(first, by)
	}
	a.raw = p.raw(field != "")
	if field != "" {
		a.bit, a.bits = p.field(field, a.raw)
	}
	a.order, a.text = p.order(a.raw), p.text()
	a.count = p.count(t, &a)
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

// unknown finds misspelt attributes. Others that are not ours are ignored.
func (p *attributeReader) unknown() {
	var misspelt []string
	for name := range p.resource.Attributes {
		if name != urlRawQuery && !slices.Contains(attributes, name) && diag.Nearest(name, attributes) != "" {
			misspelt = append(misspelt, name)
		}
	}
	slices.Sort(misspelt)
	for _, name := range misspelt {
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
	if t.bits() && p.kind != "Bool" && !p.packed() {
		p.fail(valueType, "", "%s hold Bool, not %s", t, p.resource.Type)
	}
	return t, true
}

// packed tells whether bits can hold the value, as they do in device-modbus: a
// number of 16 bits or more.
func (p *attributeReader) packed() bool {
	return (integers[p.kind] || fractions[p.kind]) && !eightBits[p.kind] && p.kind == p.resource.Type
}

// start parts the address from the bits behind a dot: "3.1" is bit 1 of
// register 3, "3.4-7" are its bits 4 to 7.
func (p *attributeReader) start(t table) (register, field string) {
	v := p.resource.Attributes[startingAddress]
	if text(v) == "" {
		p.fail(startingAddress, "", "is missing")
		return "", ""
	}
	s, isText := v.(string)
	if f, number := v.(float64); number && p.kind == "Bool" && !t.bits() && f != math.Trunc(f) {
		p.decimals = true
		s, isText = bitOfNumber(f)
	}
	if !isText || t.bits() || p.kind != "Bool" && !integers[p.kind] {
		return text(v), ""
	}
	register, field, _ = strings.Cut(strings.TrimSpace(s), ".")
	if strings.Trim(field, "0") == "" && p.kind != "Bool" {
		return text(v), "" // 7.0 is a number as forms send it
	}
	return register, field
}

// bitOfNumber writes a number with a bit behind its point as text. device-modbus
// 4 takes two digits: 10.10, which is 10.1, is bit 10 of register 10, and 3.01
// is bit 1 of register 3.
func bitOfNumber(f float64) (s string, ok bool) {
	s = strconv.FormatFloat(f, 'f', 2, 64)
	same, err := strconv.ParseFloat(s, 64)
	return s, err == nil && same == f
}

// register is the address as the protocol has it, from 0.
func (p *attributeReader) register(s string, by addressing) int {
	if s == "" {
		return 0 // which is a finding already
	}
	n, err := integer(s, by.base, addresses-1+by.base)
	if err != nil {
		p.fail(startingAddress, p.bitHint(), "%w", err)
		return 0
	}
	n += by.offset - by.base
	if n < 0 {
		p.fail(startingAddress, "", "%s and the offset of the device, %d, are below 0", s, by.offset)
		return 0
	}
	return n
}

func (p *attributeReader) bitHint() string {
	if p.decimals {
		return `Of a number, two decimals are the bit; write it as text: "3.8" is bit 8 of register 3`
	}
	return ""
}

// field reads the bits of a number: "4", or "4-7".
func (p *attributeReader) field(s string, raw driver.Type) (bit, bits int) {
	low, high, ranged := strings.Cut(s, "-")
	if !ranged {
		high = low
	}
	most := 16*widths[raw] - 1
	first, err := integer(low, 0, most)
	last, e := integer(high, 0, most)
	switch {
	case err != nil || e != nil:
		p.fail(startingAddress, p.bitHint(), "bit %q is not between 0 and %d", s, most)
		return 0, 0
	case last < first:
		p.fail(startingAddress, "", "bits %q end before they begin", s)
		return 0, 0
	case p.kind == "Bool" && ranged:
		p.fail(startingAddress, "", "a Bool is one bit, not %q", s)
	case p.kind != "Bool" && last-first >= integerBits[p.kind]:
		p.fail(startingAddress, "", "%d bits do not fit %s", last-first+1, p.kind)
	case p.resource.Type != p.kind && p.kind != "Bool":
		p.fail(startingAddress, "", "the elements of an array have no bits")
	}
	return first, last - first + 1
}

// elements is the size of an array; 0 for a single value. It leaves the type of
// an element in kind.
func (p *attributeReader) elements() int {
	element, array := strings.CutSuffix(string(p.resource.Type), "Array")
	v, sized := p.resource.Attributes[arraySize]
	switch {
	case !array && sized && text(v) != "":
		p.fail(arraySize, "", "%s is no array", p.resource.Type)
		return 0
	case !array:
		return 0
	}
	p.kind = driver.Type(element)
	if !sized || text(v) == "" {
		p.fail(arraySize, "", "is missing: an array needs its number of elements")
		return 1
	}
	n, err := integer(v, 1, maxReadBits)
	if err != nil {
		p.fail(arraySize, "", "%w", err)
		return 1
	}
	return n
}

// raw is the type that the registers of one element hold.
func (p *attributeReader) raw(field bool) driver.Type {
	v := p.resource.Attributes[rawType]
	if text(v) == "" || p.idle(text(v)) {
		if field {
			return "Uint16"
		}
		return p.kind
	}
	if !integers[p.kind] && !fractions[p.kind] && p.resource.Type != "String" {
		p.fail(rawType, "Only numbers and String have a rawType", "%s has no rawType", p.resource.Type)
		return p.kind
	}
	allowed := rawTypesOf(p.kind)
	for _, t := range allowed {
		if strings.EqualFold(text(v), string(t)) {
			return t
		}
	}
	p.fail(rawType, fmt.Sprintf("It is one of %v", allowed), "%q cannot become %s", text(v), p.resource.Type)
	return p.kind
}

// idle tells whether a rawType is one that device-modbus takes and makes no use
// of: of a Bool, and of a String with a size.
func (p *attributeReader) idle(raw string) bool {
	raw = strings.ToUpper(raw)
	sized := p.resource.Type == "String" && text(p.resource.Attributes[stringRegisterSize]) != ""
	return (raw == "INT16" || raw == "UINT16") && (sized || p.resource.Type == "Bool") || raw == "INT32" && sized
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

// order reads the order of bytes, by flags or by letters.
func (p *attributeReader) order(raw driver.Type) order {
	o := order{bytes: p.flag(isByteSwap), words: p.flag(isWordSwap)}
	v, ok := p.resource.Attributes[byteOrder]
	if !ok || text(v) == "" {
		return o
	}
	if o.bytes || o.words {
		p.fail(byteOrder, "Leave isByteSwap and isWordSwap out", "stands beside another order")
		return o
	}
	o, err := parseOrder(text(v), widths[raw])
	if err != nil {
		p.fail(byteOrder, "", "%w", err)
	}
	return o
}

func (p *attributeReader) text() textForm {
	var f textForm
	for _, name := range []string{stringEncoding, stringPadding} {
		v, ok := p.resource.Attributes[name]
		if !ok || text(v) == "" {
			continue
		}
		if p.kind != "String" {
			p.fail(name, "", "%s is no String", p.resource.Type)
			continue
		}
		if err := f.set(name, text(v)); err != nil {
			p.fail(name, "", "%w", err)
		}
	}
	return f
}

// count is the number of registers or bits.
func (p *attributeReader) count(t table, a *address) int {
	n, bits := max(a.elements, 1), max(a.elements, 1)
	switch {
	case t.bits() && p.packed():
		return 16 * widths[a.raw]
	case t.bits():
		return n
	case p.kind == "String" && a.raw == "String":
		return p.size()
	case p.kind == "Bool":
		n = (a.bit + bits + 15) / 16
	case eightBits[a.raw] && a.elements > 0:
		n = (n + 1) / 2 // two in a register
	default:
		width, ok := widths[a.raw]
		if !ok {
			p.fail(valueType, "It is one of Bool, Int8 to Int64, Uint8 to Uint64, Float32, Float64, arrays of these, and String",
				"%s cannot be held by registers", p.resource.Type)
		}
		n *= width
	}
	if n > maxReadRegisters {
		p.fail(arraySize, "", "%d registers are more than one request may read: %d", n, maxReadRegisters)
	}
	return n
}

// size is the number of registers of a String.
func (p *attributeReader) size() int {
	v, ok := p.resource.Attributes[stringRegisterSize]
	if p.resource.Type != p.kind {
		p.fail(valueType, "", "%s cannot be held by registers", p.resource.Type)
		return 1
	}
	if !ok {
		p.fail(stringRegisterSize, "", "is missing: a String needs its number of registers")
		return 0
	}
	n, err := integer(v, 1, maxWriteRegisters)
	if err != nil {
		p.fail(stringRegisterSize, "", "%w", err)
	}
	return n
}
