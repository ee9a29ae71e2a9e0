package journal

import (
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// A disk that is full: nothing is acknowledged that is not written, and the
// log goes on when there is room again.
func TestDiskFull(t *testing.T) {
	signal.Ignore(syscall.SIGXFSZ)
	defer signal.Reset(syscall.SIGXFSZ)
	l := open(t, Options{})
	add(t, l, "before")
	var was syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &was); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 100, Max: was.Max}); err != nil {
		t.Fatal(err)
	}
	_, err := l.Append(t.Context(), make([]byte, 1000))
	if e := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &was); e != nil {
		t.Fatal(e)
	}
	if err == nil || !strings.Contains(err.Error(), "file too large") {
		t.Errorf("error %v", err)
	}
	if first := add(t, l, "after"); first != 1 {
		t.Errorf("first %d", first)
	}
	want(t, all(t, l, 10), "0=before 1=after")
}

func TestNoFolder(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(Options{Dir: path}); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("error %v", err)
	}
}

// On a full disk the head may be what finds no room: the space of what is
// dropped is given back all the same.
func TestDropWithoutHead(t *testing.T) {
	dir := t.TempDir()
	l := open(t, Options{Dir: dir, ChunkBytes: 100})
	for range 20 {
		add(t, l, strings.Repeat("x", 60))
	}
	writable := l.head
	head, err := os.Open(filepath.Join(dir, "head"))
	if err != nil {
		t.Fatal(err)
	}
	l.head = head
	before := l.Stats().Bytes
	if err := l.Drop(18); err == nil {
		t.Error("no error")
	}
	if n := len(chunks(t, dir)); n > 2 || l.Stats().Bytes >= before/2 {
		t.Errorf("%d chunks are left, %d of %d bytes", n, l.Stats().Bytes, before)
	}
	l.head = writable
	if err := head.Close(); err != nil {
		t.Error(err)
	}
	// What is dropped already gets its head with the next call.
	if err := l.Drop(18); err != nil {
		t.Error(err)
	}
	if o, err := readHead(l.head); o != 18 || err != nil {
		t.Errorf("the head is %d, %v", o, err)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
}

// What a write that failed has left behind a chunk, where it could not be cut
// off, is no record after a restart.
func TestWriteThatLeavesSomething(t *testing.T) {
	dir := t.TempDir()
	l := open(t, Options{Dir: dir})
	add(t, l, "a")
	c := l.chunks[0]
	writable := c.file
	var err error
	if c.file, err = os.Open(c.path); err != nil { // neither written nor cut
		t.Fatal(err)
	}
	if _, err := l.Append(t.Context(), []byte("lost")); err == nil {
		t.Fatal("no error")
	}
	left := appendRecord(make([]byte, 40), Record{Offset: 2, Payload: []byte("left")})
	if _, err := writable.WriteAt(left, c.size); err != nil {
		t.Fatal(err)
	}
	if err := c.file.Close(); err != nil {
		t.Fatal(err)
	}
	c.file = writable
	add(t, l, "b")
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	want(t, all(t, open(t, Options{Dir: dir}), 10), "0=a 1=b")
}

// Files that are not of the log are left alone.
func TestOtherFiles(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"5.log", "notes.log", "readme"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	l := open(t, Options{Dir: dir})
	add(t, l, "a")
	want(t, all(t, l, 10), "0=a")
}
