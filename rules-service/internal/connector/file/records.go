package file

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"time"

	"sluice/rules-service/internal/codec"
)

// records reads the records of a file.
type records interface {
	// next appends the payload of a record to dst. at is its time if one is
	// wanted and there. io.EOF: there is none. A *skipped is one that cannot be
	// read; any other error ends the file.
	next(dst []byte) (payload []byte, at time.Time, err error)
}

// skipped is a record that cannot be read; the next one can.
type skipped struct{ err error }

func (s *skipped) Error() string { return s.err.Error() }

func newRecords(in *input, c *SourceConfig) (records, error) {
	switch c.FileType {
	case typeCSV:
		return newCSVRecords(in, c)
	case typeLines:
		return &lineRecords{in: in, timeAt: c.ReplayField}, nil
	}
	return newJSONRecords(in, c.ReplayField), nil
}

// lineRecords are lines.
type lineRecords struct {
	in     *input
	timeAt string // path to the time; "": it is not wanted
	number int
}

func (r *lineRecords) next(dst []byte) ([]byte, time.Time, error) {
	for {
		out, err := r.line(dst)
		line := out[len(dst):]
		switch {
		case errors.Is(err, errTooLong):
			return dst, time.Time{}, fmt.Errorf("line %d: %w", r.number, err)
		case err != nil && (!errors.Is(err, io.EOF) || len(line) == 0):
			return dst, time.Time{}, err
		case len(line) > 0:
			return out, timeInJSON(line, r.timeAt), nil
		}
	}
}

// line appends a line without its end.
func (r *lineRecords) line(dst []byte) ([]byte, error) {
	r.number++
	start := len(dst)
	for {
		part, err := r.in.ReadSlice('\n')
		dst = append(dst, part...)
		if err == nil {
			r.in.recordEnds()
			dst = dst[:len(dst)-1]
			if end := len(dst) - 1; end >= start && dst[end] == '\r' {
				dst = dst[:end]
			}
			return dst, nil
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return dst, err
		}
	}
}

// timeInJSON is the time of a row in JSON.
func timeInJSON(payload []byte, path string) time.Time {
	if path == "" {
		return time.Time{}
	}
	v, err := codec.ParseJSON(payload)
	if err != nil {
		return time.Time{}
	}
	return timeOf(fieldAt(v, path))
}
