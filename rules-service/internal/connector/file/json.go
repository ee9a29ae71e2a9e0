package file

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
)

// jsonRecords are the elements of an array, or values one after the other.
type jsonRecords struct {
	in     *input
	before int64 // bytes in front of what the decoder reads
	dec    *json.Decoder
	begun  bool
	array  bool // its elements are read
	timeAt string
	buf    json.RawMessage
}

func newJSONRecords(in *input, timeAt string) *jsonRecords {
	return &jsonRecords{in: in, dec: json.NewDecoder(in), timeAt: timeAt}
}

func (r *jsonRecords) next(dst []byte) ([]byte, time.Time, error) {
	if err := r.begin(); err != nil {
		return dst, time.Time{}, r.explained(err)
	}
	if r.array && !r.dec.More() {
		if _, err := r.dec.Token(); err != nil {
			return dst, time.Time{}, r.explained(err)
		}
		r.array = false
	}
	if err := r.dec.Decode(&r.buf); err != nil {
		return dst, time.Time{}, r.explained(err)
	}
	r.in.recordEnds()
	return append(dst, r.buf...), timeInJSON(r.buf, r.timeAt), nil
}

// begin finds out whether the file is an array.
func (r *jsonRecords) begin() error {
	if r.begun {
		return nil
	}
	first, err := r.first()
	if err != nil {
		return err
	}
	r.begun, r.array = true, first == '['
	if r.array {
		_, err = r.dec.Token()
	}
	return err
}

// first is the first byte that means something.
func (r *jsonRecords) first() (byte, error) {
	for {
		b, err := r.in.ReadByte()
		switch {
		case err != nil:
			return 0, err
		case b == ' ' || b == '\t' || b == '\r' || b == '\n':
			r.before++
			continue
		}
		return b, r.in.UnreadByte()
	}
}

// offset is how far the file was read.
func (r *jsonRecords) offset() int64 { return r.in.mark + r.before + r.dec.InputOffset() }

// explained says what is wrong with a file that is no JSON, and where.
func (r *jsonRecords) explained(err error) error {
	switch {
	case errors.Is(err, io.EOF) && !r.array, errors.Is(err, errTooLong):
		return err
	case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New("the JSON ends in the middle")
	}
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		return fmt.Errorf("it is no JSON around byte %d: %w", r.offset(), err)
	}
	return err
}
