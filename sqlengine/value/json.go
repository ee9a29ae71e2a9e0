package value

import (
	"encoding/base64"
	"fmt"
	"math"
	"strconv"
	"time"
	"unicode/utf8"
)

// AppendJSON appends the JSON form of v to dst: objects with sorted keys,
// BYTEA as base64, DATETIME as RFC 3339 in UTC or its own zone, floats in their shortest exact
// form, and <, >, & escaped, as the dialect has it. It fails on NaN and
// infinities, which JSON cannot write.
func (v Value) AppendJSON(dst []byte) ([]byte, error) {
	switch v.kind {
	case Bool:
		return strconv.AppendBool(dst, v.num == 1), nil
	case Int:
		return strconv.AppendInt(dst, v.Int(), 10), nil
	case Float:
		return appendFloat(dst, v.Float())
	case String:
		return AppendJSONString(dst, v.Str()), nil
	case Bytes:
		dst = append(dst, '"')
		dst = base64.StdEncoding.AppendEncode(dst, v.Bytes())
		return append(dst, '"'), nil
	case Time:
		zone := v.Zone()
		if zone == nil {
			zone = time.UTC
		}
		dst = append(dst, '"')
		dst = time.Unix(0, v.Time()).In(zone).AppendFormat(dst, time.RFC3339Nano)
		return append(dst, '"'), nil
	case List:
		return appendList(dst, v.List())
	case Object:
		return appendObject(dst, v.Object())
	}
	return append(dst, "null"...), nil
}

func appendList(dst []byte, l []Value) ([]byte, error) {
	dst = append(dst, '[')
	var err error
	for i, e := range l {
		if i > 0 {
			dst = append(dst, ',')
		}
		if dst, err = e.AppendJSON(dst); err != nil {
			return dst, fmt.Errorf("[%d]: %w", i, err)
		}
	}
	return append(dst, ']'), nil
}

func appendObject(dst []byte, f *Fields) ([]byte, error) {
	dst = append(dst, '{')
	var err error
	for i, name := range f.Names {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(AppendJSONString(dst, name), ':')
		if dst, err = f.Values[i].AppendJSON(dst); err != nil {
			return dst, fmt.Errorf("%s: %w", name, err)
		}
	}
	return append(dst, '}'), nil
}

// appendFloat writes what encoding/json writes: no exponent between 1e-6 and
// 1e21, and no zero in front of an exponent's digit.
func appendFloat(dst []byte, f float64) ([]byte, error) {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return dst, fmt.Errorf("%v cannot be written as JSON", f)
	}
	abs := math.Abs(f)
	if n := uint64(abs*1000 + 0.5); abs < 1e12 && n > 0 && float64(n)/1000 == abs {
		return appendThousandths(dst, n, f < 0), nil
	}
	if abs == 0 || abs >= 1e-6 && abs < 1e21 {
		return strconv.AppendFloat(dst, f, 'f', -1, 64), nil
	}
	dst = strconv.AppendFloat(dst, f, 'e', -1, 64)
	if n := len(dst); n >= 4 && dst[n-4] == 'e' && dst[n-3] == '-' && dst[n-2] == '0' {
		dst[n-2] = dst[n-1]
		dst = dst[:n-1]
	}
	return dst, nil
}

// appendThousandths writes a number of at most three decimals, which most
// measurements are, three times as fast as strconv. Of no more than 15 digits
// in all it is the shortest form of its float64.
func appendThousandths(dst []byte, n uint64, negative bool) []byte {
	if negative {
		dst = append(dst, '-')
	}
	dst = strconv.AppendUint(dst, n/1000, 10)
	rest := n % 1000
	if rest == 0 {
		return dst
	}
	dst = append(dst, '.', byte('0'+rest/100), byte('0'+rest/10%10), byte('0'+rest%10))
	for dst[len(dst)-1] == '0' {
		dst = dst[:len(dst)-1]
	}
	return dst
}

const hexDigits = "0123456789abcdef"

// AppendJSONString appends s as a JSON string. Bytes that are not UTF-8 become
// U+FFFD.
func AppendJSONString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(s[i:])
			switch {
			case r == utf8.RuneError && size == 1:
				dst = append(append(dst, s[start:i]...), `\ufffd`...)
			case r == '\u2028' || r == '\u2029':
				dst = append(append(dst, s[start:i]...), `\u202`...)
				dst = append(dst, hexDigits[r&0xf])
			default:
				i += size
				continue
			}
			i += size
			start = i
			continue
		}
		if c >= 0x20 && c != '"' && c != '\\' && c != '<' && c != '>' && c != '&' {
			i++
			continue
		}
		dst = append(dst, s[start:i]...)
		switch c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\b':
			dst = append(dst, `\b`...)
		case '\f':
			dst = append(dst, `\f`...)
		case '\n':
			dst = append(dst, `\n`...)
		case '\r':
			dst = append(dst, `\r`...)
		case '\t':
			dst = append(dst, `\t`...)
		default:
			dst = append(dst, `\u00`...)
			dst = append(dst, hexDigits[c>>4], hexDigits[c&0xf])
		}
		i++
		start = i
	}
	return append(append(dst, s[start:]...), '"')
}
