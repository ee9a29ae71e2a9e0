package journal

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestFullRefuses(t *testing.T) {
	l := open(t, Options{MaxBytes: 10 * (headerSize + 10)})
	for range 10 {
		add(t, l, "0123456789")
	}
	if _, err := l.Append(t.Context(), []byte("x")); !errors.Is(err, ErrFull) {
		t.Fatalf("error %v", err)
	}
	if _, err := l.Append(t.Context(), make([]byte, 1000)); !errors.Is(err, ErrFull) {
		t.Fatalf("error %v", err)
	}
	if err := l.Drop(5); err != nil {
		t.Fatal(err)
	}
	if first := add(t, l, "x"); first != 10 {
		t.Errorf("first %d", first)
	}
}

func TestFullDropsOldest(t *testing.T) {
	l := open(t, Options{MaxBytes: 10 * (headerSize + 10), Full: DropOldest})
	for range 100 {
		add(t, l, "0123456789")
	}
	oldest, next := l.Bounds()
	s := l.Stats()
	if next != 100 || s.Overflowed != uint64(oldest) || s.Records != uint64(next-oldest) || s.Records < 7 || s.Bytes > 10*(headerSize+10) {
		t.Errorf("bounds %d, %d, %+v", oldest, next, s)
	}
	if got := all(t, l, 3); len(got) != int(s.Records) {
		t.Errorf("%v", got)
	}
}

// One record may take nearly all of the log: the next one drops it.
func TestFullOfOneRecord(t *testing.T) {
	l := open(t, Options{MaxBytes: 8000, Full: DropOldest})
	add(t, l, strings.Repeat("x", 7900))
	add(t, l, strings.Repeat("y", 200))
	want(t, all(t, l, 10), "1="+strings.Repeat("y", 200))
	if s := l.Stats(); s.Overflowed != 1 || s.Bytes > 8000 {
		t.Errorf("%+v", s)
	}
}

// A log that is full of what is too old takes new records.
func TestOldRecordsMakeRoom(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		l := open(t, Options{Dir: dir, MaxBytes: 4000, MaxAge: time.Hour})
		for range 10 {
			add(t, l, strings.Repeat("x", 300))
			time.Sleep(10 * time.Minute)
		}
		time.Sleep(2 * time.Hour)
		add(t, l, strings.Repeat("y", 1000))
		if s := l.Stats(); s.Expired == 0 || s.Overflowed != 0 {
			t.Errorf("%+v", s)
		}
	})
}

func TestOldRecordsExpire(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		l := open(t, Options{Dir: dir, MaxAge: time.Hour})
		add(t, l, "a")
		time.Sleep(30 * time.Minute)
		add(t, l, "b")
		time.Sleep(40 * time.Minute)
		add(t, l, "c")
		want(t, all(t, l, 10), "1=b 2=c")
		time.Sleep(2 * time.Hour)
		want(t, all(t, l, 10), "")
		if s := l.Stats(); s.Expired != 3 || s.Records != 0 {
			t.Errorf("%+v", s)
		}
		if first := add(t, l, "d"); first != 3 {
			t.Errorf("first %d", first)
		}
		want(t, all(t, l, 10), "3=d")
	})
}
