package delivery

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"sluice/rules-service/internal/connector"
	"sluice/sqlengine/value"
)

// A full queue drops its oldest or its newest messages, as the action wants,
// and counts them exactly.
func TestFullDisk(t *testing.T) {
	for _, c := range []struct {
		name  string
		props map[string]any
		bytes int64
	}{
		{"oldest", map[string]any{}, 64 << 10},
		{"newest", map[string]any{"cacheFull": "dropNewest"}, 64 << 10},
		{"oldest by number", map[string]any{"enableCache": true, "maxDiskCache": 300}, 0},
		{"newest by number", map[string]any{"enableCache": true, "maxDiskCache": 300, "cacheFull": "dropNewest"}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			synctest.Test(t, func(t *testing.T) {
				s := newServer()
				s.set(errRefused)
				p := storingPool(s, Storage{Dir: dir, MaxBytes: c.bytes})
				target := openRule(t, p, "r1", "t", c.props)
				var acks atomic.Int64
				const n = 5000
				for i := range n {
					ack := value.NewAck(func(error) { acks.Add(1) })
					_ = target.Push(rows(ack, i))
					ack.Release(nil)
				}
				settled(t, "all is told", func() bool { return acks.Load() == n })
				st := target.Stats()
				if st.Dropped == 0 || st.Dropped+uint64(st.BufferLength) != n {
					t.Fatalf("%+v", st)
				}
				if c.bytes == 0 && st.BufferLength != 512 {
					t.Errorf("%d messages, want two pages", st.BufferLength)
				}
				s.set(nil)
				settled(t, "all is written", func() bool { return target.Stats().BufferLength == 0 })
				after := target.Stats()
				got := s.got["t"]
				if after.Dropped != st.Dropped || after.RecordsOut != uint64(len(got)) || !slices.IsSorted(got) {
					t.Errorf("%d written, %+v", len(got), after)
				}
				newest := c.props["cacheFull"] != nil
				if first, last := got[0], got[len(got)-1]; newest == (last == n-1) || newest && first != 0 {
					t.Errorf("from %d to %d", first, last)
				}
				_ = p.Close(t.Context())
			})
		})
	}
}

// Old messages are dropped and counted.
func TestOldMessagesExpire(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s := newServer()
		s.set(errRefused)
		p := storingPool(s, Storage{Dir: dir, MaxAge: time.Hour})
		target := openRule(t, p, "r1", "t", nil)
		for i := range 150 { // one a minute
			push(target, i, i+1)
			time.Sleep(time.Minute)
		}
		st := target.Stats()
		if st.Dropped < 80 || st.Dropped+uint64(st.BufferLength) != 150 {
			t.Errorf("%+v", st)
		}
		s.set(nil)
		settled(t, "all is written", func() bool { return target.Stats().BufferLength == 0 })
		if st := target.Stats(); st.Dropped+st.RecordsOut != 150 || !slices.IsSorted(s.got["t"]) {
			t.Errorf("%+v", st)
		}
		_ = p.Close(t.Context())
	})
}

// A disk that cannot be used costs what does not fit into memory; it is used
// when it can be.
func TestNoDisk(t *testing.T) {
	for name, c := range map[string]struct{ spoil, mend func(*testing.T, string) }{
		"a file in its place": {func(t *testing.T, dir string) { must(t, os.WriteFile(dir, nil, 0o600)) }, func(t *testing.T, dir string) { must(t, os.Remove(dir)) }},
		"read-only":           {readOnly, writable},
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "queues")
			c.spoil(t, dir)
			synctest.Test(t, func(t *testing.T) { withoutDisk(t, dir, c.mend) })
		})
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// readOnly makes a folder that nothing can be made in. Root may do all, and so
// becomes somebody else meanwhile.
func readOnly(t *testing.T, dir string) {
	t.Helper()
	must(t, os.Mkdir(dir, 0o555))
	for parent := filepath.Dir(dir); strings.HasPrefix(parent, os.TempDir()+"/"); parent = filepath.Dir(parent) {
		must(t, os.Chmod(parent, 0o755))
	}
	if os.Geteuid() == 0 {
		must(t, syscall.Setresuid(-1, nobody, -1))
		t.Cleanup(func() { must(t, syscall.Setresuid(-1, 0, -1)) })
	}
}

const nobody = 65534

func writable(t *testing.T, dir string) {
	t.Helper()
	if os.Getuid() == 0 {
		must(t, syscall.Setresuid(-1, 0, -1))
	}
	must(t, os.Chmod(dir, 0o700))
}

