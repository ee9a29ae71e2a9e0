package journal

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"pgregory.net/rapid"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

func open(t testing.TB, o Options) *Log {
	t.Helper()
	if o.Dir == "" {
		o.Dir = t.TempDir()
	}
	l, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return l
}

func add(t testing.TB, l *Log, payloads ...string) Offset {
	t.Helper()
	list := make([][]byte, len(payloads))
	for i, p := range payloads {
		list[i] = []byte(p)
	}
	first, err := l.Append(context.Background(), list...)
	if err != nil {
		t.Fatal(err)
	}
	return first
}

// all reads a log by so many records at a time.
func all(t testing.TB, l *Log, step int) []string {
	t.Helper()
	var got []string
	for from, _ := l.Bounds(); ; {
		list, err := l.Read(from, step)
		if err != nil {
			t.Fatal(err)
		}
		if len(list) == 0 {
			return got
		}
		for _, r := range list {
			got = append(got, fmt.Sprintf("%d=%s", r.Offset, r.Payload))
		}
		from = list[len(list)-1].Offset + 1
	}
}

func want(t testing.TB, got []string, text string) {
	t.Helper()
	if s := strings.Join(got, " "); s != text {
		t.Fatalf("got %q, want %q", s, text)
	}
}

func TestAppendReadDrop(t *testing.T) {
	dir := t.TempDir()
	l := open(t, Options{Dir: dir})
	if first := add(t, l, "a", "b"); first != 0 {
		t.Errorf("first %d", first)
	}
	if first := add(t, l, "", "d"); first != 2 {
		t.Errorf("first %d", first)
	}
	want(t, all(t, l, 3), "0=a 1=b 2= 3=d")
	if err := l.Drop(2); err != nil {
		t.Fatal(err)
	}
	want(t, all(t, l, 1), "2= 3=d")
	if list, err := l.Read(0, 1); err != nil || len(list) != 1 || list[0].Offset != 2 {
		t.Errorf("an older offset: %v, %v", list, err)
	}
	if s := l.Stats(); s.Records != 2 || s.Bytes == 0 {
		t.Errorf("%+v", s)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Append(context.Background(), nil); !errors.Is(err, ErrClosed) {
		t.Errorf("error %v", err)
	}
	if _, err := l.Read(0, 1); !errors.Is(err, ErrClosed) {
		t.Errorf("error %v", err)
	}
	again := open(t, Options{Dir: dir})
	if first := add(t, again, "e"); first != 4 {
		t.Errorf("first %d", first)
	}
	want(t, all(t, again, 10), "2= 3=d 4=e")
}

func TestOneProcess(t *testing.T) {
	dir := t.TempDir()
	open(t, Options{Dir: dir})
	if _, err := Open(Options{Dir: dir}); err == nil || !strings.Contains(err.Error(), "another process has it open") {
		t.Errorf("error %v", err)
	}
}

// A log is driven by random calls, with restarts between them, and must be
// like a slice.
func TestLikeASlice(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		dir, err := os.MkdirTemp(t.TempDir(), "log")
		if err != nil {
			rt.Fatal(err)
		}
		o := Options{Dir: dir, ChunkBytes: rapid.Int64Range(100, 2000).Draw(rt, "chunk"), MaxBytes: 1 << 20, SyncEvery: time.Hour}
		l, err := Open(o)
		if err != nil {
			rt.Fatal(err)
		}
		defer func() { _ = l.Close() }()
		var model []string
		oldest := 0
		rt.Repeat(map[string]func(*rapid.T){
			"append": func(t *rapid.T) {
				batch := rapid.SliceOfN(rapid.StringN(0, 5, 100), 1, 5).Draw(t, "batch")
				payloads := make([][]byte, len(batch))
				for i, p := range batch {
					payloads[i] = []byte(p)
				}
				first, err := l.Append(context.Background(), payloads...)
				if err != nil || int(first) != len(model) {
					t.Fatalf("first %d, error %v", first, err)
				}
				model = append(model, batch...)
			},
			"drop": func(t *rapid.T) {
				oldest = rapid.IntRange(oldest, len(model)).Draw(t, "before")
				if err := l.Drop(Offset(oldest)); err != nil {
					t.Fatal(err)
				}
			},
			"restart": func(t *rapid.T) {
				if err := l.Close(); err != nil {
					t.Fatal(err)
				}
				if l, err = Open(o); err != nil {
					t.Fatal(err)
				}
			},
			"read": func(t *rapid.T) {
				from := rapid.IntRange(0, len(model)+1).Draw(t, "from")
				n := rapid.IntRange(1, 10).Draw(t, "n")
				list, err := l.Read(Offset(from), n)
				if err != nil {
					t.Fatal(err)
				}
				from = min(max(from, oldest), len(model))
				expected := model[from:min(from+n, len(model))]
				if len(list) != len(expected) {
					t.Fatalf("%d records from %d, want %d", len(list), from, len(expected))
				}
				for i, r := range list {
					if int(r.Offset) != from+i || string(r.Payload) != expected[i] {
						t.Fatalf("record %d is %q, want %q", r.Offset, r.Payload, expected[i])
					}
				}
			},
			"": func(t *rapid.T) {
				if a, b := l.Bounds(); int(a) != oldest || int(b) != len(model) {
					t.Fatalf("bounds %d, %d, want %d, %d", a, b, oldest, len(model))
				}
			},
		})
	})
}

