package edgex

import (
	"errors"
	"math"
	"testing"

	"github.com/edgexfoundry/go-mod-core-contracts/v3/models"
	"pgregory.net/rapid"
)

func f64(f float64) *float64 { return &f }
func u64(u uint64) *uint64   { return &u }
func i64(i int64) *int64     { return &i }

func TestTransform(t *testing.T) {
	type p = models.ResourceProperties
	for _, c := range []struct {
		name  string
		p     p
		in    any
		want  any
		fails error
	}{
		{"nothing", p{}, 0.1, 0.1, nil},
		{"neutral", p{Mask: u64(0), Shift: i64(0), Scale: f64(1), Offset: f64(0), Base: f64(0)}, uint16(9), uint16(9), nil},
		{"decimal scale", p{Scale: f64(0.1)}, 253.0, 25.3, nil},
		{"scale and offset, rounded once", p{Scale: f64(0.1), Offset: f64(-40)}, 253.0, -14.7, nil},
		{"scale of a third", p{Scale: f64(3)}, 1.0 / 3, 1.0, nil},
		{"float32", p{Scale: f64(0.1)}, float32(253), float32(25.3), nil},
		{"base", p{Base: f64(10)}, 3.0, 1000.0, nil},
		{"base, scale, offset", p{Base: f64(2), Scale: f64(10), Offset: f64(1)}, int16(3), int16(81), nil},
		{"mask", p{Mask: u64(0x0ff0)}, uint16(0xabcd), uint16(0x0bc0), nil},
		{"mask, then shift right", p{Mask: u64(0x0ff0), Shift: i64(-4)}, uint16(0xabcd), uint16(0xbc), nil},
		{"shift left stays in the type", p{Shift: i64(4)}, uint8(0xab), uint8(0xb0), nil},
		{"shift past the type", p{Shift: i64(70)}, uint64(1), uint64(0), nil},
		{"no mask on signed", p{Mask: u64(1)}, int16(6), int16(6), nil},
		{"integer scale", p{Scale: f64(10)}, uint16(25), uint16(250), nil},
		{"integer scale, exact beyond 2^53", p{Scale: f64(3)}, int64(3002399751580331), int64(9007199254740993), nil},
		{"negative offset of unsigned", p{Offset: f64(-5)}, uint8(7), uint8(2), nil},
		{"unsigned below zero", p{Offset: f64(-8)}, uint8(7), nil, errOverflow},
		{"unsigned over", p{Scale: f64(2)}, uint8(128), nil, errOverflow},
		{"signed limits", p{Offset: f64(-1)}, int8(-127), int8(-128), nil},
		{"signed under", p{Offset: f64(-1)}, int8(-128), nil, errOverflow},
		{"uint64 over", p{Scale: f64(2)}, uint64(1 << 63), nil, errOverflow},
		{"int64 over", p{Scale: f64(2)}, int64(1 << 62), nil, errOverflow},
		{"not whole", p{Scale: f64(0.1)}, uint16(253), nil, errOverflow},
		{"whole with a fractional scale", p{Scale: f64(0.1)}, uint16(250), uint16(25), nil},
		{"float64 over", p{Scale: f64(10)}, math.MaxFloat64, nil, errOverflow},
		{"float32 over", p{Scale: f64(10)}, float32(math.MaxFloat32), nil, errOverflow},
		{"base over", p{Base: f64(10)}, 400.0, nil, errOverflow},
		{"base over in an integer", p{Base: f64(10)}, int64(400), nil, errOverflow},
		{"NaN", p{}, math.NaN(), nil, errNaN},
		{"NaN of 32 bits", p{}, float32(math.NaN()), nil, errNaN},
		{"infinite without transform", p{}, math.Inf(1), math.Inf(1), nil},
		{"infinite with scale", p{Scale: f64(2)}, math.Inf(1), nil, errOverflow},
		{"text", p{Scale: f64(2)}, "x", "x", nil},
		{"bool", p{Scale: f64(2)}, true, true, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := newTransform(c.p).apply(c.in)
			if !errors.Is(err, c.fails) {
				t.Fatalf("error %v, want %v", err, c.fails)
			}
			if err == nil && got != c.want {
				t.Errorf("got %v (%T), want %v (%T)", got, got, c.want, c.want)
			}
		})
	}
}

// TestTransformIntegers compares with plain arithmetic where that cannot overflow.
func TestTransformIntegers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := rapid.Int32().Draw(t, "v")
		scale := rapid.Int64Range(-1000, 1000).Filter(func(i int64) bool { return i != 0 }).Draw(t, "scale")
		offset := rapid.Int64Range(-1_000_000, 1_000_000).Draw(t, "offset")
		tr := newTransform(models.ResourceProperties{Scale: f64(float64(scale)), Offset: f64(float64(offset))})
		want := int64(v)*scale + offset
		if got, err := tr.apply(int64(v)); err != nil || got != want {
			t.Fatalf("int64: %v, %v, want %d", got, err, want)
		}
		got, err := tr.apply(v)
		if want != int64(int32(want)) {
			if !errors.Is(err, errOverflow) {
				t.Fatalf("int32: %v, %v, want overflow", got, err)
			}
			return
		}
		if err != nil || got != int32(want) {
			t.Fatalf("int32: %v, %v, want %d", got, err, want)
		}
	})
}

func BenchmarkTransformScale(b *testing.B) {
	tr := newTransform(models.ResourceProperties{Scale: f64(0.1), Offset: f64(-40)})
	b.ReportAllocs()
	for b.Loop() {
		if _, err := tr.apply(253.0); err != nil {
			b.Fatal(err)
		}
	}
}
