package value

import (
	"bytes"
	"encoding/json"
	"math"
	"testing"

	"pgregory.net/rapid"
)

func FuzzAppendJSONString(f *testing.F) {
	for _, s := range []string{"", "a\"b\\c/", "\x00\x1f\b\f\n\r\t\x7f", "<&>", "\u2028\u2029", "é中😀", "\xff\xc0", "a\xe2\x80"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		want, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		if got := AppendJSONString(nil, s); !bytes.Equal(got, want) {
			t.Errorf("%s, want %s", got, want)
		}
	})
}

func FuzzFloatJSON(f *testing.F) {
	for _, x := range []float64{0, math.Copysign(0, -1), 1, -1.5, 0.1, 1e-6, 9.99e-7, 1e-7, 1e-10, 1e20, 1e21, 123456789012345680000, 1.8e306, 5e-324, math.MaxFloat64} {
		f.Add(x)
	}
	f.Fuzz(func(t *testing.T, x float64) {
		want, wantErr := json.Marshal(x)
		got, err := OfFloat(x).AppendJSON(nil)
		if (err == nil) != (wantErr == nil) || err == nil && !bytes.Equal(got, want) {
			t.Errorf("%s, %v; want %s, %v", got, err, want, wantErr)
		}
	})
}

// TestDecimalJSON agrees with encoding/json on numbers as people write them,
// and on their neighbours.
func TestDecimalJSON(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := float64(rapid.Int64Range(-1e16, 1e16).Draw(t, "digits")) / math.Pow10(rapid.IntRange(0, 18).Draw(t, "places"))
		switch rapid.IntRange(0, 3).Draw(t, "neighbour") {
		case 0:
			x = math.Nextafter(x, math.Inf(1))
		case 1:
			x = math.Nextafter(x, math.Inf(-1))
		}
		want, err := json.Marshal(x)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := OfFloat(x).AppendJSON(nil); err != nil || !bytes.Equal(got, want) {
			t.Fatalf("%s, %v; want %s", got, err, want)
		}
	})
}

// TestJSONOfNested agrees with encoding/json on values that it can hold.
func TestJSONOfNested(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := anyValue().Draw(t, "v")
		got, err := v.AppendJSON([]byte("x"))
		want, wantErr := json.Marshal(plain(v))
		if (err == nil) != (wantErr == nil) {
			t.Fatalf("%v; want %v", err, wantErr)
		}
		if err == nil && string(got) != "x"+string(want) {
			t.Fatalf("%s, want %s", got[1:], want)
		}
	})
}

// plain is v as encoding/json takes it.
func plain(v Value) any {
	switch v.Kind() {
	case Bool:
		return v.True()
	case Int:
		return v.Int()
	case Float:
		return v.Float()
	case String:
		return v.Str()
	case Bytes:
		return append([]byte{}, v.Bytes()...)
	case Time:
		return utc(v)
	case List:
		l := []any{}
		for _, e := range v.List() {
			l = append(l, plain(e))
		}
		return l
	case Object:
		m := map[string]any{}
		for i, name := range v.Object().Names {
			m[name] = plain(v.Object().Values[i])
		}
		return m
	}
	return nil
}

func TestJSONErrorsSayWhere(t *testing.T) {
	v := OfObject(FieldsOf([]string{"a"}, []Value{OfList([]Value{OfInt(1), OfFloat(math.Inf(1))})}))
	if _, err := v.AppendJSON(nil); err == nil || err.Error() != "a: [1]: +Inf cannot be written as JSON" {
		t.Errorf("%v", err)
	}
}

func BenchmarkAppendJSON(b *testing.B) {
	v := OfObject(FieldsOf([]string{"device", "temperature", "count"}, []Value{OfString("boiler-1"), OfFloat(25.375), OfInt(42)}))
	buf := make([]byte, 0, 256)
	b.ReportAllocs()
	for b.Loop() {
		var err error
		if buf, err = v.AppendJSON(buf[:0]); err != nil {
			b.Fatal(err)
		}
	}
}
