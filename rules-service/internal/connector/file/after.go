package file

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"

	"sluice/rules-service/internal/connector"
)

// reading is a file that is being read, or whose rows the rules still have.
type reading struct {
	entry
	in      *input
	records records
	meta    connector.Meta

	mu    sync.Mutex
	holds int   // deliveries, and the reading itself
	err   error // of a delivery that is to come again
}

// ack is the acknowledgement of one delivery, if the file is waiting for them.
func (r *reading) ack(s *source) func(error) {
	if s.config.ActionAfterRead == keepFile {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.holds++
	return func(err error) { r.release(s, err) }
}

// release gives up one of the holds. With the last one the file is settled.
func (r *reading) release(s *source, err error) {
	r.mu.Lock()
	if err != nil && r.err == nil {
		r.err = err
	}
	r.holds--
	last := r.holds == 0
	r.mu.Unlock()
	if last {
		s.settled.put(r)
	}
}

// settled are files whose rows nobody needs any more. They are put in from any
// goroutine.
type settled struct {
	mu   sync.Mutex
	list []*reading
	wake chan struct{}
}

func (l *settled) put(r *reading) {
	l.mu.Lock()
	l.list = append(l.list, r)
	l.mu.Unlock()
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

func (l *settled) take() []*reading {
	l.mu.Lock()
	defer l.mu.Unlock()
	list := l.list
	l.list = nil
	return list
}

// finishAll does with settled files what is configured. It fails when one of
// them is to be read again.
func (s *source) finishAll() (err error) {
	for _, r := range s.settled.take() {
		delete(s.open, r.path)
		if r.err != nil {
			delete(s.seen, r.path)
			s.begun = false
			err = errors.Join(err, fmt.Errorf("file %s was not taken completely and is read again: %w", r.path, r.err))
			continue
		}
		if e := s.finish(r); e != nil {
			s.ignore("files that cannot be moved or deleted", e)
			s.log.Warn("a file that was read stays where it is", "file", r.path, "error", e)
		}
	}
	return err
}

// finish moves or deletes a file that has not changed since it was read.
func (s *source) finish(r *reading) error {
	info, err := os.Stat(r.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case (stamp{info.Size(), info.ModTime()}) != r.stamp:
		return errors.New("it has changed meanwhile and is read again")
	case s.config.ActionAfterRead == deleteFile:
		return os.Remove(r.path)
	}
	target, err := free(filepath.Join(s.moveTo, filepath.Base(r.path)))
	if err != nil {
		return err
	}
	if _, err := s.files.Path(target); err != nil {
		return err
	}
	return move(r.path, target)
}

// free is a path like this one at which there is no file.
func free(path string) (string, error) {
	ext := filepath.Ext(path)
	for i := 0; ; i++ {
		candidate := path
		if i > 0 {
			candidate = strings.TrimSuffix(path, ext) + "-" + strconv.Itoa(i) + ext
		}
		_, err := os.Lstat(candidate)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return candidate, nil
		case err != nil:
			return "", err
		}
	}
}

// move moves a file, to another file system too.
func move(from, to string) error {
	err := os.Rename(from, to)
	if !errors.Is(err, syscall.EXDEV) {
		return err
	}
	if err := copyFile(from, to); err != nil {
		return errors.Join(err, os.Remove(to))
	}
	return os.Remove(from)
}

// copyFile returns when the copy is on disk.
func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o640)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	if err == nil {
		err = out.Sync()
	}
	return errors.Join(err, out.Close())
}
