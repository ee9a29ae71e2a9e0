package codec

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zlib"
	"github.com/klauspost/compress/zstd"
)

// Compressions lists the algorithms.
func Compressions() []string { return []string{"flate", "gzip", "zlib", "zstd"} }

func unknownCompression(name string) error {
	return fmt.Errorf("unknown compression %q; there are %s", name, strings.Join(Compressions(), ", "))
}

// packWriter is what the libraries' writers have in common.
type packWriter interface {
	io.WriteCloser
	Reset(io.Writer)
}

// compressor makes one payload after the other smaller. Its writers need up to
// a megabyte each, so all compressors of an algorithm and level share them.
type compressor struct{ idle *sync.Pool }

// idleWriters are pools by algorithm and level.
var idleWriters sync.Map

type compression struct {
	name  string
	level int
}

func newCompressor(name string, level int) (*compressor, error) {
	if name == "" {
		return nil, nil
	}
	c := compression{name, level}
	if known, ok := idleWriters.Load(c); ok {
		return &compressor{known.(*sync.Pool)}, nil
	}
	w, err := c.writer()
	if err != nil {
		return nil, err
	}
	pool := &sync.Pool{New: func() any {
		w, _ := c.writer() // name and level are right
		return w
	}}
	pool.Put(w)
	known, _ := idleWriters.LoadOrStore(c, pool)
	return &compressor{known.(*sync.Pool)}, nil
}

// writer makes a writer that has nowhere to write to yet. Level 0 is the
// default.
func (c compression) writer() (w packWriter, err error) {
	level := c.level
	if c.name == "zstd" {
		if level < 0 || level > 22 {
			return nil, fmt.Errorf("zstd has no compression level %d; there are 1 to 22", level)
		}
		if level == 0 {
			level = 3
		}
		return zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.EncoderLevelFromZstd(level)), zstd.WithLowerEncoderMem(true))
	}
	if level == 0 {
		level = flate.DefaultCompression
	}
	if level < -2 || level > 9 {
		return nil, fmt.Errorf("%s has no compression level %d; there are 1 to 9", c.name, level)
	}
	switch c.name {
	case "gzip":
		return gzip.NewWriterLevel(nil, level)
	case "zlib":
		return zlib.NewWriterLevel(nil, level)
	case "flate":
		return flate.NewWriter(nil, level)
	}
	return nil, unknownCompression(c.name)
}

func (c *compressor) compress(b []byte) []byte {
	w := c.idle.Get().(packWriter)
	defer c.idle.Put(w)
	var out bytes.Buffer
	w.Reset(&out)
	_, _ = w.Write(b) // nothing fails that goes to memory
	_ = w.Close()
	w.Reset(io.Discard) // it must not keep the buffer
	return out.Bytes()
}

// packReader reads what a packWriter wrote.
type packReader interface{ Read([]byte) (int, error) }

// decompressor makes payloads what they were. It is used by one goroutine.
type decompressor struct {
	name   string
	most   int64      // bytes that a payload may become
	reader packReader // made for the first payload
	in     bytes.Reader
	out    bytes.Buffer
}

func newDecompressor(name string) (*decompressor, error) {
	switch name {
	case "":
		return nil, nil
	case "gzip", "zlib", "flate", "zstd":
		return &decompressor{name: name, most: mostUnpacked}, nil
	}
	return nil, unknownCompression(name)
}

// keptUnpacked is how much memory a decompressor keeps for the next payload.
const keptUnpacked = 256 << 10

// decompress returns what is valid until the next call.
func (d *decompressor) decompress(b []byte) ([]byte, error) {
	if d.out.Cap() > keptUnpacked {
		d.out = bytes.Buffer{}
	}
	d.out.Reset()
	d.in.Reset(b)
	if err := d.reset(); err != nil {
		return nil, unpackError(err)
	}
	n, err := io.Copy(&d.out, io.LimitReader(d.reader, d.most+1))
	if err != nil {
		return nil, unpackError(err)
	}
	if n > d.most {
		return nil, errTooLarge
	}
	return d.out.Bytes(), nil
}

func unpackError(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("the payload ends too early")
	}
	if errors.Is(err, zstd.ErrDecoderSizeExceeded) || errors.Is(err, zstd.ErrWindowSizeExceeded) {
		return errTooLarge
	}
	return err
}

// reset points the reader at d.in.
func (d *decompressor) reset() (err error) {
	switch r := d.reader.(type) {
	case *gzip.Reader:
		return r.Reset(&d.in)
	case *zstd.Decoder:
		return r.Reset(&d.in)
	case interface {
		Reset(io.Reader, []byte) error
	}:
		return r.Reset(&d.in, nil)
	}
	switch d.name {
	case "gzip":
		d.reader, err = asReader(gzip.NewReader(&d.in))
	case "zlib":
		d.reader, err = asReader(zlib.NewReader(&d.in))
	case "flate":
		d.reader = flate.NewReader(&d.in)
	case "zstd":
		d.reader, err = asReader(zstd.NewReader(&d.in, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxMemory(mostUnpacked)))
	}
	return err
}

// asReader keeps a nil pointer from looking like a reader.
func asReader[R packReader](r R, err error) (packReader, error) {
	if err != nil {
		return nil, err
	}
	return r, nil
}
