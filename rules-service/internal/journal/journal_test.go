package journal

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
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

// A log that is cut anywhere loses the records behind the cut and nothing else.
func TestTornEnd(t *testing.T) {
	dir := t.TempDir()
	l := open(t, Options{Dir: dir})
	add(t, l, "first", "second", "third")
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(chunks(t, dir)[0])
	if err != nil {
		t.Fatal(err)
	}
	ends := []int{headerSize + 5, 2*headerSize + 11, 3*headerSize + 16}
	for n := range data {
		torn := t.TempDir()
		if err := os.WriteFile(chunkPath(torn, 0), data[:n], 0o600); err != nil {
			t.Fatal(err)
		}
		l := open(t, Options{Dir: torn})
		whole := 0
		for whole < 3 && ends[whole] <= n {
			whole++
		}
		if first := add(t, l, "new"); int(first) != whole {
			t.Fatalf("cut at %d: next offset %d, want %d", n, first, whole)
		}
		if got := all(t, l, 10); len(got) != whole+1 || got[whole] != fmt.Sprintf("%d=new", whole) {
			t.Fatalf("cut at %d: %v", n, got)
		}
		if s := l.Stats(); s.Damaged != 0 {
			t.Fatalf("cut at %d: %+v", n, s)
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// A byte that is wrong costs its record; the rest is delivered.
func TestDamageIsSkippedAndCounted(t *testing.T) {
	dir := t.TempDir()
	l := open(t, Options{Dir: dir})
	add(t, l, "first", "second", "third")
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	path := chunks(t, dir)[0]
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for at := headerSize + 5; at < 2*headerSize+11; at++ {
		bad := bytes.Clone(data)
		bad[at] ^= 0x55
		if err := os.WriteFile(path, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		l, err := Open(Options{Dir: dir})
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			want(t, all(t, l, 1), "0=first 2=third")
		}
		if s := l.Stats(); s.Damaged != 1 {
			t.Fatalf("byte %d: %+v", at, s)
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

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

func TestAppendNothing(t *testing.T) {
	l := open(t, Options{})
	if first, err := l.Append(t.Context()); first != 0 || err != nil {
		t.Errorf("%d, %v", first, err)
	}
}

// Damage at the end of a chunk that is not the last is counted, too.
func TestDamagedChunkIsCounted(t *testing.T) {
	dir := t.TempDir()
	l := open(t, Options{Dir: dir, ChunkBytes: 1})
	for _, p := range []string{"a", "b", "c"} {
		add(t, l, p)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(chunks(t, dir)[1])
	if err != nil {
		t.Fatal(err)
	}
	data[headerSize] ^= 1
	if err := os.WriteFile(chunks(t, dir)[1], data, 0o600); err != nil {
		t.Fatal(err)
	}
	again := open(t, Options{Dir: dir})
	for range 2 {
		want(t, all(t, again, 10), "0=a 2=c")
	}
	if s := again.Stats(); s.Damaged != 1 {
		t.Errorf("%+v", s)
	}
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

func FuzzOpen(f *testing.F) {
	whole := appendRecord(appendRecord(nil, Record{Offset: 7, Time: time.Unix(1, 0), Payload: []byte("a")}), Record{Offset: 8, Time: time.Unix(2, 0)})
	f.Add(whole, []byte{})
	f.Add(whole[3:], []byte("123456789012"))
	f.Add(append(bytes.Clone(whole), magic[:]...), []byte{1})
	f.Fuzz(func(t *testing.T, chunk, head []byte) {
		dir := t.TempDir()
		if err := errors.Join(os.WriteFile(chunkPath(dir, 5), chunk, 0o600), os.WriteFile(filepath.Join(dir, "head"), head, 0o600)); err != nil {
			t.Fatal(err)
		}
		l, err := Open(Options{Dir: dir})
		if err != nil {
			return
		}
		defer l.Close()
		first, err := l.Append(context.Background(), []byte("new"))
		if err != nil {
			t.Fatal(err)
		}
		list, err := l.Read(first, 2)
		if err != nil || len(list) != 1 || string(list[0].Payload) != "new" {
			t.Fatalf("%v, %v", list, err)
		}
	})
}

func BenchmarkAppend(b *testing.B) {
	payload := bytes.Repeat([]byte("x"), 200)
	for _, policy := range []struct {
		name string
		sync time.Duration
	}{{"fsync", 0}, {"later", time.Second}} {
		for _, batch := range []int{1, 100, 1000} {
			b.Run(fmt.Sprintf("%s/batch=%d", policy.name, batch), func(b *testing.B) {
				l := open(b, Options{SyncEvery: policy.sync, Full: DropOldest})
				payloads := slices.Repeat([][]byte{payload}, batch)
				b.ReportAllocs()
				n := 0
				for b.Loop() {
					if _, err := l.Append(context.Background(), payloads...); err != nil {
						b.Fatal(err)
					}
					n += batch
				}
				b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "records/s")
			})
		}
		b.Run(policy.name+"/parallel", func(b *testing.B) {
			l := open(b, Options{SyncEvery: policy.sync, Full: DropOldest})
			b.SetParallelism(64)
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if _, err := l.Append(context.Background(), payload); err != nil {
						b.Error(err)
						return
					}
				}
			})
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "records/s")
		})
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
