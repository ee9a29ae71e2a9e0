package file

import (
	"bufio"
	"bytes"
	"compress/flate"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

const (
	longestRecord = 16 << 20 // bytes; what is longer is not read
	inputBuffer   = 64 << 10
	mostIgnored   = 10_000 // lines at the end: they are held back
)

var errTooLong = fmt.Errorf("a record is longer than %d MiB", longestRecord>>20)

// input is the content of a file. A reader of records marks where one ends, so
// that none of them fills the memory.
type input struct {
	*bufio.Reader
	close  []func() error
	source bounded
	mark   int64 // bytes of the mark of UTF-8 at the beginning
}

// openInput opens a file and what it is packed in.
func openInput(path string, c *SourceConfig) (*input, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	in := &input{close: []func() error{f.Close}}
	unpacked, err := in.unpack(f, packing(path, c.Decompression))
	if err != nil {
		return nil, errors.Join(err, in.Close())
	}
	if c.IgnoreStart > 0 || c.IgnoreEnd > 0 {
		unpacked = newTrimmed(unpacked, c.IgnoreStart, c.IgnoreEnd)
	}
	in.source.from = unpacked
	in.Reader = bufio.NewReaderSize(&in.source, inputBuffer)
	if start, err := in.Peek(3); err == nil && bytes.Equal(start, []byte("\xef\xbb\xbf")) {
		_, _ = in.Discard(len(start)) // some programs write it
		in.mark = int64(len(start))
	}
	return in, nil
}

// packing is what a file is packed in.
func packing(path, configured string) string {
	switch {
	case configured != "":
		return configured
	case strings.HasSuffix(path, ".gz"):
		return "gzip"
	case strings.HasSuffix(path, ".zst"):
		return "zstd"
	}
	return "none"
}

func (in *input) unpack(r io.Reader, kind string) (io.Reader, error) {
	switch kind {
	case "gzip":
		z, err := gzip.NewReader(r)
		if errors.Is(err, io.EOF) {
			return r, nil // an empty file
		}
		return z, err
	case "zlib":
		z, err := zlib.NewReader(r)
		if errors.Is(err, io.EOF) {
			return r, nil
		}
		return z, err
	case "flate":
		return flate.NewReader(r), nil
	case "zstd":
		z, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true))
		if err == nil {
			in.close = append(in.close, func() error { z.Close(); return nil })
		}
		return z, err
	}
	return r, nil
}

// recordEnds allows for the next record.
func (in *input) recordEnds() { in.source.since = 0 }

// Close closes the file.
func (in *input) Close() (err error) {
	for _, c := range in.close {
		err = errors.Join(err, c())
	}
	return err
}

// bounded fails when a record is too long.
type bounded struct {
	from  io.Reader
	since int // bytes that were read since a record ended
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.since > longestRecord {
		return 0, errTooLong
	}
	n, err := b.from.Read(p)
	b.since += n
	return n, err
}

// trimmed leaves out lines at the beginning and at the end.
type trimmed struct {
	in    *bufio.Reader
	start int      // lines still to be left out
	end   int      // lines to be held back
	held  [][]byte // of them, with the empty lines in front of each
	ready []byte   // to be read
	err   error
}

func newTrimmed(r io.Reader, start, end int) *trimmed {
	return &trimmed{in: bufio.NewReaderSize(r, inputBuffer), start: start, end: end}
}

func (t *trimmed) Read(p []byte) (int, error) {
	for len(t.ready) == 0 {
		if t.err != nil {
			return 0, t.err
		}
		t.advance()
	}
	n := copy(p, t.ready)
	t.ready = t.ready[n:]
	return n, nil
}

// advance reads a line.
func (t *trimmed) advance() {
	var line []byte
	for {
		part, err := t.in.ReadSlice('\n')
		line = append(line, part...)
		if len(line) > longestRecord {
			err = errTooLong
		}
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		t.err = err
		break
	}
	switch {
	case len(bytes.TrimSpace(line)) == 0:
		return // empty lines mean nothing to any reader
	case t.start > 0:
		t.start--
		return
	case t.end == 0:
		t.ready = line
		return
	}
	t.held = append(t.held, line)
	if len(t.held) > t.end {
		t.ready, t.held = t.held[0], t.held[1:]
	}
}
