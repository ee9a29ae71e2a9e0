package value

import (
	"bytes"
	"math"
	"testing"

	"pgregory.net/rapid"
)

// TestEqualityAgrees: Equal, Compare and AppendKey are one notion of equality.
func TestEqualityAgrees(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := anyValue().Draw(t, "a"), anyValue().Draw(t, "b")
		for _, p := range [][2]Value{{a, b}, {a, a}} {
			x, y := p[0], p[1]
			equal := Equal(x, y)
			if Equal(y, x) != equal {
				t.Fatalf("Equal is not symmetric on %v and %v", x, y)
			}
			if same := bytes.Equal(AppendKey(nil, x), AppendKey(nil, y)); same != equal {
				t.Fatalf("equal: %v, keys equal: %v", equal, same)
			}
			c, ok := Compare(x, y)
			if d, back := Compare(y, x); back != ok || d != -c {
				t.Fatalf("Compare gives %d, %v and the other way %d, %v", c, ok, d, back)
			}
			if ok && (c == 0) != equal {
				t.Fatalf("Compare gives %d, Equal %v", c, equal)
			}
		}
		if !Equal(a, a) {
			t.Fatalf("%v differs from itself", a)
		}
	})
}

// TestOrderIsTransitive over pairs that have an order.
func TestOrderIsTransitive(t *testing.T) {
	number := rapid.OneOf(rapid.Map(rapid.Int64(), OfInt), rapid.Map(rapid.Float64(), OfFloat),
		rapid.SampledFrom([]Value{OfInt(1 << 53), OfInt(1<<53 + 1), OfFloat(1 << 53), OfFloat(math.NaN()), OfFloat(math.Inf(1)), OfFloat(math.Inf(-1))}))
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := number.Draw(t, "a"), number.Draw(t, "b"), number.Draw(t, "c")
		ab, _ := Compare(a, b)
		bc, _ := Compare(b, c)
		ac, _ := Compare(a, c)
		if ab <= 0 && bc <= 0 && (ac > 0 || ac == 0 && (ab < 0 || bc < 0)) {
			t.Fatalf("a to b %d, b to c %d, a to c %d", ab, bc, ac)
		}
	})
}

// TestKeysArePrefixFree: a key that is built of two is not that of two others.
func TestKeysArePrefixFree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := anyValue().Draw(t, "a"), anyValue().Draw(t, "b")
		k, l := AppendKey(nil, a), AppendKey(nil, b)
		if !Equal(a, b) && (bytes.HasPrefix(k, l) || bytes.HasPrefix(l, k)) {
			t.Fatalf("%x and %x", k, l)
		}
	})
}

func TestCompareNumbersExactly(t *testing.T) {
	for _, c := range []struct {
		i    int64
		f    float64
		want int
	}{
		{1, 1, 0}, {1, 1.5, -1}, {2, 1.5, 1}, {-1, -1.5, 1}, {-2, -1.5, -1}, {1<<53 + 1, 1 << 53, 1}, {math.MaxInt64, 1 << 63, -1},
		{math.MinInt64, -1 << 63, 0}, {math.MinInt64, -1 << 62, -1}, {0, math.Inf(1), -1}, {0, math.Inf(-1), 1}, {0, math.Copysign(0, -1), 0}, {0, math.NaN(), 1},
	} {
		if got, ok := Compare(OfInt(c.i), OfFloat(c.f)); !ok || got != c.want {
			t.Errorf("%d and %v: %d, %v; want %d", c.i, c.f, got, ok, c.want)
		}
	}
}

// TestNoOrder: the pairs that cannot be ordered.
func TestNoOrder(t *testing.T) {
	for _, p := range [][2]Value{
		{{}, {}}, {Missing, OfInt(1)}, {OfInt(1), OfString("1")}, {OfInt(1), OfTime(1)}, {OfString("a"), OfBytes([]byte("a"))},
		{OfList(nil), OfList(nil)}, {OfObject(nil), OfObject(nil)}, {OfBool(true), OfInt(1)},
	} {
		if c, ok := Compare(p[0], p[1]); ok {
			t.Errorf("%s and %s have the order %d", p[0].Kind(), p[1].Kind(), c)
		}
	}
}

// TestNaNIsOneKey: whatever its bits, so that it forms one group.
func TestNaNIsOneKey(t *testing.T) {
	a, b := OfFloat(math.NaN()), OfFloat(math.Float64frombits(0xfff8000000000001))
	if !Equal(a, b) || !bytes.Equal(AppendKey(nil, a), AppendKey(nil, b)) {
		t.Error("NaNs differ")
	}
}
