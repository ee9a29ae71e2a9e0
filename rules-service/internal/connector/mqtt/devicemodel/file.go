package devicemodel

import (
	"fmt"
	"os"
	"time"
)

// largest bounds a file of models.
const largest = 64 << 20

// File is a file of models, which is read when it has changed. It is used by one
// goroutine at a time.
type File struct {
	Path string

	models  *Models
	changed time.Time
	size    int64
}

// Read returns the models that are in the file now.
func (f *File) Read() (*Models, error) {
	info, err := os.Stat(f.Path)
	if err != nil {
		return nil, fmt.Errorf("read device models: %w", err)
	}
	if f.models != nil && info.ModTime().Equal(f.changed) && info.Size() == f.size {
		return f.models, nil
	}
	if info.Size() > largest {
		return nil, fmt.Errorf("read device models: %s has %d bytes; at most %d are read", f.Path, info.Size(), largest)
	}
	data, err := os.ReadFile(f.Path)
	if err != nil {
		return nil, fmt.Errorf("read device models: %w", err)
	}
	m, err := Parse(f.Path, data)
	if err != nil {
		return nil, fmt.Errorf("read device models: %w", err)
	}
	f.models, f.changed, f.size = m, info.ModTime(), info.Size()
	return m, nil
}
