package file

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
)

// resume goes on with a file that may be there, perhaps of a process that ended
// while it wrote.
func (o *output) resume() error {
	err := o.openExisting()
	var torn *tornError
	if !errors.As(err, &torn) {
		return err
	}
	aside := o.path + ".aside-" + strconv.FormatInt(time.Now().UnixMilli(), 10)
	o.sink.log.Warn("nothing can be added to a file; it is put aside and another one is begun", "file", o.path, "aside", aside, "reason", torn.reason)
	if err := os.Rename(o.path, aside); err != nil {
		return err
	}
	o.end, o.columns = 0, nil
	return o.openExisting()
}

// tornError is that of a file to which nothing can be added.
type tornError struct{ reason error }

func (t *tornError) Error() string { return t.reason.Error() }

func (o *output) openExisting() error {
	f, err := os.OpenFile(o.path, os.O_CREATE|os.O_RDWR, 0o640)
	if err != nil {
		return err
	}
	o.opened(f)
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New("it is no ordinary file")
	}
	if err == nil && info.Size() == 0 {
		return syncFolder(o.path)
	}
	if err == nil {
		err = o.inspect(info.Size())
	}
	if err != nil {
		o.close()
		return err
	}
	o.empty = false
	return nil
}

// inspect finds the end of what is in the file.
func (o *output) inspect(size int64) error {
	c := &o.sink.config
	if o.sink.packer != nil {
		if err := readable(o.path); err != nil {
			return &tornError{err}
		}
	}
	o.end = size - int64(len(o.tail))
	switch c.FileType {
	case typeJSON:
		if o.endsWithTail() {
			return nil
		}
		if o.sink.packer != nil {
			return &tornError{errors.New("the end of the array is missing")}
		}
		return o.cut(size)
	case typeCSV:
		var err error
		if o.columns, err = o.header(); err != nil {
			return &tornError{fmt.Errorf("header: %w", err)}
		}
	}
	if o.sink.packer == nil {
		return o.endLine()
	}
	return nil
}

func (o *output) endsWithTail() bool {
	end := make([]byte, len(o.tail))
	if o.end < 0 {
		return false
	}
	n, _ := o.file.ReadAt(end, o.end)
	return n == len(end) && string(end) == string(o.tail)
}

// endLine ends a line that was being written.
func (o *output) endLine() error {
	last := make([]byte, 1)
	if _, err := o.file.ReadAt(last, o.end-1); err != nil {
		return err
	}
	if last[0] == '\n' {
		return nil
	}
	if _, err := o.file.WriteAt([]byte("\n"), o.end); err != nil {
		return err
	}
	o.end++
	return nil
}

// cut ends an array behind its last complete element.
func (o *output) cut(size int64) error {
	in, err := openInput(o.path, &SourceConfig{Decompression: "none"})
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }() // it was only read
	r := newJSONRecords(in, "")
	o.end = 0
	for {
		var element []byte
		if element, _, err = r.next(nil); err != nil {
			break
		}
		if !r.array {
			return &tornError{errors.New("it is no array")}
		}
		if last := element[len(element)-1]; r.offset() == size && '0' <= last && last <= '9' {
			break // digits may be missing
		}
		o.end = r.offset()
	}
	if o.end == 0 {
		return &tornError{errors.New("it has no complete element")}
	}
	return o.restore()
}

// readable reads a compressed file to its end.
func readable(path string) error {
	in, err := openInput(path, &SourceConfig{})
	if err != nil {
		return err
	}
	for err == nil {
		in.recordEnds()
		_, err = io.CopyN(io.Discard, in, inputBuffer)
	}
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return errors.Join(err, in.Close())
}

// header are the columns of a csv file: those that are configured, or those that
// its first line names.
func (o *output) header() ([]string, error) {
	c := &o.sink.config
	if !c.HasHeader {
		return c.Fields, nil
	}
	in, err := openInput(o.path, &SourceConfig{Decompression: o.sink.packer.name()})
	if err != nil {
		return nil, err
	}
	defer func() { _ = in.Close() }() // it was only read
	delimiter, err := comma(c.Delimiter)
	if err != nil {
		return nil, err
	}
	var line bytes.Buffer
	r := csv.NewReader(io.TeeReader(in, &line))
	r.Comma = delimiter
	columns, err := r.Read()
	switch {
	case err != nil:
		return nil, err
	case !bytes.ContainsRune(line.Bytes(), '\n'):
		return nil, io.ErrUnexpectedEOF
	case len(c.Fields) > 0 && !slices.Equal(c.Fields, columns):
		return nil, fmt.Errorf("it names the columns %s, and not %s", strings.Join(columns, ", "), strings.Join(c.Fields, ", "))
	}
	return columns, nil
}