func withoutDisk(t *testing.T, dir string, mend func(*testing.T, string)) {
	var log lines
	s := newServer()
	p := storingPool(s, Storage{Dir: dir, DeadLetters: filepath.Join(dir, "letters.jsonl")})
	p.env.Log = slog.New(slog.NewTextHandler(&log, nil))
	target := openRule(t, p, "r1", "t", map[string]any{"bufferLength": 100})
	synctest.Wait() // connected
	s.set(errRefused)
	for i := range 1000 {
		push(target, i, i+1)
		time.Sleep(time.Second)
	}
	synctest.Wait()
	st := target.Stats()
	if st.DroppedBy[Overflow] < 800 || st.Dropped+uint64(st.BufferLength) != 1000 || log.count("queue on disk cannot be used") != 1 {
		t.Errorf("%+v\n%s", st, log.String())
	}
	s.set(&connector.Permanent{Err: errRefused}) // nor can dead letters be kept
	settled(t, "all is refused", func() bool { return target.Stats().BufferLength == 0 })
	if st = target.Stats(); st.Dropped != 1000 || st.DroppedBy[Poison] < 100 || log.count("dead letters cannot be kept") != 1 {
		t.Errorf("%+v\n%s", st, log.String())
	}
	s.set(errRefused)
	mend(t, dir)
	time.Sleep(2 * diskPause)
	for i := 1000; i < 2000; i++ {
		push(target, i, i+1)
		time.Sleep(time.Second)
	}
	if now := target.Stats(); now.Dropped > st.Dropped+1 || log.count("queue on disk works again") != 1 || now.DiskBytes < 1000 {
		t.Errorf("%+v\n%s", now, log.String())
	}
	s.set(nil)
	settled(t, "all is written", func() bool { return target.Stats().BufferLength == 0 })
	if st := target.Stats(); st.RecordsOut+st.Dropped != 2000 || !slices.IsSorted(s.got["t"]) {
		t.Errorf("%+v", st)
	}
	_ = p.Close(t.Context())
}

// A record that is damaged costs its message, counted; the rest is delivered.
func TestDamage(t *testing.T) {
	for _, restart := range []bool{false, true} {
		t.Run(fmt.Sprintf("restart=%t", restart), func(t *testing.T) {
			dir := t.TempDir()
			synctest.Test(t, func(t *testing.T) {
				s := newServer()
				s.set(errRefused)
				p := storingPool(s, Storage{Dir: dir})
				target := openRule(t, p, "r1", "t", nil)
				push(target, 0, 1) // in the hand
				time.Sleep(time.Second)
				for i := range 10 {
					push(target, 1+100*i, 1+100*(i+1))
				}
				settled(t, "all is on disk", func() bool { return target.Stats().BufferLength == 1001 && waitingOnDisk(target) == 1001 })
				if restart {
					ctx, cancel := context.WithTimeout(t.Context(), time.Second)
					defer cancel()
					_ = p.Close(ctx)
				}
				spoil(t, dir, `"a":500}`)
				if restart {
					p = storingPool(s, Storage{Dir: dir})
					target = openRule(t, p, "r1", "t", nil)
				}
				s.set(nil)
				settled(t, "all is written", func() bool { return target.Stats().RecordsOut == 1000 })
				synctest.Wait()
				if want := slices.Concat(numbers(0, 500), numbers(501, 1001)); !slices.Equal(s.got["t"], want) {
					t.Error("something else is lost")
				}
				settled(t, "the loss is counted", func() bool { st := target.Stats(); return st.BufferLength == 0 && (restart || st.Dropped == 1) })
				_ = p.Close(t.Context())
			})
		})
	}
}

// spoil changes a byte of the text in a chunk file.
func spoil(t *testing.T, dir, text string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*", "*.log"))
	if err != nil || len(files) != 1 {
		t.Fatal(files, err)
	}
	data, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	at := slices.Index(data, 0)
	for i := range data {
		if string(data[i:min(i+len(text), len(data))]) == text {
			at = i
		}
	}
	f, err := os.OpenFile(files[0], os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteAt([]byte("#"), int64(at)); err != nil {
		t.Fatal(err)
	}
}

// A disk that is full for a while costs nothing that fits into memory, and no
// order.
func TestDiskFullForAWhile(t *testing.T) {
	signal.Ignore(syscall.SIGXFSZ)
	defer signal.Reset(syscall.SIGXFSZ)
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		var was syscall.Rlimit
		if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &was); err != nil {
			t.Fatal(err)
		}
		var log lines
		s := newServer()
		s.set(errRefused)
		p := storingPool(s, Storage{Dir: dir})
		p.env.Log = slog.New(slog.NewTextHandler(&log, nil))
		target := openRule(t, p, "r1", "t", map[string]any{"bufferLength": 2000})
		push(target, 0, 500)
		settled(t, "all is on disk", func() bool { return waitingOnDisk(target) == 500 })
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 100, Max: was.Max}); err != nil {
			t.Skip("file sizes cannot be limited here:", err)
		}
		push(target, 500, 2000) // more than goes to disk at once
		time.Sleep(time.Second)
		synctest.Wait()
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &was); err != nil {
			t.Fatal(err)
		}
		if st := target.Stats(); st.BufferLength != 2000 || st.Dropped != 0 || log.count("queue on disk cannot be used") != 1 {
			t.Errorf("%+v\n%s", st, log.String())
		}
		time.Sleep(3 * diskPause)
		settled(t, "all is on disk", func() bool { return waitingOnDisk(target) == 2000 })
		push(target, 2000, 2500)
		s.set(nil)
		settled(t, "all is written", func() bool { return target.Stats().RecordsOut == 2500 })
		s.expect(t, "t", 0, 2500)
		_ = p.Close(t.Context())
	})
}
