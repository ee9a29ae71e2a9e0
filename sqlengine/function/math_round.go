package function

import (
	"math"
	"strconv"

	"sluice/sqlengine/value"
)

var round = &Scalar{
	Name: "round", Section: mathematics,
	Summary: "Rounded half away from zero, to whole numbers or to so many decimal places, which may be negative.",
	Overloads: []Overload{{
		Params: []Param{Float, Int}, Optional: 1, Result: value.Float,
		Call: func(_ *Context, args []value.Value) (value.Value, error) {
			if len(args) == 1 {
				return value.OfFloat(math.Round(args[0].Float())), nil
			}
			return number(roundTo(args[0].Float(), args[1].Int()))
		},
	}},
	Examples: []Example{
		{`round(10.5)`, `11`}, {`round(-10.5)`, `-11`}, {`round(25.987, 2)`, `25.99`}, {`round(1.005, 2)`, `1.01`},
		{`round(56788.34, -3)`, `57000`}, {`round(9.9999, 3)`, `10`}, {`round(6, -1)`, `10`}, {`round(4, -1)`, `0`},
	},
}

var trunc = &Scalar{
	Name: "trunc", Section: conversion, Summary: "Cut to so many decimal places, towards zero; negative places cut before the point.",
	Overloads: []Overload{{
		Params: []Param{Float, Int}, Result: value.Float,
		Call: func(_ *Context, args []value.Value) (value.Value, error) {
			return number(cutTo(args[0].Float(), args[1].Int()))
		},
	}},
	Examples: []Example{{`trunc(3.1415, 2)`, `3.14`}, {`trunc(1.999, 1)`, `1.9`}, {`trunc(4.35, 2)`, `4.35`}, {`trunc(-1.29, 1)`, `-1.2`}, {`trunc(1299, -2)`, `1200`}},
}

// decimal is the shortest decimal form of a number: 0.digits × 10^point.
// Rounding it, not the binary form, gives what people expect of 1.005.
type decimal struct {
	digits   []byte
	point    int
	negative bool
}

func decimalOf(buf []byte, f float64) decimal {
	d := decimal{negative: math.Signbit(f)}
	buf = strconv.AppendFloat(buf, math.Abs(f), 'e', -1, 64)
	e := len(buf) - 1
	for buf[e] != 'e' {
		e--
	}
	exponent, sign := 0, 1
	for _, c := range buf[e+1:] {
		switch c {
		case '-':
			sign = -1
		case '+':
		default:
			exponent = exponent*10 + int(c-'0')
		}
	}
	if e > 1 { // take the point out
		copy(buf[1:], buf[2:e])
		e--
	}
	d.digits, d.point = buf[:e], sign*exponent+1
	return d
}

// float is the number whose first keep digits are kept.
func (d decimal) float(keep int) float64 {
	d.digits = append(d.digits[:keep], 'e')
	d.digits = strconv.AppendInt(d.digits, int64(d.point-keep), 10)
	f, _ := strconv.ParseFloat(string(d.digits), 64) // on overflow: infinity, which the caller refuses
	if d.negative {
		return -f
	}
	return f
}

func roundTo(f float64, places int64) float64 {
	var buf [40]byte
	d := decimalOf(buf[:0], f)
	keep := int64(d.point) + places
	switch {
	case keep >= int64(len(d.digits)) || places > 400:
		return f
	case keep < 0 || places < -400:
		return math.Copysign(0, f)
	}
	k := int(keep)
	if d.digits[k] < '5' {
		if k == 0 {
			return math.Copysign(0, f)
		}
		return d.float(k)
	}
	for k > 0 && d.digits[k-1] == '9' {
		k--
	}
	if k == 0 {
		d.digits[0], d.point = '1', d.point+1
		return d.float(1)
	}
	d.digits[k-1]++
	return d.float(k)
}

func cutTo(f float64, places int64) float64 {
	var buf [40]byte
	d := decimalOf(buf[:0], f)
	switch keep := int64(d.point) + places; {
	case keep >= int64(len(d.digits)) || places > 400:
		return f
	case keep <= 0 || places < -400:
		return math.Copysign(0, f)
	default:
		return d.float(int(keep))
	}
}
