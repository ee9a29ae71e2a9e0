package journal

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// chunk is one file of a log. Its name is the offset of its first record.
type chunk struct {
	first Offset
	path  string
	file  *os.File
	size  int64 // of what is committed
	born  time.Time

	spoilt bool // a write has failed, and something may stand beyond the end

	// Where the record of an offset begins, for the reader who goes on where it
	// stopped.
	nextOffset Offset
	nextAt     int64

	damagedTo int64 // damage in front of it has been counted
}

const chunkSuffix = ".log"

func chunkPath(dir string, first Offset) string {
	return filepath.Join(dir, fmt.Sprintf("%020d%s", first, chunkSuffix))
}

// chunkName reads the offset from the name of a file; false: it is no chunk.
func chunkName(name string) (Offset, bool) {
	digits, ok := strings.CutSuffix(name, chunkSuffix)
	if !ok {
		return 0, false
	}
	n, err := strconv.ParseUint(digits, 10, 64)
	return Offset(n), err == nil && len(digits) == 20
}

func createChunk(dir string, first Offset) (*chunk, error) {
	path := chunkPath(dir, first)
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, fileMode)
	if err != nil {
		return nil, err
	}
	return &chunk{first: first, path: path, file: f, born: time.Now(), nextOffset: first}, nil
}

func openChunk(dir string, first Offset) (*chunk, error) {
	path := chunkPath(dir, first)
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	c := &chunk{first: first, path: path, file: f, size: info.Size(), born: info.ModTime(), nextOffset: first}
	if r, err := c.scan(func(Record) bool { return false }); err != nil {
		return nil, errors.Join(err, f.Close())
	} else if r.found {
		c.born = r.firstTime
	}
	return c, nil
}

// scanned is what a pass over a chunk has met.
type scanned struct {
	found     bool
	firstTime time.Time
	end       int64 // behind the last record that was read
}

// scan calls visit for the records from the start of the chunk until it
// returns false.
func (c *chunk) scan(visit func(Record) bool) (scanned, error) {
	var s scanned
	r := newReader(c, 0, c.first)
	for {
		rec, err := r.next()
		if errors.Is(err, io.EOF) {
			return s, nil
		}
		if err != nil {
			return s, err
		}
		if !s.found {
			s.found, s.firstTime = true, rec.Time
		}
		s.end = r.at
		if !visit(rec) {
			return s, nil
		}
	}
}

// reader reads the records of a chunk from a position on.
type reader struct {
	c       *chunk
	at      int64 // behind the last record returned
	buf     []byte
	pos     int     // of the next record in buf
	base    int64   // of buf in the file
	least   Offset  // of the next record: what has a smaller one was not written there
	damages []int64 // where the stretches end that were skipped
}

const readAhead = 64 << 10

func newReader(c *chunk, at int64, least Offset) *reader {
	return &reader{c: c, at: at, base: at, least: least}
}

// next returns the next record, whose payload is valid until the following
// call, or io.EOF. Damage is skipped up to the next record that is whole.
func (r *reader) next() (Record, error) {
	damaged := false
	for {
		rec, n, v := parseRecord(r.buf[r.pos:])
		switch v {
		case whole:
			if rec.Offset < r.least {
				damaged = true
				r.pos += n
				continue
			}
			r.least = rec.Offset + 1
			if damaged {
				r.damages = append(r.damages, r.base+int64(r.pos))
			}
			r.pos += n
			r.at = r.base + int64(r.pos)
			return rec, nil
		case cut:
			more, err := r.fill(n)
			if err != nil {
				return Record{}, err
			}
			if more {
				continue
			}
			if r.pos >= len(r.buf) {
				if damaged {
					r.damages = append(r.damages, r.base+int64(r.pos))
				}
				return Record{}, io.EOF
			}
		}
		damaged = true
		r.pos += r.resync()
	}
}

// fill reads on until the buffer holds want bytes behind the position, or some
// more when that is not known; false: there is no more.
func (r *reader) fill(want int) (bool, error) {
	r.buf = append(r.buf[:0], r.buf[r.pos:]...)
	r.base += int64(r.pos)
	r.pos = 0
	have := len(r.buf)
	left := r.c.size - r.base - int64(have)
	n := min(int64(max(want-have, readAhead)), left)
	if n <= 0 {
		return false, nil
	}
	r.buf = append(r.buf, make([]byte, n)...)
	read, err := r.c.file.ReadAt(r.buf[have:], r.base+int64(have))
	r.buf = r.buf[:have+read]
	if err != nil && !errors.Is(err, io.EOF) {
		return false, fmt.Errorf("read %s: %w", r.c.path, err)
	}
	return read > 0, nil
}

// resync is how many bytes to skip to the next place that may be a record.
func (r *reader) resync() int {
	rest := r.buf[r.pos:]
	if i := bytes.Index(rest[1:], magic[:]); i >= 0 {
		return i + 1
	}
	// The magic may be cut by the end of the buffer.
	return max(1, len(rest)-len(magic)+1)
}

// clean cuts off what stands beyond the end.
func (c *chunk) clean() error {
	err := c.file.Truncate(c.size)
	c.spoilt = err != nil
	return err
}

// remove closes and deletes the file.
func (c *chunk) remove() error {
	return errors.Join(c.file.Close(), os.Remove(c.path))
}
