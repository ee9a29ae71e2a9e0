package file

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"sluice/rules-service/internal/connector"
)

// entry is a file to be read.
type entry struct {
	path string
	stamp
}

// stamp tells a file from what it was before.
type stamp struct {
	size     int64
	modified time.Time
}

// list are the files to be read now: the oldest first.
func (s *source) list() ([]entry, error) {
	if !s.many {
		info, err := os.Stat(s.place)
		if err != nil {
			return nil, missing(err)
		}
		if !info.Mode().IsRegular() {
			return nil, fmt.Errorf("%w: %s is no file", connector.ErrNotConnected, s.place)
		}
		return s.fresh([]entry{{s.place, stamp{info.Size(), info.ModTime()}}}), nil
	}
	found, err := os.ReadDir(s.place)
	if err != nil {
		return nil, missing(err)
	}
	var list []entry
	for _, e := range found {
		name := e.Name()
		if strings.HasPrefix(name, ".") || s.config.pattern() != "" && !matches(s.config.pattern(), name) {
			continue
		}
		path := filepath.Join(s.place, name)
		info, err := os.Stat(path)
		if err != nil || !info.Mode().IsRegular() {
			continue // it has just gone, or is a folder
		}
		if _, err := s.files.Path(path); err != nil {
			s.ignore("links to files outside", err)
			continue
		}
		list = append(list, entry{path, stamp{info.Size(), info.ModTime()}})
	}
	slices.SortStableFunc(list, func(a, b entry) int { return a.modified.Compare(b.modified) })
	return s.fresh(list), nil
}

func matches(pattern, name string) bool {
	ok, err := filepath.Match(pattern, name)
	return err == nil && ok
}

// missing is the error of a place that is not there; it may come back.
func missing(err error) error {
	return fmt.Errorf("%w: %w", connector.ErrNotConnected, err)
}

// fresh leaves out what is being read, and of a folder what was read before and
// has not changed.
func (s *source) fresh(list []entry) []entry {
	there := make(map[string]bool, len(list))
	for _, e := range list {
		there[e.path] = true
	}
	for path := range s.seen {
		if !there[path] {
			delete(s.seen, path)
		}
	}
	return slices.DeleteFunc(list, func(e entry) bool {
		if s.open[e.path] != nil {
			return true
		}
		old, read := s.seen[e.path]
		return read && old == e.stamp && (s.many || s.bad[e.path])
	})
}
