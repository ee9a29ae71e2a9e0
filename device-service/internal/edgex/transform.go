package edgex

import (
	"errors"
	"math"
	"math/big"
	"strconv"

	"github.com/edgexfoundry/go-mod-core-contracts/v3/models"
)

var (
	// errOverflow: the transformed value does not fit the type of its resource.
	errOverflow = errors.New("overflow")
	// errNaN: the value is not a number.
	errNaN = errors.New("NaN")
)

// transform is what the properties of a resource do to a value that was read:
// mask, shift, base, scale, offset, in this order. Scale and offset are taken
// as the decimal numbers that the profile shows, and the result is rounded
// once, so 253 at scale 0.1 is 25.3.
type transform struct {
	mask, shift   bool
	maskBits      uint64
	left, right   uint
	base          float64 // 0: none
	scale, offset *big.Rat
}

func newTransform(p models.ResourceProperties) transform {
	var t transform
	if p.Mask != nil && *p.Mask != 0 {
		t.mask, t.maskBits = true, *p.Mask
	}
	if p.Shift != nil && *p.Shift > 0 {
		t.shift, t.left = true, uint(*p.Shift)
	}
	if p.Shift != nil && *p.Shift < 0 {
		t.shift, t.right = true, uint(-*p.Shift)
	}
	if p.Base != nil {
		t.base = *p.Base
	}
	if p.Scale != nil && *p.Scale != 1 {
		t.scale = decimal(*p.Scale)
	}
	if p.Offset != nil && *p.Offset != 0 {
		t.offset = decimal(*p.Offset)
	}
	return t
}

// decimal is f as written in its shortest form; nil when f is no finite number.
func decimal(f float64) *big.Rat {
	r, ok := new(big.Rat).SetString(strconv.FormatFloat(f, 'g', -1, 64))
	if !ok {
		return nil
	}
	return r
}

// apply returns the transformed value, of the same type. Values that are not
// numbers stay as they are.
func (t transform) apply(v any) (any, error) {
	switch x := v.(type) {
	case float64:
		return t.float(x, 64)
	case float32:
		y, err := t.float(float64(x), 32)
		return float32(y), err
	case uint8:
		y, err := t.unsigned(uint64(x), 8)
		return uint8(y), err
	case uint16:
		y, err := t.unsigned(uint64(x), 16)
		return uint16(y), err
	case uint32:
		y, err := t.unsigned(uint64(x), 32)
		return uint32(y), err
	case uint64:
		return t.unsigned(x, 64)
	case int8:
		y, err := t.signed(int64(x), 8)
		return int8(y), err
	case int16:
		y, err := t.signed(int64(x), 16)
		return int16(y), err
	case int32:
		y, err := t.signed(int64(x), 32)
		return int32(y), err
	case int64:
		return t.signed(x, 64)
	}
	return v, nil
}

func (t transform) float(v float64, bits int) (float64, error) {
	if math.IsNaN(v) {
		return v, errNaN
	}
	if !t.linear() && t.base == 0 {
		return v, nil
	}
	if t.base != 0 {
		v = math.Pow(t.base, v)
	}
	if math.IsInf(v, 0) || math.IsNaN(v) {
		return v, errOverflow
	}
	if t.linear() {
		r := t.line(new(big.Rat).SetFloat64(v))
		v, _ = r.Float64()
		if bits == 32 {
			f, _ := r.Float32()
			v = float64(f)
		}
	}
	if math.IsInf(v, 0) || bits == 32 && math.Abs(v) > math.MaxFloat32 {
		return v, errOverflow
	}
	return v, nil
}

func (t transform) unsigned(v uint64, bits int) (uint64, error) {
	if t.mask {
		v &= t.maskBits
	}
	if t.shift {
		v = v << t.left >> t.right & (math.MaxUint64 >> (64 - bits))
	}
	if !t.linear() && t.base == 0 {
		return v, nil
	}
	n, err := t.integer(new(big.Rat).SetUint64(v))
	if err != nil {
		return 0, err
	}
	if n.Sign() < 0 || n.BitLen() > bits {
		return 0, errOverflow
	}
	return n.Uint64(), nil
}

func (t transform) signed(v int64, bits int) (int64, error) {
	if !t.linear() && t.base == 0 {
		return v, nil
	}
	n, err := t.integer(new(big.Rat).SetInt64(v))
	if err != nil {
		return 0, err
	}
	if !n.IsInt64() || n.Int64() != n.Int64()<<(64-bits)>>(64-bits) {
		return 0, errOverflow
	}
	return n.Int64(), nil
}

// integer transforms a whole number; the result has to be whole, too.
func (t transform) integer(r *big.Rat) (*big.Int, error) {
	if t.base != 0 {
		f, _ := r.Float64()
		if r.SetFloat64(math.Pow(t.base, f)) == nil {
			return nil, errOverflow
		}
	}
	if r = t.line(r); !r.IsInt() {
		return nil, errOverflow
	}
	return r.Num(), nil
}

func (t transform) linear() bool { return t.scale != nil || t.offset != nil }

func (t transform) line(r *big.Rat) *big.Rat {
	if t.scale != nil {
		r.Mul(r, t.scale)
	}
	if t.offset != nil {
		r.Add(r, t.offset)
	}
	return r
}
