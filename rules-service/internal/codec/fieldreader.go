package codec

import (
	"bytes"
	"errors"
)

var errOpenQuote = errors.New("a quote that begins a field has no end")

// fieldReader cuts delimited lines into fields. A field that begins with a
// quote ends with one, and may hold delimiters, line feeds and doubled quotes; a
// quote elsewhere stands for itself.
type fieldReader struct {
	rest      []byte
	delimiter []byte
	open      bool   // a field follows, though nothing may be left
	buf       []byte // of quoted fields that hold quotes
}

func (r *fieldReader) begin(payload []byte) { r.rest, r.open = payload, false }

// more goes to the next line that is not empty.
func (r *fieldReader) more() bool {
	for {
		n := lineEnd(r.rest)
		if n == 0 {
			break
		}
		r.rest = r.rest[n:]
	}
	r.open = len(r.rest) > 0
	return r.open
}

// field returns the next field of the line; last: none follows. It is valid
// until the next call.
func (r *fieldReader) field() (b []byte, last bool, err error) {
	if len(r.rest) > 0 && r.rest[0] == '"' {
		return r.quoted()
	}
	end, next := len(r.rest), len(r.rest)
	if i := bytes.IndexByte(r.rest, '\n'); i >= 0 {
		end, next = i, i+1
	}
	if i := bytes.Index(r.rest[:end], r.delimiter); i >= 0 {
		b, r.rest = r.rest[:i], r.rest[i+len(r.delimiter):]
		return b, false, nil
	}
	b, r.rest, r.open = bytes.TrimSuffix(r.rest[:end], []byte("\r")), r.rest[next:], false
	return b, true, nil
}

func (r *fieldReader) quoted() (b []byte, last bool, err error) {
	r.buf = r.buf[:0]
	for rest := r.rest[1:]; ; {
		i := bytes.IndexByte(rest, '"')
		if i < 0 {
			return nil, true, errOpenQuote
		}
		part, after := rest[:i], rest[i+1:]
		if len(after) > 0 && after[0] == '"' { // doubled
			r.buf = append(append(r.buf, part...), '"')
			rest = after[1:]
			continue
		}
		if n, last := r.fieldEnd(after); n >= 0 {
			r.rest, r.open = after[n:], !last
			r.buf = append(r.buf, part...)
			return r.buf, last, nil
		}
		r.buf = append(append(r.buf, part...), '"')
		rest = after
	}
}

// fieldEnd is the length of the delimiter or line end that b begins with; -1:
// of none.
func (r *fieldReader) fieldEnd(b []byte) (n int, last bool) {
	if bytes.HasPrefix(b, r.delimiter) {
		return len(r.delimiter), false
	}
	if n = lineEnd(b); n > 0 || len(b) == 0 {
		return n, true
	}
	return -1, false
}

// lineEnd is the length of the line end that b begins with.
func lineEnd(b []byte) int {
	switch {
	case len(b) > 0 && b[0] == '\n' || len(b) == 1 && b[0] == '\r':
		return 1
	case len(b) > 1 && b[0] == '\r' && b[1] == '\n':
		return 2
	}
	return 0
}
