package modbus

import (
	"fmt"
	"reflect"

	"sluice/device-service/internal/driver"
)

// goTypes are the Go types of the elements of arrays.
var goTypes = map[driver.Type]reflect.Type{
	"Bool": reflect.TypeFor[bool](),
	"Int8": reflect.TypeFor[int8](), "Int16": reflect.TypeFor[int16](), "Int32": reflect.TypeFor[int32](), "Int64": reflect.TypeFor[int64](),
	"Uint8": reflect.TypeFor[uint8](), "Uint16": reflect.TypeFor[uint16](), "Uint32": reflect.TypeFor[uint32](), "Uint64": reflect.TypeFor[uint64](),
	"Float32": reflect.TypeFor[float32](), "Float64": reflect.TypeFor[float64](),
}

// element is the type of one value: of the resource, or of its array.
func (a address) element() driver.Type {
	if a.elements == 0 {
		return a.kind
	}
	return a.kind[:len(a.kind)-len("Array")]
}

// decode turns the registers of an address, in wire order, into a value of
// the resource's Go type. The registers are left as they are.
func decode(a address, registers []uint16) (any, error) {
	switch {
	case a.kind == "String" && a.raw != "String":
		return textOf(a.raw, a.order.gather(registers))
	case a.kind == "String":
		return a.text.decode(registers, a.order)
	case a.element() == "Bool" && a.elements == 0:
		return a.on(registers, 0), nil
	case a.elements == 0:
		return a.number(a.order.gather(registers))
	}
	out := reflect.MakeSlice(reflect.SliceOf(goTypes[a.element()]), a.elements, a.elements)
	for i := range a.elements {
		v, err := a.decodeElement(registers, i)
		if err != nil {
			return nil, fmt.Errorf("element %d: %w", i, err)
		}
		out.Index(i).Set(reflect.ValueOf(v))
	}
	return out.Interface(), nil
}

func (a address) decodeElement(registers []uint16, i int) (any, error) {
	switch {
	case a.element() == "Bool":
		return a.on(registers, i), nil
	case eightBits[a.raw]:
		r := a.order.register(registers[i/2])
		if i%2 == 0 {
			r >>= 8
		}
		return a.number(uint64(r))
	}
	width := widths[a.raw]
	return a.number(a.order.gather(registers[i*width : (i+1)*width]))
}

// on tells whether a bit is set, counted from the first one of the address.
func (a address) on(registers []uint16, i int) bool {
	i += a.bit
	return a.order.register(registers[i/16])>>(i%16)&1 == 1
}

// number is what the bits of an element mean.
func (a address) number(n uint64) (any, error) {
	raw := a.raw
	if a.bits > 0 {
		n = n >> a.bit & (1<<a.bits - 1)
		raw = "Uint64"
	}
	return fromRaw(a.element(), raw, n)
}

// decodeBits makes a value of coils or discrete inputs.
func decodeBits(a address, bits []bool) (any, error) {
	switch {
	case a.element() != "Bool":
		return decode(a, packed(bits))
	case a.elements == 0:
		return bits[0], nil
	}
	return append([]bool(nil), bits...), nil
}

// encoded is what a write sets. Without masks it is all of the registers.
type encoded struct {
	registers []uint16
	masks     []uint16 // the bits of each register that are set
	bits      []bool   // of coils
}

// encode turns a value of the resource's Go type into registers in wire order,
// or into coils.
func encode(a address, v any) (encoded, error) {
	if reflect.TypeOf(v) != a.goType() {
		return encoded{}, fmt.Errorf("the value is a %T where the resource is %s", v, a.kind)
	}
	if a.kind == "String" && a.raw != "String" {
		n, err := ofText(a.raw, v.(string))
		registers := make([]uint16, a.count)
		a.order.scatter(registers, n)
		return encoded{registers: registers}, err
	}
	if a.kind == "String" {
		registers, err := a.text.encode(v.(string), a.count, a.order)
		return encoded{registers: registers}, err
	}
	elements, err := a.list(v)
	if err != nil {
		return encoded{}, err
	}
	if a.table.bits() {
		return a.encodeBits(elements)
	}
	return a.encodeRegisters(elements)
}

