package api

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Two clients that write one file at once leave that of one of them.
func TestWritersOfOneFile(t *testing.T) {
	f := folder{filepath.Join(t.TempDir(), "files")}
	slow, end := io.Pipe()
	written := make(chan error)
	go func() { written <- f.write("a", slow) }()
	if _, err := io.WriteString(end, "slow "); err != nil { // it is in the middle of it now
		t.Fatal(err)
	}
	if err := f.write("a", strings.NewReader("quick")); err != nil {
		t.Fatal(err)
	}
	if data, err := f.read("a"); string(data) != "quick" || err != nil {
		t.Errorf("%q, %v", data, err)
	}
	if _, err := io.WriteString(end, "writer"); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(end.Close(), <-written); err != nil {
		t.Fatal(err)
	}
	if data, err := f.read("a"); string(data) != "slow writer" || err != nil {
		t.Errorf("%q, %v", data, err)
	}
	if files, err := os.ReadDir(f.path); len(files) != 1 || err != nil {
		t.Errorf("%v, %v", files, err)
	}
}

// A write that fails leaves what was there, and nothing else.
func TestBrokenWrite(t *testing.T) {
	f := folder{t.TempDir()}
	if err := f.write("a", strings.NewReader("old")); err != nil {
		t.Fatal(err)
	}
	from, end := io.Pipe()
	end.CloseWithError(io.ErrUnexpectedEOF)
	if err := f.write("a", from); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Error(err)
	}
	if data, err := f.read("a"); string(data) != "old" || err != nil {
		t.Errorf("%q, %v", data, err)
	}
	if files, err := os.ReadDir(f.path); len(files) != 1 || err != nil {
		t.Errorf("%v, %v", files, err)
	}
	if err := f.write("a"+partial, strings.NewReader("x")); err == nil || !strings.Contains(err.Error(), "being written") {
		t.Error(err)
	}
}

// Folders that are only read may be on a file system that is: they are not made.
func TestReadingMakesNoFolder(t *testing.T) {
	f := folder{filepath.Join(t.TempDir(), "etc", "schemas")}
	if _, err := f.read("a"); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	if err := f.remove("a"); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Dir(f.path)); !errors.Is(err, fs.ErrNotExist) {
		t.Error("reading has made a folder", err)
	}
}
