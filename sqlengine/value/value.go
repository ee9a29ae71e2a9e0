// Package value is the data model of the engine: one Value, the Row that holds
// Values in numbered slots, and the Batch in which rows travel.
package value

import (
	"math"
	"time"
	"unsafe"
)

// Kind tells which of the SQL types a Value holds.
type Kind uint8

// The kinds of the dialect. As the kind of a column, Null means: not known
// before run time.
const (
	Null Kind = iota
	Bool
	Int
	Float
	String
	Bytes
	Time
	List
	Object
)

var kindNames = [...]string{"NULL", "BOOLEAN", "BIGINT", "FLOAT", "STRING", "BYTEA", "DATETIME", "ARRAY", "STRUCT"}

// String is the name of the kind in the dialect, in capitals.
func (k Kind) String() string { return kindNames[k] }

// Value is one SQL value. The zero Value is NULL.
//
// It is three words and three fields on purpose: the compiler keeps structs of
// at most four words and four fields in registers, and a larger Value makes
// every expression several times slower (TestValueFitsInRegisters guards it).
// Values are immutable: whoever holds one may keep it and share it.
type Value struct {
	ref  unsafe.Pointer // bytes of a string or BYTEA, elements of a list, *Fields of an object, zone of a DATETIME
	num  uint64         // bool, int, float bits, nanoseconds; length where ref is a sequence; 1 in a missing NULL
	kind Kind
}

// Missing is the NULL of a column that the input did not have. Expressions see
// NULL; only a plain select item and the sinks can tell the two apart.
var Missing = Value{num: 1}

// OfBool makes a BOOLEAN.
func OfBool(b bool) Value {
	if b {
		return Value{num: 1, kind: Bool}
	}
	return Value{kind: Bool}
}

// OfInt makes a BIGINT.
func OfInt(i int64) Value { return Value{num: uint64(i), kind: Int} }

// OfFloat makes a FLOAT.
func OfFloat(f float64) Value { return Value{num: math.Float64bits(f), kind: Float} }

// OfTime makes a DATETIME from nanoseconds since 1970 in UTC.
func OfTime(ns int64) Value { return Value{num: uint64(ns), kind: Time} }

// OfTimeIn makes a DATETIME that is shown in a zone of its own, one that
// time.LoadLocation finds by its name. The zone changes nothing else: equal
// moments are equal.
func OfTimeIn(ns int64, zone *time.Location) Value {
	return Value{ref: unsafe.Pointer(zone), num: uint64(ns), kind: Time}
}

// OfString makes a STRING. The bytes of s must never change.
func OfString(s string) Value {
	return Value{ref: unsafe.Pointer(unsafe.StringData(s)), num: uint64(len(s)), kind: String}
}

// OfBytes makes a BYTEA. It keeps b, which must not be changed afterwards.
func OfBytes(b []byte) Value {
	return Value{ref: unsafe.Pointer(unsafe.SliceData(b)), num: uint64(len(b)), kind: Bytes}
}

// OfList makes an ARRAY. It keeps l, which must not be changed afterwards.
func OfList(l []Value) Value {
	return Value{ref: unsafe.Pointer(unsafe.SliceData(l)), num: uint64(len(l)), kind: List}
}

// OfObject makes a STRUCT; nil is the empty one.
func OfObject(f *Fields) Value {
	if f == nil {
		f = new(Fields)
	}
	return Value{ref: unsafe.Pointer(f), kind: Object}
}

// Kind of the value; Null for NULL, missing or not.
func (v Value) Kind() Kind { return v.kind }

// IsNull is true of NULL, missing or not.
func (v Value) IsNull() bool { return v.kind == Null }

// IsMissing is true of the NULL of a column that the input did not have.
func (v Value) IsMissing() bool { return v.kind == Null && v.num != 0 }

// True is true of the BOOLEAN true alone.
func (v Value) True() bool { return v.kind == Bool && v.num == 1 }

// The accessors below return the content of a value of their own kind. On
// another kind the result is meaningless: callers switch on Kind first.

// Int is the content of a BIGINT.
func (v Value) Int() int64 { return int64(v.num) }

// Float is the content of a FLOAT.
func (v Value) Float() float64 { return math.Float64frombits(v.num) }

// Time is the content of a DATETIME: nanoseconds since 1970.
func (v Value) Time() int64 { return int64(v.num) }

// Zone is the zone of its own in which a DATETIME is shown, nil if it has none.
func (v Value) Zone() *time.Location { return (*time.Location)(v.ref) }

// Str is the content of a STRING.
func (v Value) Str() string { return unsafe.String((*byte)(v.ref), int(v.num)) }

// Bytes is the content of a BYTEA; it must not be changed.
func (v Value) Bytes() []byte { return unsafe.Slice((*byte)(v.ref), int(v.num)) }

// List is the content of an ARRAY; it must not be changed.
func (v Value) List() []Value { return unsafe.Slice((*Value)(v.ref), int(v.num)) }

// Object is the content of a STRUCT; it must not be changed.
func (v Value) Object() *Fields { return (*Fields)(v.ref) }

// Number returns a BIGINT or FLOAT as a float64.
func (v Value) Number() (float64, bool) {
	switch v.kind {
	case Int:
		return float64(v.Int()), true
	case Float:
		return v.Float(), true
	}
	return 0, false
}

// String is a text for people: the content of a STRING, the JSON of others.
func (v Value) String() string {
	if v.kind == String {
		return v.Str()
	}
	b, err := v.AppendJSON(nil)
	if err != nil {
		return err.Error()
	}
	return string(b)
}
