package upstream

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

const (
	fileFormat = 1
	// fileLimit bounds what is kept: far more than thousands of devices need.
	fileLimit = 64 << 20
)

// ErrNothing says that there is no state yet.
var ErrNothing = errors.New("nothing is kept yet")

// File keeps one state on disk. It is replaced as a whole, so that a loss of
// power leaves the old state or the new one, and only its owner may read it.
type File struct{ path, service string }

// Path is where the file is.
func (f *File) Path() string { return f.path }

// page is the file: the content, and what proves that it is whole and ours.
type page struct {
	Format  int             `json:"format"`
	Service string          `json:"service"`
	Saved   time.Time       `json:"saved"`
	Sum     string          `json:"sha256"`
	Content json.RawMessage `json:"content"`
}

// Load reads the state. Without one the error is ErrNothing; a file that is
// damaged or of another service is an error that says so.
func (f *File) Load(into any) (saved time.Time, err error) {
	file, err := os.Open(f.path)
	if errors.Is(err, fs.ErrNotExist) {
		return saved, ErrNothing
	}
	if err != nil {
		return saved, err
	}
	defer func() { _ = file.Close() }() // it was read alone
	data, err := io.ReadAll(io.LimitReader(file, fileLimit+1))
	if err != nil {
		return saved, err
	}
	if saved, err = readPage(data, f.service, into); err != nil {
		return saved, fmt.Errorf("%s: %w", f.path, err)
	}
	return saved, nil
}

// readPage takes nothing from a file that is not right in every part.
func readPage(data []byte, service string, into any) (time.Time, error) {
	var p page
	if len(data) > fileLimit {
		return p.Saved, fmt.Errorf("larger than %d MiB", fileLimit>>20)
	}
	if err := json.Unmarshal(data, &p); err != nil {
		return p.Saved, fmt.Errorf("damaged: %w", err)
	}
	switch {
	case p.Format != fileFormat:
		return p.Saved, fmt.Errorf("has format %d; this program knows format %d", p.Format, fileFormat)
	case p.Service != service:
		return p.Saved, fmt.Errorf("belongs to service %q, not to %q", p.Service, service)
	case p.Sum != sum(p.Content):
		return p.Saved, errors.New("damaged: the checksum is another")
	}
	if err := json.Unmarshal(p.Content, into); err != nil {
		return p.Saved, fmt.Errorf("damaged: %w", err)
	}
	return p.Saved, nil
}

func sum(content []byte) string {
	s := sha256.Sum256(content)
	return hex.EncodeToString(s[:])
}

// Save replaces the state.
func (f *File) Save(content any) error {
	raw, err := json.Marshal(content)
	if err != nil {
		return fmt.Errorf("last known state: %w", err)
	}
	data, err := json.Marshal(page{fileFormat, f.service, time.Now().UTC(), sum(raw), raw})
	if err != nil {
		return fmt.Errorf("last known state: %w", err)
	}
	if len(data) > fileLimit {
		return fmt.Errorf("last known state of %d MiB is not kept: the limit is %d", len(data)>>20, fileLimit>>20)
	}
	if err := os.MkdirAll(filepath.Dir(f.path), 0o700); err != nil {
		return err
	}
	return f.replace(data)
}

// replace writes a new file beside the old one, which only then makes way.
func (f *File) replace(data []byte) error {
	next := f.path + ".next"
	if err := write(next, data); err != nil {
		return err
	}
	if err := os.Rename(next, f.path); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(f.path))
}

// write returns when the data is on the disk.
func write(path string, data []byte) error {
	w, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = w.Write(data)
	if err == nil {
		err = w.Sync()
	}
	return errors.Join(err, w.Close())
}

// syncFolder makes the new name of a file last.
func syncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