func (a address) encodeBits(elements []any) (encoded, error) {
	if a.element() != "Bool" {
		a.count /= 16
		out, err := a.encodeRegisters(elements)
		return encoded{bits: unpacked(out.registers)}, err
	}
	out := encoded{}
	for _, e := range elements {
		out.bits = append(out.bits, e.(bool))
	}
	return out, nil
}

func (a address) goType() reflect.Type {
	switch {
	case a.kind == "String":
		return reflect.TypeFor[string]()
	case a.elements > 0:
		return reflect.SliceOf(goTypes[a.element()])
	}
	return goTypes[a.kind]
}

// list is the value as a list of elements, as many as there are.
func (a address) list(v any) ([]any, error) {
	if a.elements == 0 {
		return []any{v}, nil
	}
	array := reflect.ValueOf(v)
	if array.Len() != a.elements {
		return nil, fmt.Errorf("the value has %d elements where the resource has %d", array.Len(), a.elements)
	}
	out := make([]any, a.elements)
	for i := range out {
		out[i] = array.Index(i).Interface()
	}
	return out, nil
}

func (a address) encodeRegisters(elements []any) (encoded, error) {
	out := encoded{registers: make([]uint16, a.count)}
	for i, e := range elements {
		if on, ok := e.(bool); ok {
			out.setBit(a, i, on)
			continue
		}
		n, err := toRaw(a.rawOfBits(), e)
		if err != nil && a.elements > 0 {
			return encoded{}, fmt.Errorf("element %d: %w", i, err)
		}
		if err != nil {
			return encoded{}, err
		}
		if err := out.set(a, i, n); err != nil {
			return encoded{}, err
		}
	}
	return out, nil
}

// rawOfBits is the type that a number is checked against.
func (a address) rawOfBits() driver.Type {
	if a.bits == 0 {
		return a.raw
	}
	if signed[a.kind] {
		return "Int64"
	}
	return "Uint64"
}

// setBit sets one bit and leaves the others of its register alone.
func (e *encoded) setBit(a address, i int, on bool) {
	if e.masks == nil {
		e.masks = make([]uint16, a.count)
	}
	i += a.bit
	mask := a.order.register(1 << (i % 16))
	e.masks[i/16] |= mask
	if on {
		e.registers[i/16] |= mask
	}
}

// set places the number of an element.
func (e *encoded) set(a address, i int, n uint64) error {
	switch {
	case a.bits > 0:
		return e.setField(a, n)
	case eightBits[a.raw] && a.elements > 0:
		r := uint16(n & 0xff)
		if i%2 == 0 {
			r <<= 8
		}
		e.registers[i/2] |= a.order.register(r)
		if a.elements%2 == 1 && i == a.elements-1 { // the other half of the last register is not ours
			e.masks = make([]uint16, a.count)
			for k := range e.masks {
				e.masks[k] = 0xffff
			}
			e.masks[i/2] = a.order.register(0xff00)
		}
		return nil
	}
	width := widths[a.raw]
	a.order.scatter(e.registers[i*width:(i+1)*width], n)
	return nil
}

// setField sets the bits of a field, and leaves the others alone.
func (e *encoded) setField(a address, n uint64) error {
	mask := uint64(1)<<a.bits - 1
	if signed[a.kind] && int64(n) < 0 || n&^mask != 0 {
		return fmt.Errorf("%d does not fit %d bits", int64(n), a.bits)
	}
	a.order.scatter(e.registers, n<<a.bit)
	e.masks = make([]uint16, a.count)
	a.order.scatter(e.masks, mask<<a.bit)
	return nil
}
