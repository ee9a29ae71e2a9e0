package journal

import (
	"errors"
	"os"
	"testing"
	"testing/synctest"
	"time"
)

func TestBeginTellsInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, err := Open(Options{Dir: t.TempDir()})
		if err != nil {
			t.Fatal(err)
		}
		const n = 500
		told := make(chan Offset, n)
		for range n {
			var first Offset
			assigned := make(chan struct{})
			first, err = l.Begin(func(err error) {
				<-assigned
				if err != nil {
					t.Error(err)
				}
				told <- first
			}, []byte("one"), []byte("two"))
			if err != nil {
				t.Fatal(err)
			}
			close(assigned)
		}
		synctest.Wait()
		if err := l.Close(); err != nil {
			t.Error(err)
		}
		for i := range n {
			if got := <-told; got != Offset(2*i) {
				t.Fatalf("call %d is of offset %d", i, got)
			}
		}
	})
}

func TestBeginWithoutRecords(t *testing.T) {
	l, err := Open(Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if _, err := l.Begin(func(error) { t.Error("told of nothing") }); err == nil {
		t.Error("accepted")
	}
}

// What cannot be written is told, also to those who came in the meantime, and
// the log goes on once the disk does.
func TestBeginTellsOfFailure(t *testing.T) {
	l, err := Open(Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	good := l.chunks[0].file
	if l.chunks[0].file, err = os.Open(good.Name()); err != nil { // it cannot be written to
		t.Fatal(err)
	}
	told := make(chan error, 10)
	for range 10 {
		if _, err := l.Begin(func(err error) { told <- err }, []byte("x")); err != nil {
			t.Fatal(err)
		}
	}
	for range 10 {
		if err := <-told; err == nil {
			t.Error("written to a file that is open for reading")
		}
	}
	l.writing.Lock()
	l.chunks[0].file, good = good, l.chunks[0].file
	l.writing.Unlock()
	good.Close()
	first, err := l.Begin(func(err error) { told <- err }, []byte("y"))
	if err := errors.Join(err, <-told); err != nil || first != 0 {
		t.Errorf("offset %d, error %v", first, err)
	}
}

func TestCloseTellsWhoHasBegun(t *testing.T) {
	l, err := Open(Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	l.writing.Lock() // so that the group waits
	told := make(chan error, 1)
	if _, err := l.Begin(func(err error) { told <- err }, []byte("x")); err != nil {
		t.Fatal(err)
	}
	closed := make(chan error)
	go func() { closed <- l.Close() }()
	l.writing.Unlock()
	if err := <-closed; err != nil {
		t.Error(err)
	}
	if err := <-told; err != nil && !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
}

// A group that is small waits for more; one that is large does not.
func TestLinger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, err := Open(Options{Dir: t.TempDir(), Linger: time.Second})
		if err != nil {
			t.Fatal(err)
		}
		begin := func(n int) (took time.Duration) {
			start, told := time.Now(), make(chan error, n)
			for range n {
				if _, err := l.Begin(func(err error) { told <- err }, []byte("x")); err != nil {
					t.Fatal(err)
				}
			}
			for range n {
				if err := <-told; err != nil {
					t.Error(err)
				}
			}
			return time.Since(start)
		}
		if took := begin(3); took != time.Second {
			t.Errorf("a small group took %v", took)
		}
		if _, err := l.Append(t.Context(), make([][]byte, lingerRecords)...); err != nil {
			t.Error(err)
		}
		start := time.Now()
		if _, err := l.Append(t.Context(), make([][]byte, lingerRecords)...); err != nil || time.Since(start) != 0 {
			t.Errorf("a large group took %v, %v", time.Since(start), err)
		}
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
}
