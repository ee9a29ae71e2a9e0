package codec

import (
	"bytes"
	stdflate "compress/flate"
	stdgzip "compress/gzip"
	stdzlib "compress/zlib"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"sluice/sqlengine/value"
)

// references read what was compressed with the libraries that others use.
var references = map[string]func(io.Reader) (io.Reader, error){
	"gzip":  func(r io.Reader) (io.Reader, error) { return stdgzip.NewReader(r) },
	"zlib":  func(r io.Reader) (io.Reader, error) { return stdzlib.NewReader(r) },
	"flate": func(r io.Reader) (io.Reader, error) { return stdflate.NewReader(r), nil },
	"zstd": func(r io.Reader) (io.Reader, error) {
		return zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(1<<30))
	},
}

func referenceRead(name string, b []byte) ([]byte, error) {
	r, err := references[name](bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}

func TestCompressions(t *testing.T) {
	payload := []byte(strings.Repeat(`{"device":"boiler-1","temperature":81.5}`, 100))
	for _, name := range Compressions() {
		for _, level := range []int{0, 1, 9} {
			c, err := newCompressor(name, level)
			if err != nil {
				t.Fatal(err)
			}
			for range 2 { // its writer is used again
				small := c.compress(payload)
				if len(small) > len(payload)/10 {
					t.Errorf("%s, level %d: %d bytes of %d", name, level, len(small), len(payload))
				}
				if back, err := referenceRead(name, small); err != nil || !bytes.Equal(back, payload) {
					t.Errorf("%s, level %d: %v", name, level, err)
				}
			}
		}
	}
}

// FuzzDecompress: what we compress comes back; what we read of noise, the
// reference reads as well, and the other way round.
func FuzzDecompress(f *testing.F) {
	for i, name := range Compressions() {
		c, _ := newCompressor(name, 0)
		f.Add(byte(i), c.compress([]byte("hello, hello, hello")))
		f.Add(byte(i), []byte("noise"))
	}
	f.Add(byte(1), []byte{})
	f.Fuzz(func(t *testing.T, which byte, in []byte) {
		name := Compressions()[int(which)%len(Compressions())]
		c, err := newCompressor(name, 0)
		if err != nil {
			t.Fatal(err)
		}
		d, err := newDecompressor(name)
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if back, err := d.decompress(c.compress(in)); err != nil || !bytes.Equal(back, in) {
				t.Fatalf("%s: %x, %v", name, back, err)
			}
			got, err := d.decompress(in)
			want, wrong := referenceRead(name, in)
			if (err == nil) != (wrong == nil) && !errors.Is(err, errTooLarge) {
				t.Fatalf("%s: %v; the reference says %v", name, err, wrong)
			}
			if err == nil && !bytes.Equal(got, want) {
				t.Fatalf("%s: %x, want %x", name, got, want)
			}
		}
	})
}

// A small payload must not fill the memory.
func TestDecompressionIsBounded(t *testing.T) {
	for _, name := range Compressions() {
		c, _ := newCompressor(name, 1)
		d, _ := newDecompressor(name)
		if d.most != mostUnpacked {
			t.Errorf("%s: a payload may become %d bytes", name, d.most)
		}
		d.most = 1 << 20
		if _, err := d.decompress(c.compress(make([]byte, d.most))); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := d.decompress(c.compress(make([]byte, d.most+1))); !errors.Is(err, errTooLarge) {
			t.Errorf("%s: %v", name, err)
		}
		if back, err := d.decompress(c.compress([]byte("x"))); err != nil || string(back) != "x" {
			t.Errorf("%s: afterwards %q, %v", name, back, err)
		}
	}
}

func TestUnpacking(t *testing.T) {
	packing := Packing{Compression: "gzip", Encryption: "aes", AES: AES{Key: []byte("0123456789abcdef")}}
	p, err := NewPacker(packing)
	if err != nil {
		t.Fatal(err)
	}
	s := fields("a")
	d := decoder(t, "json", s, DecoderOptions{Form: &Form{Packing: packing}})
	for in, want := range map[string]string{
		string(p.Pack([]byte(`{"a":1}`))): "FLOAT 1",
		`{"a":1}`:                         "error: decrypt: the payload was not encrypted with this key and these encProps",
		strings.Repeat("x", 40):           "error: decompress gzip: gzip: invalid header",
	} {
		if got := decoded(t, d, s, in); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	d = decoder(t, "json", s, DecoderOptions{Form: &Form{Packing: Packing{Compression: "zlib"}}})
	if got, want := decoded(t, d, s, "x"), "error: decompress zlib: the payload ends too early"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func BenchmarkGzip(b *testing.B) {
	payload := []byte(strings.Repeat(`{"device":"boiler-1","temperature":81.5,"humidity":45.25}`, 10))
	b.Run("sluice", func(b *testing.B) {
		c, err := newCompressor("gzip", 0)
		if err != nil {
			b.Fatal(err)
		}
		b.ReportAllocs()
		for b.Loop() {
			c.compress(payload)
		}
	})
	b.Run("compress/gzip", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			var out bytes.Buffer
			w := stdgzip.NewWriter(&out)
			_, _ = w.Write(payload)
			_ = w.Close()
		}
	})
}

func BenchmarkGunzip(b *testing.B) {
	c, _ := newCompressor("gzip", 0)
	packed := c.compress([]byte(`{"device":"boiler-1","temperature":81.5,"humidity":45.25}`))
	d := decoder(b, "json", fields("temperature"), DecoderOptions{Form: &Form{Packing: Packing{Compression: "gzip"}}})
	var rows []value.Row
	b.ReportAllocs()
	for b.Loop() {
		rows, _ = d.Decode(rows[:0], packed, nil, 7)
	}
}
