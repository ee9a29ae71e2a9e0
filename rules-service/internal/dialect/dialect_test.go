package dialect

import (
	"bytes"
	"testing"

	"sluice/sqlengine/function"
	"sluice/sqlengine/value"
)

func call(t *testing.T, name string, args ...value.Value) (value.Value, error) {
	t.Helper()
	f, ok := Functions().Scalar(name)
	if !ok {
		t.Fatalf("no function %s", name)
	}
	known := make([]function.Arg, len(args))
	for i, v := range args {
		known[i] = function.Arg{Kind: v.Kind(), Literal: i > 0, Value: v}
	}
	b, err := f.Bind(known)
	if err != nil {
		return value.Value{}, err
	}
	return b.Call(&function.Context{}, args)
}

func TestZstd(t *testing.T) {
	text, zstd := bytes.Repeat([]byte("boiler "), 1000), value.OfString("zstd")
	packed, err := call(t, "compress", value.OfBytes(text), zstd)
	if err != nil || len(packed.Bytes()) > len(text)/10 {
		t.Fatalf("%d bytes, %v", len(packed.Bytes()), err)
	}
	if got, err := call(t, "decompress", packed, zstd); err != nil || !bytes.Equal(got.Bytes(), text) {
		t.Errorf("%.20s…, %v", got.Bytes(), err)
	}
	if v, err := call(t, "decompress", value.OfString("hello"), zstd); err == nil {
		t.Errorf("text that is not compressed gives %v", v)
	}
}

// TestZstdIsBounded: a few bytes can stand for gigabytes.
func TestZstdIsBounded(t *testing.T) {
	zstd := value.OfString("zstd")
	packed, err := call(t, "compress", value.OfBytes(make([]byte, function.MaxDecompressed+1)), zstd)
	if err != nil {
		t.Fatal(err)
	}
	if v, err := call(t, "decompress", packed, zstd); err == nil {
		t.Errorf("%d bytes came out", len(v.Bytes()))
	}
}

// TestTheStandardCodecsStay: zstd comes beside them.
func TestTheStandardCodecsStay(t *testing.T) {
	for _, name := range []string{"zlib", "gzip", "flate"} {
		if _, err := call(t, "compress", value.OfString("a"), value.OfString(name)); err != nil {
			t.Error(err)
		}
	}
}
