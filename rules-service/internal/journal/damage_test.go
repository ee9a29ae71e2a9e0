package journal

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"
)

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

// A length that is no length is damage, whatever the size of an int.
func TestLengthOfARecord(t *testing.T) {
	b := appendRecord(nil, Record{Payload: []byte("payload")})
	for _, n := range []byte{0x04, 0x7F, 0x80, 0xFF} {
		b[27] = n
		if _, _, v := parseRecord(b); v != damaged {
			t.Errorf("%#x: verdict %d", n, v)
		}
	}
}

// A record that is whole but does not belong where it stands, such as one in
// the payload of a record that is damaged, is damage.
func TestRecordsOutOfOrder(t *testing.T) {
	dir := t.TempDir()
	var b []byte
	for _, o := range []Offset{5, 3, 5, 6, 1<<64 - 1} {
		b = appendRecord(b, Record{Offset: o, Payload: []byte("x")})
	}
	if err := os.WriteFile(chunkPath(dir, 4), b, 0o600); err != nil {
		t.Fatal(err)
	}
	l := open(t, Options{Dir: dir})
	add(t, l, "new")
	want(t, all(t, l, 1), "5=x 6=x 7=new")
	if n := l.Stats().Damaged; n != 1 {
		t.Errorf("%d stretches of damage", n)
	}
}
