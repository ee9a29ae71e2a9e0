package value

import (
	"errors"
	"math"
	"runtime"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func utc(v Value) time.Time { return time.Unix(0, v.Time()).UTC() }

// identical also tells NULL from missing and 1 from 1.0, unlike Equal.
func identical(a, b Value) bool {
	if a.kind != b.kind || a.IsMissing() != b.IsMissing() {
		return false
	}
	switch a.kind {
	case List:
		l, m := a.List(), b.List()
		if len(l) != len(m) {
			return false
		}
		for i := range l {
			if !identical(l[i], m[i]) {
				return false
			}
		}
		return true
	case Object:
		f, g := a.Object(), b.Object()
		if f.Len() != g.Len() {
			return false
		}
		for i := range f.Names {
			if f.Names[i] != g.Names[i] || !identical(f.Values[i], g.Values[i]) {
				return false
			}
		}
		return true
	}
	return Equal(a, b)
}

func TestStateRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v, l := anyValue().Draw(t, "v"), rapid.SliceOfN(anyValue(), 0, 3).Draw(t, "l")
		u, i, x := rapid.Uint64().Draw(t, "u"), rapid.Int64().Draw(t, "i"), rapid.Float64().Draw(t, "x")
		s, b := rapid.String().Draw(t, "s"), rapid.Bool().Draw(t, "b")
		var e Encoder
		e.Value(v)
		e.Values(l)
		e.Uint(u)
		e.Int(i)
		e.Float(x)
		e.String(s)
		e.Bool(b)
		d := NewDecoder(e.Bytes())
		if got := d.Value(); !identical(got, v) {
			t.Fatalf("value: %v, want %v", got, v)
		}
		if got := d.Values(); !identical(OfList(got), OfList(l)) {
			t.Fatalf("values: %v, want %v", got, l)
		}
		if d.Uint() != u || d.Int() != i || d.Float() != x || d.String() != s || d.Bool() != b {
			t.Fatal("a plain field differs")
		}
		if d.Err() != nil || d.Len() != 0 {
			t.Fatalf("%v, %d bytes left", d.Err(), d.Len())
		}
	})
}

// FuzzDecoder: damaged state gives an error or some value that can be written
// again, never a panic.
func FuzzDecoder(f *testing.F) {
	var e Encoder
	e.Values([]Value{Missing, OfBool(true), OfInt(-1), OfFloat(math.Pi), OfString("é"), OfBytes([]byte{0}), OfTime(7),
		OfList([]Value{OfInt(1)}), OfObject(FieldsOf([]string{"b", "a"}, []Value{OfInt(1), {}}))})
	f.Add(e.Bytes())
	f.Add([]byte{1, byte(List), 200, 1, byte(List), 100, byte(Null)})
	f.Add([]byte{1, byte(Object), 2, 1, 'a', 0, 0, 1, 'a', 0, 0})
	f.Fuzz(func(t *testing.T, state []byte) {
		d := NewDecoder(state)
		l := d.Values()
		if d.Err() != nil {
			return
		}
		var again Encoder
		again.Values(l)
		back := NewDecoder(again.Bytes()).Values()
		if !identical(OfList(back), OfList(l)) {
			t.Errorf("%v, want %v", back, l)
		}
	})
}

func TestDecoderStopsAtTheFirstError(t *testing.T) {
	own := errors.New("a field that makes no sense")
	d := NewDecoder([]byte{1, 2, 3})
	d.Fail(own)
	d.Fail(errors.New("later"))
	if d.Uint() != 0 || d.Int() != 0 || d.Float() != 0 || d.Bool() || d.String() != "" || d.Count() != 0 || !d.Value().IsNull() || len(d.Values()) != 0 {
		t.Error("something was read after an error")
	}
	if d.Err() != own || d.Len() != 0 {
		t.Errorf("%v, %d", d.Err(), d.Len())
	}
}

// TestDeepNestingIsRefused: a stack overflow cannot be recovered from.
func TestDeepNestingIsRefused(t *testing.T) {
	var state []byte
	for range 1_000_000 {
		state = append(state, byte(List), 1)
	}
	d := NewDecoder(state)
	if d.Value(); d.Err() == nil {
		t.Error("nesting without end was read")
	}
}

// TestCountsCannotAskForMemory: every level claims as many elements as bytes
// are left.
func TestCountsCannotAskForMemory(t *testing.T) {
	var state []byte
	for range maxDepth - 1 {
		state = append(state, byte(List), 0xff, 0x7f)
	}
	state = append(state, make([]byte, 1<<14)...)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	NewDecoder(state).Value()
	runtime.ReadMemStats(&after)
	if n := after.TotalAlloc - before.TotalAlloc; n > 16<<20 {
		t.Errorf("%d bytes of state took %d bytes of memory", len(state), n)
	}
}

func BenchmarkDecodeValue(b *testing.B) {
	var e Encoder
	e.Value(OfObject(FieldsOf([]string{"device", "temperature"}, []Value{OfString("boiler-1"), OfFloat(25.5)})))
	b.ReportAllocs()
	for b.Loop() {
		if NewDecoder(e.Bytes()).Value().IsNull() {
			b.Fatal("nothing read")
		}
	}
}
