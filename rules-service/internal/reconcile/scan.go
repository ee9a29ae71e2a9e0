package reconcile

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"sluice/rules-service/internal/definition"
)

// Bounds of a folder. A ConfigMap holds a megabyte.
const (
	maxFile   = 8 << 20
	maxFolder = 64 << 20
	maxFiles  = 10000
)

// source is a file as it is now.
type source struct {
	name     string // path in the folder, with slashes
	text     string
	hash     string
	modified time.Time
	err      error // it cannot be read
}

// scan reads the files of a folder in the order of their names. Links are
// followed; what begins with a dot is left out, and with it the folders that
// Kubernetes keeps the files of a ConfigMap in.
func scan(folder string) (list []source, err error) {
	for range 3 {
		before := version(folder)
		s := scanner{}
		if err := s.folder(folder, "", nil); err != nil {
			return nil, err
		}
		if list = s.list; version(folder) == before {
			break // else files of two versions may be mixed
		}
	}
	return list, nil
}

// version is where a mounted ConfigMap points to.
func version(folder string) string {
	target, err := os.Readlink(filepath.Join(folder, "..data"))
	if err != nil {
		return "" // it is a plain folder
	}
	return target
}

type scanner struct {
	list  []source
	bytes int64
}

// folder reads a folder; above are those that it lies in.
func (s *scanner) folder(dir, name string, above []os.FileInfo) error {
	self, err := os.Stat(dir)
	if err != nil {
		return err
	}
	for _, a := range above {
		if os.SameFile(a, self) {
			return nil // a link leads back
		}
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	above = append(above[:len(above):len(above)], self)
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") {
			continue
		}
		if err := s.entry(filepath.Join(dir, e.Name()), path.Join(name, e.Name()), above); err != nil {
			return err
		}
	}
	return nil
}

func (s *scanner) entry(full, name string, above []os.FileInfo) error {
	info, err := os.Stat(full)
	switch {
	case err == nil && info.IsDir():
		return s.folder(full, name, above)
	case !definition.IsDefinition(name):
		return nil
	case len(s.list) == maxFiles:
		return fmt.Errorf("%s: more than %d files are in the folder", full, maxFiles)
	}
	f := source{name: name, err: err}
	if err == nil {
		f.err = s.read(&f, full)
	}
	s.list = append(s.list, f)
	return nil
}

// read reads a file. It does not wait for pipes, nor trust the size that the
// file had before.
func (s *scanner) read(f *source, full string) (err error) {
	file, err := os.OpenFile(full, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return errors.New("it is no regular file")
	}
	f.modified = info.ModTime()
	room := min(maxFile, maxFolder-s.bytes)
	text, err := io.ReadAll(io.LimitReader(file, room+1))
	switch size := int64(len(text)); {
	case err != nil:
		return err
	case size > maxFile:
		return fmt.Errorf("it is larger than %d bytes", maxFile)
	case size > room:
		return fmt.Errorf("the files of the folder are larger than %d bytes", maxFolder)
	default:
		s.bytes += size
	}
	sum := sha256.Sum256(text)
	f.text, f.hash = string(text), hex.EncodeToString(sum[:])
	return nil
}
