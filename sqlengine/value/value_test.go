package value

import (
	"reflect"
	"testing"
	"unsafe"
)

// TestValueFitsInRegisters guards the speed of every expression: the compiler
// passes structs of at most four words and four fields in registers.
func TestValueFitsInRegisters(t *testing.T) {
	if size := unsafe.Sizeof(Value{}); size > 4*unsafe.Sizeof(uintptr(0)) {
		t.Errorf("Value has %d bytes", size)
	}
	if n := reflect.TypeFor[Value]().NumField(); n > 4 {
		t.Errorf("Value has %d fields", n)
	}
}

func TestContent(t *testing.T) {
	if v := OfBool(true); v.Kind() != Bool || !v.True() || OfBool(false).True() {
		t.Error("BOOLEAN")
	}
	if v := OfInt(-5); v.Kind() != Int || v.Int() != -5 {
		t.Error("BIGINT")
	}
	if v := OfFloat(-2.5); v.Kind() != Float || v.Float() != -2.5 {
		t.Error("FLOAT")
	}
	if v := OfTime(-7); v.Kind() != Time || v.Time() != -7 {
		t.Error("DATETIME")
	}
	if v := OfString("é"); v.Kind() != String || v.Str() != "é" {
		t.Error("STRING")
	}
	if v := OfBytes([]byte{1, 2}); v.Kind() != Bytes || string(v.Bytes()) != "\x01\x02" {
		t.Error("BYTEA")
	}
	if v := OfList([]Value{OfInt(1)}); v.Kind() != List || len(v.List()) != 1 || v.List()[0].Int() != 1 {
		t.Error("ARRAY")
	}
	if v := OfObject(nil); v.Kind() != Object || v.Object().Len() != 0 {
		t.Error("empty STRUCT")
	}
}

// TestEmptySequences: the pointer in an empty value may be nil.
func TestEmptySequences(t *testing.T) {
	if OfString("").Str() != "" || len(OfBytes(nil).Bytes()) != 0 || len(OfList(nil).List()) != 0 {
		t.Error("an empty value is not empty")
	}
	if !Equal(OfList(nil), OfList([]Value{})) || !Equal(OfBytes(nil), OfBytes([]byte{})) {
		t.Error("empty values differ")
	}
}

func TestNullAndMissing(t *testing.T) {
	var null Value
	if !null.IsNull() || null.IsMissing() || !Missing.IsNull() || !Missing.IsMissing() {
		t.Error("NULL and Missing are mixed up")
	}
	if OfBool(true).IsMissing() || OfInt(1).IsMissing() {
		t.Error("a value is missing")
	}
	if !Equal(null, Missing) {
		t.Error("NULL and Missing differ")
	}
}

func TestNumber(t *testing.T) {
	for _, c := range []struct {
		v    Value
		want float64
		ok   bool
	}{{OfInt(3), 3, true}, {OfFloat(2.5), 2.5, true}, {OfString("3"), 0, false}, {Value{}, 0, false}, {OfTime(3), 0, false}} {
		if f, ok := c.v.Number(); f != c.want || ok != c.ok {
			t.Errorf("Number of %s: %v, %v", c.v.Kind(), f, ok)
		}
	}
}

func TestKindNames(t *testing.T) {
	want := []string{"NULL", "BOOLEAN", "BIGINT", "FLOAT", "STRING", "BYTEA", "DATETIME", "ARRAY", "STRUCT"}
	for k, name := range want {
		if Kind(k).String() != name {
			t.Errorf("kind %d is %s", k, Kind(k))
		}
	}
}

func TestFieldsOf(t *testing.T) {
	f := FieldsOf([]string{"b", "a", "b", "c", "a"}, []Value{OfInt(1), OfInt(2), OfInt(3), OfInt(4), OfInt(5)})
	if !reflect.DeepEqual(f.Names, []string{"a", "b", "c"}) {
		t.Fatalf("names %v", f.Names)
	}
	for name, want := range map[string]int64{"a": 5, "b": 3, "c": 4} {
		if got := f.Get(name); got.Int() != want {
			t.Errorf("%s = %d, want %d", name, got.Int(), want)
		}
	}
	if !f.Get("d").IsMissing() || !new(Fields).Get("").IsMissing() {
		t.Error("a field that is not there is not missing")
	}
}

func TestSlot(t *testing.T) {
	s := &Schema{Columns: []Column{{Name: "topic"}, {Name: "topic", Role: Meta}, {Name: "*", Role: Whole}}}
	for want, c := range s.Columns {
		if i, ok := s.Slot(c.Name, c.Role); !ok || i != want {
			t.Errorf("%v is in slot %d, %v", c, i, ok)
		}
	}
	if _, ok := s.Slot("Topic", Field); ok {
		t.Error("names are case-sensitive")
	}
}

func TestString(t *testing.T) {
	for want, v := range map[string]Value{
		"null": {}, "true": OfBool(true), "-7": OfInt(-7), "2.5": OfFloat(2.5), "a b": OfString("a b"),
		`["x",1]`: OfList([]Value{OfString("x"), OfInt(1)}), `{"a":1}`: OfObject(FieldsOf([]string{"a"}, []Value{OfInt(1)})),
	} {
		if got := v.String(); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}
