package edgex

import (
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"testing"

	"pgregory.net/rapid"
)

func TestText(t *testing.T) {
	for _, c := range []struct {
		in   any
		want string
	}{
		{true, "true"}, {"a b", "a b"}, {0.1, "0.1"}, {1.0 / 3, "0.3333333333333333"}, {float32(0.1), "0.1"}, {100000.0, "100000"},
		{1e21, "1e+21"}, {math.Inf(-1), "-Inf"}, {int8(-128), "-128"}, {uint64(math.MaxUint64), "18446744073709551615"},
		{int16(1), "1"}, {int32(2), "2"}, {int64(3), "3"}, {uint8(4), "4"}, {uint16(5), "5"}, {uint32(6), "6"},
		{[]float64{0.1, 2}, "[0.1, 2]"}, {[]float32{0.1}, "[0.1]"}, {[]bool{true, false}, "[true, false]"}, {[]uint8{1, 2}, "[1, 2]"},
		{[]int8{-1}, "[-1]"}, {[]int16{-1}, "[-1]"}, {[]int32{-1}, "[-1]"}, {[]int64{-1}, "[-1]"},
		{[]uint16{1}, "[1]"}, {[]uint32{1}, "[1]"}, {[]uint64{1}, "[1]"}, {[]float64{}, "[]"},
		{[]string{"a b", `c"d`, ","}, `["a b", "c\"d", ","]`},
	} {
		if got, err := text(c.in); err != nil || got != c.want {
			t.Errorf("text(%#v) = %q, %v, want %q", c.in, got, err, c.want)
		}
	}
	for _, bad := range []any{nil, struct{}{}, map[string]any{}, 1} {
		if got, err := text(bad); err == nil {
			t.Errorf("text(%#v) = %q", bad, got)
		}
	}
}

func TestTextIsExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := rapid.Float64().Draw(t, "f")
		s, err := text(f)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := strconv.ParseFloat(s, 64); err != nil || got != f {
			t.Fatalf("%v as %q reads as %v, %v", f, s, got, err)
		}
		words := rapid.SliceOf(rapid.String()).Draw(t, "words")
		if s, err = text(words); err != nil {
			t.Fatal(err)
		}
		var got []string
		if err := json.Unmarshal([]byte(s), &got); err != nil || !slices.Equal(got, words) {
			t.Fatalf("%q as %s reads as %q, %v", words, s, got, err)
		}
	})
}
