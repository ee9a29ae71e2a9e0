package api

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// folder keeps files that came over the API. No name leads out of it.
type folder struct{ path string }

// open opens the folder; os.Root keeps links inside it.
func (f folder) open() (*os.Root, error) { return os.OpenRoot(f.path) }

// checkName takes plain names of files alone.
func checkName(name string) error {
	if name == "" || name == "." || name == ".." || strings.ContainsAny(name, `/\`) || !filepath.IsLocal(name) || strings.ContainsRune(name, 0) {
		return fmt.Errorf("%q is no name of a file; leave folders out", name)
	}
	if strings.HasSuffix(name, partial) {
		return fmt.Errorf("%q is no name of a file: %s ends those that are being written", name, partial)
	}
	return nil
}

// list returns the names of the files in order; there are none without folder.
func (f folder) list() ([]string, error) {
	entries, err := os.ReadDir(f.path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	names := []string{}
	for _, e := range entries {
		if e.Type().IsRegular() && !strings.HasSuffix(e.Name(), partial) {
			names = append(names, e.Name())
		}
	}
	return names, nil
}

const partial = ".partial" // ends the name of a file that is being written

// write adds or replaces a file, as a whole or not at all.
func (f folder) write(name string, from io.Reader) (err error) {
	if err := checkName(name); err != nil {
		return err
	}
	if err := os.MkdirAll(f.path, 0o700); err != nil {
		return err
	}
	root, err := f.open()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	begun := name + "." + rand.Text()[:8] + partial // another client may write the same file
	file, err := root.OpenFile(begun, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(file, from)
	if err == nil {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close()); err == nil {
		err = root.Rename(begun, name)
	}
	if err != nil {
		return errors.Join(err, root.Remove(begun))
	}
	return nil
}

func (f folder) read(name string) (data []byte, err error) {
	if err := checkName(name); err != nil {
		return nil, err
	}
	root, err := f.open()
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	return root.ReadFile(name)
}

func (f folder) remove(name string) (err error) {
	if err := checkName(name); err != nil {
		return err
	}
	root, err := f.open()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	return root.Remove(name)
}

// absolute is the path of a file as clients see it.
func (f folder) absolute(name string) string {
	path, err := filepath.Abs(filepath.Join(f.path, name))
	if err != nil {
		return filepath.Join(f.path, name)
	}
	return path
}
