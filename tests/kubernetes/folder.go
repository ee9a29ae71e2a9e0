package kubernetes

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// WriteFolder puts files into a folder as a node mounts a ConfigMap: the files
// are links through ..data, a link to a folder that is named after the time. To
// write again replaces that link, so that all files change at once.
func WriteFolder(dir string, files map[string]string) error {
	stamp, err := os.MkdirTemp(mkdir(dir), "..2026_")
	if err != nil {
		return err
	}
	for name, text := range files {
		path := filepath.Join(stamp, name)
		if err := os.WriteFile(filepath.Join(mkdir(filepath.Dir(path)), filepath.Base(path)), []byte(text), 0o644); err != nil {
			return err
		}
	}
	link := filepath.Join(dir, "..data_tmp")
	if err := os.Symlink(filepath.Base(stamp), link); err != nil {
		return err
	}
	if err := os.Rename(link, filepath.Join(dir, "..data")); err != nil {
		return err
	}
	for name := range files {
		first, _, _ := strings.Cut(name, "/")
		err := os.Symlink(filepath.Join("..data", first), filepath.Join(dir, first))
		if err != nil && !errors.Is(err, os.ErrExist) {
			return fmt.Errorf("link %s: %w", first, err)
		}
	}
	return removeDeadLinks(dir)
}

// removeDeadLinks removes the links to files that are gone.
func removeDeadLinks(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
			if err := os.Remove(path); err != nil {
				return err
			}
		}
	}
	return nil
}

// mkdir makes a folder; whoever uses it tells when that was not possible.
func mkdir(dir string) string {
	_ = os.MkdirAll(dir, 0o755)
	return dir
}
