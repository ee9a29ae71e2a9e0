package connector

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// Files says which files connectors may read and write.
type Files struct {
	Dir      string   // that relative paths begin in, "" the working folder; all in it is allowed
	Also     []string // further folders
	External bool     // all other files are allowed too
	Own      string   // folder of the service itself; of it only Dir and Also are allowed
}

// Path is the place of a file that a configuration or a message names, or
// *Permanent when it must not be touched. Links count for what they lead to.
func (f Files) Path(name string) (string, error) {
	if !filepath.IsAbs(name) {
		name = filepath.Join(f.Dir, name)
	}
	path, err := filepath.Abs(name)
	if err != nil {
		return "", err
	}
	real, err := followed(path)
	if err != nil {
		return "", fmt.Errorf("file %s: %w", path, err)
	}
	for _, dir := range append([]string{f.Dir}, f.Also...) {
		if holds(dir, real) {
			return path, nil
		}
	}
	switch {
	case f.Own != "" && holds(f.Own, real):
		return "", &Permanent{fmt.Errorf("file %s is one of the service itself; the folder for files is %s", path, f.shown())}
	case !f.External:
		return "", &Permanent{fmt.Errorf("file %s is outside of the folder for files, %s; move it there, or set Rules.Files.AllowExternal", path, f.shown())}
	}
	return path, nil
}

// holds tells whether a path without links is in a folder.
func holds(dir, real string) bool {
	dir, err := filepath.Abs(dir)
	if err == nil {
		dir, err = followed(dir)
	}
	return err == nil && within(dir, real)
}

// shown is the folder in errors.
func (f Files) shown() string {
	if abs, err := filepath.Abs(f.Dir); err == nil {
		return abs
	}
	return f.Dir
}

func within(dir, path string) bool {
	rel, err := filepath.Rel(dir, path)
	return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
}

// followed is a path without links. The end of it need not exist yet.
func followed(path string) (string, error) {
	real, err := filepath.EvalSymlinks(path)
	if !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, syscall.ENOTDIR) {
		return real, err
	}
	if _, err := os.Lstat(path); err == nil {
		return "", errors.New("it is a link to what is not there")
	}
	above := filepath.Dir(path)
	if above == path {
		return path, nil
	}
	if above, err = followed(above); err != nil {
		return "", err
	}
	return filepath.Join(above, filepath.Base(path)), nil
}
