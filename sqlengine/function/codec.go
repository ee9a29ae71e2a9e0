package function

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
)

// Codec is a method of the functions compress and decompress. Its functions
// may be called by several goroutines and do not keep what they get.
type Codec struct {
	Name     string // lower case
	Compress func([]byte) ([]byte, error)
	// Decompress fails rather than return more than MaxDecompressed bytes.
	Decompress func([]byte) ([]byte, error)
}

// MaxDecompressed bounds what decompress returns, so that a few bytes cannot
// take all memory.
const MaxDecompressed = 64 << 20

// AddCodec registers a method of compress and decompress beside those of the
// standard library. It is called
// before any query of the set is compiled.
func (s *Set) AddCodec(c Codec) error {
	if c.Name == "" || c.Name != strings.ToLower(c.Name) {
		return fmt.Errorf("compression method %q: a name is lower case and not empty", c.Name)
	}
	if c.Compress == nil || c.Decompress == nil {
		return fmt.Errorf("compression method %q has no Compress or no Decompress", c.Name)
	}
	if _, ok := s.codecs[c.Name]; ok {
		return fmt.Errorf("compression method %q is registered twice", c.Name)
	}
	s.codecs[c.Name] = c
	return nil
}

// codec finds a method by name.
func (s *Set) codec(name string) (Codec, error) {
	c, ok := s.codecs[strings.ToLower(name)]
	if !ok {
		return c, fmt.Errorf("there is no compression method %q here, only %s", name, strings.Join(slices.Sorted(maps.Keys(s.codecs)), ", "))
	}
	return c, nil
}

// standardCodecs are the methods of the standard library.
func standardCodecs() []Codec {
	return []Codec{
		{"zlib", compressing(func() resetter { return zlib.NewWriter(io.Discard) }), decompressing(zlib.NewReader, MaxDecompressed)},
		{"gzip", compressing(func() resetter { return gzip.NewWriter(io.Discard) }),
			decompressing(func(r io.Reader) (io.ReadCloser, error) { return gzip.NewReader(r) }, MaxDecompressed)},
		{"flate", compressing(func() resetter {
			w, err := flate.NewWriter(io.Discard, flate.DefaultCompression)
			if err != nil {
				panic(err) // no such level
			}
			return w
		}), decompressing(func(r io.Reader) (io.ReadCloser, error) { return flate.NewReader(r), nil }, MaxDecompressed)},
	}
}

// resetter is a compressor that can be used again.
type resetter interface {
	io.WriteCloser
	Reset(io.Writer)
}

// compressing keeps compressors for later calls: each takes much memory.
func compressing(open func() resetter) func([]byte) ([]byte, error) {
	idle := sync.Pool{New: func() any { return open() }}
	return func(b []byte) ([]byte, error) {
		var out bytes.Buffer
		w := idle.Get().(resetter)
		w.Reset(&out)
		if _, err := w.Write(b); err != nil {
			return nil, err
		}
		if err := w.Close(); err != nil {
			return nil, err
		}
		w.Reset(io.Discard)
		idle.Put(w)
		return out.Bytes(), nil
	}
}

func decompressing(open func(io.Reader) (io.ReadCloser, error), limit int) func([]byte) ([]byte, error) {
	return func(b []byte) ([]byte, error) {
		r, err := open(bytes.NewReader(b))
		if err != nil {
			return nil, err
		}
		out, err := io.ReadAll(io.LimitReader(r, int64(limit)+1))
		if err != nil {
			return nil, err
		}
		if len(out) > limit {
			return nil, fmt.Errorf("more than %d bytes come out", limit)
		}
		return out, r.Close()
	}
}
