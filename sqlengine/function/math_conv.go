package function

import (
	"math"
	"strconv"
	"strings"

	"sluice/sqlengine/value"
)

var conv = &Scalar{
	Name: "conv", Section: mathematics,
	Summary: "A number written in one base (2 to 36) rewritten in another. The longest valid prefix counts, " +
		"0 when there is none; a negative target base means signed, a negative source base stops at the limits of BIGINT; NULL for a base that does not exist.",
	Overloads: []Overload{{
		Params: []Param{Any, Int, Int}, Literals: []int{1, 2}, Result: value.String,
		Call: func(c *Context, args []value.Value) (value.Value, error) {
			s, err := text(c, args[0])
			if err != nil {
				return value.Value{}, err
			}
			from, to := args[1].Int(), args[2].Int()
			if !isBase(from) || !isBase(to) {
				return value.Value{}, nil
			}
			return value.OfString(convert(s, int(from), int(to))), nil
		},
	}},
	Examples: []Example{
		{`conv("a", 16, 2)`, `"1010"`}, {`conv("-17", 10, -18)`, `"-H"`}, {`conv("-17", 10, 18)`, `"2D3FGB0B9CG4BD1H"`},
		{`conv("18446744073709551615", -10, 16)`, `"7FFFFFFFFFFFFFFF"`}, {`conv(255, 10, 16)`, `"FF"`}, {`conv("1", 1, 10)`, `null`},
	},
}

func isBase(n int64) bool {
	if n < 0 {
		n = -n
	}
	return n >= 2 && n <= 36
}

func convert(s string, from, to int) string {
	s = strings.TrimSpace(s)
	digits := strings.TrimLeft(s, "+-")
	negative := len(digits) == len(s)-1 && s[0] == '-'
	if len(digits) < len(s)-1 {
		digits = "" // more than one sign
	}
	n := parsePrefix(digits, uint64(max(from, -from)))
	if from < 0 {
		n = min(n, math.MaxInt64)
	}
	if negative {
		n = -n
	}
	if to < 0 {
		return strings.ToUpper(strconv.FormatInt(int64(n), -to))
	}
	return strings.ToUpper(strconv.FormatUint(n, to))
}

// parsePrefix reads digits as far as they go, up to the largest uint64.
func parsePrefix(s string, base uint64) uint64 {
	n := uint64(0)
	for i := range len(s) {
		d := digit(s[i])
		if d >= base {
			break
		}
		if n > (math.MaxUint64-d)/base {
			return math.MaxUint64
		}
		n = n*base + d
	}
	return n
}

func digit(c byte) uint64 {
	switch {
	case c >= '0' && c <= '9':
		return uint64(c - '0')
	case c >= 'a' && c <= 'z':
		return uint64(c-'a') + 10
	case c >= 'A' && c <= 'Z':
		return uint64(c-'A') + 10
	}
	return math.MaxUint64
}
