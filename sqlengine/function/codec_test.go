package function

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"sluice/sqlengine/value"
)

func mustCodec(t testing.TB, set *Set, name string) Codec {
	t.Helper()
	c, err := set.codec(name)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestCodecsRoundTrip(t *testing.T) {
	set := Builtin()
	for _, name := range []string{"zlib", "gzip", "flate"} {
		c := mustCodec(t, set, name)
		t.Run(name, rapid.MakeCheck(func(t *rapid.T) {
			b := rapid.SliceOf(rapid.Byte()).Draw(t, "b")
			packed, err := c.Compress(b)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := c.Decompress(packed); err != nil || !bytes.Equal(got, b) {
				t.Fatalf("%v became %v, %v", b, got, err)
			}
			if len(packed) > 0 {
				if got, err := c.Decompress(packed[:len(packed)-1]); err == nil && name != "flate" {
					t.Fatalf("without its last byte it is %v", got)
				}
			}
		}))
	}
}

// TestCodecsAreShared: compressors are used again, by one goroutine at a time.
func TestCodecsAreShared(t *testing.T) {
	c := mustCodec(t, Builtin(), "gzip")
	var all sync.WaitGroup
	for i := range 4 {
		all.Go(func() {
			text := bytes.Repeat([]byte{byte('a' + i)}, 1000)
			for range 50 {
				packed, err := c.Compress(text)
				if err != nil {
					t.Error(err)
				}
				if got, err := c.Decompress(packed); err != nil || !bytes.Equal(got, text) {
					t.Errorf("%.10s…, %v", got, err)
				}
			}
		})
	}
	all.Wait()
}

// TestDecompressIsBounded: a few bytes can stand for gigabytes.
func TestDecompressIsBounded(t *testing.T) {
	plain := decompressing(func(r io.Reader) (io.ReadCloser, error) { return io.NopCloser(r), nil }, 4)
	for text, fits := range map[string]bool{"": true, "1234": true, "12345": false} {
		if b, err := plain([]byte(text)); (err == nil) != fits || fits && string(b) != text {
			t.Errorf("%q became %q, %v", text, b, err)
		}
	}
}

func TestAddCodec(t *testing.T) {
	same := func(b []byte) ([]byte, error) { return b, nil }
	set := Builtin()
	for want, c := range map[string]Codec{
		`compression method "gzip" is registered twice`:                 {"gzip", same, same},
		`compression method "": a name is lower case and not empty`:     {"", same, same},
		`compression method "LZ4": a name is lower case and not empty`:  {"LZ4", same, same},
		`compression method "none" has no Compress or no Decompress`:    {Name: "none", Compress: same},
		`compression method "nothing" has no Compress or no Decompress`: {Name: "nothing", Decompress: same},
	} {
		if err := set.AddCodec(c); err == nil || err.Error() != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
	if err := set.AddCodec(Codec{"same", same, same}); err != nil {
		t.Fatal(err)
	}
	ev := &evaluator{set: set, context: testContext()}
	if v, _, err := ev.eval(readExpr(t, `decompress(compress("a", "same"), "SAME")`)); err != nil || string(v.Bytes()) != "a" {
		t.Errorf("%v, %v", v, err)
	}
	if _, err := Builtin().codec("same"); err == nil {
		t.Error("sets share their codecs")
	}
}

// TestUnknownCodec: the error names those that there are, before a row comes
// where the name is a literal.
func TestUnknownCodec(t *testing.T) {
	const want = `there is no compression method "zstd" here, only flate, gzip, zlib`
	for _, name := range []string{"compress", "decompress"} {
		_, err := mustScalar(t, name).Bind([]Arg{{}, literal(value.OfString("zstd"))})
		var bad *BindError
		if !errors.As(err, &bad) || bad.Arg != 1 || bad.Msg != want {
			t.Errorf("%v, want %s", err, want)
		}
		b, err := mustScalar(t, name).Bind([]Arg{{}, {}})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := b.Call(testContext(), []value.Value{value.OfString("a"), value.OfString("zstd")}); err == nil || err.Error() != name+": "+want {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

func TestCompressOfColumns(t *testing.T) {
	checkCalls(t, testContext(), `{"s": "hello", "m": "zlib", "n": null, "a": [], "i": 1, "bad": "eJw="}`, map[string]string{
		`cast(decompress(compress(s, m), m), "string")`: `"hello"`, `compress(n, m)`: `null`, `compress(s, n)`: `null`, `decompress(n, "gzip")`: `null`,
		`decompress(s, "zlib")`: `error`, `compress(i, "gzip")`: `error`, `compress(a, "gzip")`: `error`, `decompress(decode(bad, "base64"), "zlib")`: `error`,
		`decompress(decode(bad, "base64"), "gzip")`: `error`,
	})
}

func TestReservedNames(t *testing.T) {
	for _, name := range strings.Fields("bypass inc_avg inc_collect inc_count inc_last_value INC_MAX inc_merge_agg inc_min inc_sum") {
		if !Reserved(name) {
			t.Errorf("%s is not reserved", name)
		}
	}
	for _, name := range []string{"avg", "inc_", "incsum"} {
		if Reserved(name) {
			t.Errorf("%s is reserved", name)
		}
	}
	err := NewSet().Add(&Scalar{Name: "bypass", Overloads: pi.Overloads})
	if err == nil || err.Error() != `function "bypass": the name is reserved` {
		t.Errorf("%v", err)
	}
}
