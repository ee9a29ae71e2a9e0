package operator

import (
	"errors"
	"math/big"
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"sluice/sqlengine/value"
)

// anyInt draws numbers near the bounds often.
var anyInt = rapid.OneOf(rapid.Int64(), rapid.SampledFrom([]int64{0, 1, -1, 2, 1 << 62, -1 << 63, 1<<63 - 1, 1 << 32}))

func TestIntegersMatchBigIntegers(t *testing.T) {
	exact := map[string]struct {
		apply func(a, b value.Value) (value.Value, error)
		model func(z, x, y *big.Int) *big.Int
	}{
		"+": {Add, (*big.Int).Add}, "-": {Subtract, (*big.Int).Sub}, "*": {Multiply, (*big.Int).Mul},
		"/": {Divide, (*big.Int).Quo}, "%": {Modulo, (*big.Int).Rem},
	}
	for name, op := range exact {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				x, y := anyInt.Draw(t, "x"), anyInt.Draw(t, "y")
				got, err := op.apply(value.OfInt(x), value.OfInt(y))
				if (name == "/" || name == "%") && y == 0 {
					if !errors.Is(err, ErrDivideZero) {
						t.Fatalf("%d %s 0: %v", x, name, err)
					}
					return
				}
				want := op.model(new(big.Int), big.NewInt(x), big.NewInt(y))
				if !want.IsInt64() {
					if !errors.Is(err, ErrOverflow) {
						t.Fatalf("%d %s %d: %v, want overflow", x, name, y, err)
					}
					return
				}
				if err != nil || got.Kind() != value.Int || got.Int() != want.Int64() {
					t.Fatalf("%d %s %d = %v %v, want %v", x, name, y, got.Int(), err, want)
				}
			})
		})
	}
}

func TestLikeMatchesRegexp(t *testing.T) {
	letter := rapid.SampledFrom([]string{"a", "b", "é", "\n", "%", "_", `\%`, `\_`, `\\`, ".", "+"})
	rapid.Check(t, func(t *rapid.T) {
		pattern := rapid.SliceOfN(letter, 0, 8).Draw(t, "pattern")
		text := strings.Join(rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "é", "\n", "%", "_", `\`, ".", "+"}), 0, 8).Draw(t, "text"), "")
		re := "(?s)^"
		for _, p := range pattern {
			switch p {
			case "%":
				re += ".*"
			case "_":
				re += "."
			default:
				re += regexp.QuoteMeta(strings.TrimPrefix(p, `\`))
			}
		}
		want := regexp.MustCompile(re + "$").MatchString(text)
		if got := NewPattern(strings.Join(pattern, "")).Match(text); got != want {
			t.Fatalf("%q LIKE %q: %v, want %v", text, strings.Join(pattern, ""), got, want)
		}
	})
}

func TestSlice(t *testing.T) {
	list := value.OfList([]value.Value{value.OfInt(0), value.OfInt(1), value.OfInt(2)})
	for _, tc := range []struct {
		low, high value.Value
		want      string
	}{
		{value.Missing, value.Missing, "[0,1,2]"},
		{value.OfInt(1), value.Missing, "[1,2]"},
		{value.OfInt(0), value.OfInt(-1), "[0,1]"},
		{value.OfInt(-2), value.OfInt(3), "[1,2]"},
		{value.OfFloat(1), value.OfInt(2), "[1]"},
		{value.OfInt(2), value.OfInt(2), "error"},
		{value.OfInt(0), value.OfInt(4), "error"},
		{value.OfInt(-4), value.OfInt(2), "error"},
		{value.Value{}, value.OfInt(2), "error"},
		{value.OfString("0"), value.OfInt(2), "error"},
	} {
		got := "error"
		if v, err := Slice(list, tc.low, tc.high); err == nil {
			text, _ := v.AppendJSON(nil)
			got = string(text)
		}
		if got != tc.want {
			t.Errorf("[%v:%v]: %s, want %s", tc.low, tc.high, got, tc.want)
		}
	}
	if v, err := Slice(value.Value{}, value.Missing, value.Missing); err != nil || !v.IsNull() {
		t.Errorf("slice of NULL: %v %v", v, err)
	}
}
