package file

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"sluice/rules-service/internal/connector"
)

// writtenAtOnce bounds what is rendered before it is written, in bytes.
const writtenAtOnce = 1 << 20

// output is a file that is being written.
type output struct {
	sink    *sink
	key     string // its path without the time
	path    string
	file    *os.File // nil while it is closed
	end     int64    // of what must stay; the tail stands behind it
	tail    []byte   // as it is in the file
	empty   bool     // no message is in the file
	columns []string
	count   int
	began   time.Time
	timer   *time.Timer // rolls the file; nil: it is not rolled by time
	buf     []byte
}

// output is the file for a path, opened when it is not.
func (s *sink) output(name string) (*output, error) {
	if name == "" || strings.HasSuffix(name, "/") {
		return nil, &connector.Permanent{Err: fmt.Errorf("path %q names no file", name)}
	}
	base, err := s.files.Path(name)
	if err != nil {
		return nil, err
	}
	key := withEnding(base, s.packer.fileEnding())
	if o := s.known[key]; o != nil {
		if !o.full() && o.open() {
			s.used(key)
			return o, nil
		}
		s.drop(o)
	}
	if err := s.makeFolder(key); err != nil {
		return nil, err
	}
	for len(s.order) >= mostKnown {
		s.drop(s.known[s.order[0]])
	}
	if err := s.owners.claim(key, s); err != nil {
		return nil, err
	}
	o, err := s.create(key)
	if err != nil {
		s.owners.release(key)
		return nil, fmt.Errorf("file %s: %w", base, err)
	}
	if s.config.RollingInterval > 0 && s.config.RollingName != nameNone {
		o.timer = time.AfterFunc(s.config.RollingInterval, func() { s.roll(o) })
	}
	s.known[key] = o
	s.order = append(s.order, key)
	return o, nil
}

// used notes that a file is the last one that was used.
func (s *sink) used(key string) {
	last := len(s.order) - 1
	if s.order[last] == key {
		return
	}
	i := slices.Index(s.order, key)
	s.order = append(slices.Delete(s.order, i, i+1), key)
}

// create makes a file with the time in its name, or goes on with the one that
// is there.
func (s *sink) create(key string) (*output, error) {
	o := &output{sink: s, key: key, path: key, began: time.Now(), empty: true, tail: s.packer.member(s.layout.tail())}
	if s.config.RollingName == nameNone {
		return o, o.resume()
	}
	for ms := o.began.UnixMilli(); ; ms++ { // several may begin in one millisecond
		o.path = s.timed(key, ms)
		f, err := os.OpenFile(o.path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o640)
		switch {
		case errors.Is(err, fs.ErrExist):
			continue
		case err != nil:
			return nil, err
		}
		o.opened(f)
		if err := syncFolder(o.path); err != nil {
			o.close()
			return nil, err
		}
		return o, nil
	}
}

func withEnding(path, ending string) string {
	if strings.HasSuffix(path, ending) {
		return path
	}
	return path + ending
}

// timed is a path with a time in its name.
func (s *sink) timed(base string, ms int64) string {
	dir, name := filepath.Split(base)
	stamp := strconv.FormatInt(ms, 10)
	if s.config.RollingName == namePrefix {
		return filepath.Join(dir, stamp+"-"+name)
	}
	ending := s.packer.fileEnding()
	name = strings.TrimSuffix(name, ending)
	ext := filepath.Ext(name)
	return filepath.Join(dir, strings.TrimSuffix(name, ext)+"-"+stamp+ext+ending)
}

// syncFolder brings the name of a new file to the disk.
func syncFolder(path string) error {
	d, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// opened takes an open file.
func (o *output) opened(f *os.File) {
	o.file = f
	o.sink.owners.opened.Add(1)
}

// close closes the file, if it is open.
func (o *output) close() {
	if o.file == nil {
		return
	}
	if err := o.file.Close(); err != nil {
		o.sink.log.Warn("closing a file", "file", o.path, "error", err)
	}
	o.file = nil
	o.sink.owners.opened.Add(-1)
}

// open opens the file if it is closed. It is false when the file is not there any
// more, or not as it was: somebody may have moved it.
func (o *output) open() bool {
	now, err := os.Stat(o.path)
	if err != nil {
		return false
	}
	if o.file != nil {
		mine, err := o.file.Stat()
		return err == nil && os.SameFile(now, mine)
	}
	f, err := os.OpenFile(o.path, os.O_RDWR, 0)
	if err != nil {
		return false
	}
	o.opened(f)
	size := o.end
	if !o.empty {
		size += int64(len(o.tail))
	}
	return now.Size() == size
}

// full tells whether it is time for another file.
func (o *output) full() bool {
	c := &o.sink.config
	if c.RollingName == nameNone {
		return false
	}
	return c.RollingCount > 0 && o.count >= c.RollingCount || c.RollingSize > 0 && o.end+int64(len(o.tail)) >= c.RollingSize ||
		c.RollingInterval > 0 && time.Since(o.began) >= c.RollingInterval
}

// write writes messages that belong into this file, and returns how many those
// are. bad hears of those that cannot be written.
func (o *output) write(msgs []connector.Outbound, bad func(i int, err error)) (int, error) {
	o.buf = o.buf[:0]
	was := *o
	n := 0
	for n < len(msgs) && (n == 0 || !o.reaches()) {
		body, err := o.sink.layout.message(o.buf, o, msgs[n].Payload)
		switch {
		case err != nil:
			bad(n, err)
		case len(body) > len(o.buf): // an empty array has no line
			o.buf, o.empty = body, false
			o.count++
		}
		n++
	}
	if len(o.buf) == 0 {
		return n, nil
	}
	if err := o.store(o.buf); err != nil {
		o.count, o.empty, o.columns = was.count, was.empty, was.columns
		return 0, err
	}
	return n, nil
}

// reaches tells whether what is rendered is to be written now.
func (o *output) reaches() bool {
	c := &o.sink.config
	if len(o.buf) >= writtenAtOnce {
		return true
	}
	if c.RollingName == nameNone {
		return false
	}
	return c.RollingCount > 0 && o.count >= c.RollingCount ||
		c.RollingSize > 0 && o.sink.packer == nil && o.end+int64(len(o.buf)+len(o.tail)) >= c.RollingSize
}

// store appends to the file and returns when that is on disk. When it fails the
// file is as it was.
func (o *output) store(body []byte) error {
	member := o.sink.packer.member(body)
	size := int64(len(member))
	member = append(member, o.tail...)
	_, err := o.file.WriteAt(member, o.end)
	if err == nil {
		err = o.file.Sync()
	}
	if err != nil {
		return errors.Join(err, o.restore())
	}
	o.end += size
	return nil
}

// restore takes back a write that has failed.
func (o *output) restore() error {
	if o.end == 0 {
		return o.file.Truncate(0)
	}
	if _, err := o.file.WriteAt(o.tail, o.end); err != nil {
		return err
	}
	return o.file.Truncate(o.end + int64(len(o.tail)))
}

// drop closes a file for good; the next message of its path begins another one,
// or has it looked at again.
func (s *sink) drop(o *output) {
	if o.timer != nil {
		o.timer.Stop()
	}
	o.close()
	delete(s.known, o.key)
	s.order = slices.DeleteFunc(s.order, func(key string) bool { return key == o.key })
	s.owners.release(o.key)
}

// roll closes a file whose time has come.
func (s *sink) roll(o *output) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.known[o.key] == o {
		s.drop(o)
	}
}
