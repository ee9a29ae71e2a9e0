package value

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"time"
)

// Encoder writes the state of an operator: self-delimiting fields, one after
// the other, that a Decoder reads in the same order.
type Encoder struct{ buf []byte }

// NewEncoder returns an Encoder that appends to buf.
func NewEncoder(buf []byte) *Encoder { return &Encoder{buf} }

// Bytes is what was written so far.
func (e *Encoder) Bytes() []byte { return e.buf }

// Uint writes n.
func (e *Encoder) Uint(n uint64) { e.buf = binary.AppendUvarint(e.buf, n) }

// Int writes n.
func (e *Encoder) Int(n int64) { e.buf = binary.AppendVarint(e.buf, n) }

// Float writes the bits of f.
func (e *Encoder) Float(f float64) {
	e.buf = binary.LittleEndian.AppendUint64(e.buf, math.Float64bits(f))
}

// Bool writes b.
func (e *Encoder) Bool(b bool) {
	if b {
		e.buf = append(e.buf, 1)
		return
	}
	e.buf = append(e.buf, 0)
}

// String writes s.
func (e *Encoder) String(s string) {
	e.Uint(uint64(len(s)))
	e.buf = append(e.buf, s...)
}

// zonedTime stands in place of a kind before a DATETIME with its own zone.
const zonedTime = byte(Object) + 1

// Value writes v.
func (e *Encoder) Value(v Value) {
	if v.kind == Time && v.Zone() != nil {
		e.buf = append(e.buf, zonedTime)
		e.Int(v.Time())
		e.String(v.Zone().String())
		return
	}
	e.buf = append(e.buf, byte(v.kind))
	switch v.kind {
	case Null, Bool:
		e.Bool(v.num != 0)
	case Int, Time:
		e.Int(v.Int())
	case Float:
		e.Float(v.Float())
	case String:
		e.String(v.Str())
	case Bytes:
		e.String(string(v.Bytes()))
	case List:
		e.Values(v.List())
	case Object:
		f := v.Object()
		e.Uint(uint64(f.Len()))
		for i, name := range f.Names {
			e.String(name)
			e.Value(f.Values[i])
		}
	}
}

// Values writes a list of values with its length.
func (e *Encoder) Values(l []Value) {
	e.Uint(uint64(len(l)))
	for _, v := range l {
		e.Value(v)
	}
}

var errState = errors.New("state is damaged")

// Decoder reads what an Encoder wrote. After the first error it returns zeros;
// the caller asks Err once, at the end.
type Decoder struct {
	buf   []byte
	err   error
	zones map[string]*time.Location // those that were read, as finding one takes long
}

// NewDecoder reads from b, which must not be changed while values live.
func NewDecoder(b []byte) *Decoder { return &Decoder{buf: b} }

// Err is the first error.
func (d *Decoder) Err() error { return d.err }

// Fail records an error of the reader's own: a field that makes no sense.
func (d *Decoder) Fail(err error) {
	if d.err == nil {
		d.err = err
	}
	d.buf = nil
}

// Len is the number of bytes left.
func (d *Decoder) Len() int { return len(d.buf) }

func (d *Decoder) take(n uint64) []byte {
	if n > uint64(len(d.buf)) {
		d.Fail(errState)
		return nil
	}
	b := d.buf[:n]
	d.buf = d.buf[n:]
	return b
}

// Uint reads what Encoder.Uint wrote.
func (d *Decoder) Uint() uint64 {
	n, size := binary.Uvarint(d.buf)
	if size <= 0 {
		d.Fail(errState)
		return 0
	}
	d.buf = d.buf[size:]
	return n
}

// Count reads the length of a list whose elements take a byte at least, so
// that damaged state cannot ask for more memory than it has bytes.
func (d *Decoder) Count() int {
	n := d.Uint()
	if n > uint64(len(d.buf)) {
		d.Fail(errState)
		return 0
	}
	return int(n)
}

// Int reads what Encoder.Int wrote.
func (d *Decoder) Int() int64 {
	n, size := binary.Varint(d.buf)
	if size <= 0 {
		d.Fail(errState)
		return 0
	}
	d.buf = d.buf[size:]
	return n
}

// Float reads what Encoder.Float wrote.
func (d *Decoder) Float() float64 {
	b := d.take(8)
	if b == nil {
		return 0
	}
	return math.Float64frombits(binary.LittleEndian.Uint64(b))
}

// Bool reads what Encoder.Bool wrote.
func (d *Decoder) Bool() bool {
	b := d.take(1)
	return b != nil && b[0] != 0
}

// String reads what Encoder.String wrote.
func (d *Decoder) String() string { return string(d.take(d.Uint())) }

// maxDepth bounds the nesting of values that are read.
const maxDepth = 1000

// Value reads what Encoder.Value wrote.
func (d *Decoder) Value() Value { return d.value(maxDepth) }

func (d *Decoder) value(depth int) Value {
	b := d.take(1)
	if b == nil || depth == 0 {
		d.Fail(errState)
		return Value{}
	}
	switch k := Kind(b[0]); k {
	case Kind(zonedTime):
		return OfTimeIn(d.Int(), d.zone())
	case Null, Bool:
		v := Value{kind: k}
		if d.Bool() {
			v.num = 1
		}
		return v
	case Int, Time:
		return Value{num: uint64(d.Int()), kind: k}
	case Float:
		return OfFloat(d.Float())
	case String:
		return OfString(d.String())
	case Bytes:
		return OfBytes([]byte(d.String()))
	case List:
		return OfList(d.values(depth - 1))
	case Object:
		n := d.Count()
		names, values := make([]string, 0, min(n, firstCap)), make([]Value, 0, min(n, firstCap))
		for i := 0; i < n && d.err == nil; i++ {
			names, values = append(names, d.String()), append(values, d.value(depth-1))
		}
		return OfObject(FieldsOf(names, values))
	default:
		d.Fail(fmt.Errorf("%w: kind %d", errState, k))
		return Value{}
	}
}

func (d *Decoder) zone() *time.Location {
	name := d.String()
	zone, ok := d.zones[name]
	if ok || d.err != nil {
		return zone
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		d.Fail(fmt.Errorf("%w: time zone %q: %w", errState, name, err))
		return nil
	}
	if d.zones == nil {
		d.zones = map[string]*time.Location{}
	}
	d.zones[name] = zone
	return zone
}

// Values reads what Encoder.Values wrote.
func (d *Decoder) Values() []Value { return d.values(maxDepth) }

// firstCap bounds what is allocated before elements were read: in damaged
// state every level of nesting can claim as many elements as bytes follow.
const firstCap = 64

func (d *Decoder) values(depth int) []Value {
	n := d.Count()
	l := make([]Value, 0, min(n, firstCap))
	for i := 0; i < n && d.err == nil; i++ {
		l = append(l, d.value(depth))
	}
	return l
}