// Appends of many goroutines share their fsyncs, and none is lost or mixed up.
func TestGroupCommit(t *testing.T) {
	l := open(t, Options{ChunkBytes: 1000})
	const writers, each = 16, 50
	offsets := make([]map[Offset]string, writers)
	var work sync.WaitGroup
	for w := range writers {
		offsets[w] = map[Offset]string{}
		work.Go(func() {
			for i := range each {
				a, b := fmt.Sprintf("%d.%d", w, i), fmt.Sprintf("%d.%d'", w, i)
				first, err := l.Append(t.Context(), []byte(a), []byte(b))
				if err != nil {
					t.Error(err)
					return
				}
				offsets[w][first], offsets[w][first+1] = a, b
			}
		})
	}
	work.Wait()
	list, err := l.Read(0, 10*writers*each)
	if err != nil || len(list) != 2*writers*each {
		t.Fatalf("%d records, error %v", len(list), err)
	}
	for _, r := range list {
		found := slices.ContainsFunc(offsets, func(m map[Offset]string) bool { return m[r.Offset] == string(r.Payload) })
		if !found {
			t.Errorf("%d=%s was not appended so", r.Offset, r.Payload)
		}
	}
}

// chunks are the files of a log, oldest first.
func chunks(t *testing.T, dir string) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*"+chunkSuffix))
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func TestAppendNothing(t *testing.T) {
	l := open(t, Options{})
	if first, err := l.Append(t.Context()); first != 0 || err != nil {
		t.Errorf("%d, %v", first, err)
	}
}

func TestSpaceIsGivenBack(t *testing.T) {
	dir := t.TempDir()
	l := open(t, Options{Dir: dir, ChunkBytes: 200, MaxBytes: 1 << 20, SyncEvery: time.Hour})
	for i := range 1000 {
		add(t, l, "0123456789")
		if err := l.Drop(Offset(i + 1)); err != nil {
			t.Fatal(err)
		}
	}
	if n, s := len(chunks(t, dir)), l.Stats(); n > 2 || s.Bytes > 400 || s.Records != 0 {
		t.Errorf("%d files, %+v", n, s)
	}
}

// Large records are read in portions.
func TestReadIsBoundedInBytes(t *testing.T) {
	l := open(t, Options{SyncEvery: time.Hour})
	for range 5 {
		add(t, l, strings.Repeat("x", readBytes/2))
	}
	for from, want := range map[Offset]int{0: 2, 1: 2, 4: 1, 5: 0} {
		list, err := l.Read(from, 100)
		if err != nil || len(list) != want || want > 0 && list[0].Offset != from {
			t.Errorf("%d records from %d on, error %v", len(list), from, err)
		}
	}
}
