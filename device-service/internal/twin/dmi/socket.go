package dmi

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// longestPath is what the address of a unix socket has room for.
const longestPath = 107

// checkPath finds what keeps a path from being that of a socket.
func checkPath(what, path string) error {
	if !filepath.IsAbs(path) {
		return fmt.Errorf("%s %q: give an absolute path", what, path)
	}
	if len(path) > longestPath {
		return fmt.Errorf("%s %q has %d bytes, of which a socket takes %d: choose a shorter path", what, path, len(path), longestPath)
	}
	return nil
}

// listen opens our own socket, for us and our group alone. What an earlier
// process has left of it is removed; one that still listens keeps it.
func listen(path string) (net.Listener, error) {
	if err := removeStale(path); err != nil {
		return nil, err
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, fmt.Errorf("open the mapper's socket: %w%s", err, hint(err, filepath.Dir(path)))
	}
	if err := os.Chmod(path, 0o660); err != nil {
		return nil, errors.Join(fmt.Errorf("restrict the mapper's socket: %w", err), l.Close())
	}
	return l, nil
}

// hint says what to do about an error.
func hint(err error, dir string) string {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "; make the folder " + dir + ", or choose another"
	case errors.Is(err, fs.ErrPermission):
		return "; let this user write to " + dir + ", or choose another folder"
	}
	return ""
}

func removeStale(path string) error {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("open the mapper's socket: %w%s", err, hint(err, filepath.Dir(path)))
	}
	if info.Mode().Type() != fs.ModeSocket {
		return fmt.Errorf("open the mapper's socket: %s is there and no socket; it is left alone: choose another path", path)
	}
	c, err := net.DialTimeout("unix", path, time.Second)
	if err == nil {
		_ = c.Close() // nothing was sent
		return fmt.Errorf("open the mapper's socket: another process listens on %s: end it or choose another path", path)
	}
	if !errors.Is(err, syscall.ECONNREFUSED) {
		return fmt.Errorf("open the mapper's socket: %s cannot be tried: %w", path, err)
	}
	if err := os.Remove(path); err != nil {
		return fmt.Errorf("remove what an earlier process left: %w%s", err, hint(err, filepath.Dir(path)))
	}
	return nil
}
