package function

import (
	"math"
	"math/bits"

	"sluice/sqlengine/value"
)

// wide is a 128-bit integer in two's complement. Sums of BIGINTs in it cannot
// overflow on the way, so that panes may be merged in any grouping.
type wide struct{ hi, lo uint64 }

func (w *wide) add(o wide) {
	var carry uint64
	w.lo, carry = bits.Add64(w.lo, o.lo, 0)
	w.hi, _ = bits.Add64(w.hi, o.hi, carry)
}

func wideOf(i int64) wide { return wide{hi: uint64(i >> 63), lo: uint64(i)} }

// int64 is the number when it is a BIGINT.
func (w wide) int64() (int64, bool) {
	i := int64(w.lo)
	return i, w.hi == uint64(i>>63)
}

func (w wide) float() float64 {
	if w.negative() {
		return -w.negated().float() // a complement has no small digits to add up
	}
	return math.Ldexp(float64(w.hi), 64) + float64(w.lo)
}

// over is the quotient by n, cut towards zero, when it is a BIGINT.
func (w wide) over(n uint64) (int64, bool) {
	if w.negative() {
		w = w.negated()
		q, ok := quotient(w, n)
		return -int64(q), ok && q <= 1<<63
	}
	q, ok := quotient(w, n)
	return int64(q), ok && q < 1<<63
}

func quotient(w wide, n uint64) (uint64, bool) {
	if w.hi >= n {
		return 0, false
	}
	q, _ := bits.Div64(w.hi, w.lo, n)
	return q, true
}

func (w wide) negative() bool { return int64(w.hi) < 0 }

func (w wide) negated() wide {
	lo, borrow := bits.Sub64(0, w.lo, 0)
	hi, _ := bits.Sub64(0, w.hi, borrow)
	return wide{hi: hi, lo: lo}
}

func (w wide) snapshot(e *value.Encoder) { e.Uint(w.hi); e.Uint(w.lo) }
func (w *wide) restore(d *value.Decoder) { w.hi, w.lo = d.Uint(), d.Uint() }
