package delivery

import (
	"fmt"
	"log/slog"
	"os"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"sluice/rules-service/internal/journal"
	"sluice/sqlengine/value"
)

// After a crash, what a rule renders again is delivered once, if it was on
// disk.
func TestReplay(t *testing.T) {
	for _, away := range []bool{true, false} { // while it is replayed
		t.Run(fmt.Sprintf("away=%t", away), func(t *testing.T) {
			dir, copied := t.TempDir(), t.TempDir()
			synctest.Test(t, func(t *testing.T) {
				s := newServer()
				p := storingPool(s, Storage{Dir: dir})
				target := openRule(t, p, "r1", "t", nil)
				push(target, 0, 300)
				settled(t, "all is written", func() bool { return target.Stats().RecordsOut == 300 })
				s.set(errRefused)
				push(target, 300, 600)
				mark := target.Mark()
				push(target, 600, 1000)
				if err := target.Settle(t.Context(), target.Mark()); err != nil {
					t.Fatal(err)
				}
				if err := os.CopyFS(copied, os.DirFS(dir)); err != nil {
					t.Fatal(err)
				}
				_ = p.Close(t.Context())
				s.expect(t, "t", 0, 300)

				s = newServer()
				if away {
					s.set(errRefused)
				}
				p = storingPool(s, Storage{Dir: copied})
				target, err := p.Open(Action{Rule: "r1", Type: "fake", Props: map[string]any{"sendSingle": true, "fields": "a", "topic": "t"}, From: mark})
				if err != nil {
					t.Fatal(err)
				}
				var acks atomic.Int64
				for i := 600; i < 1400; i++ {
					ack := value.NewAck(func(err error) {
						if acks.Add(1); err != nil {
							t.Error(err)
						}
					})
					_ = target.Push(rows(ack, i))
					ack.Release(nil)
				}
				if got := target.Mark() - mark; got != 800 {
					t.Errorf("the mark is %d further on", got)
				}
				if err := target.Settle(t.Context(), target.Mark()); err != nil {
					t.Error(err)
				}
				settled(t, "all is acknowledged", func() bool { return acks.Load() == 800 })
				s.set(nil)
				settled(t, "all is written", func() bool { return target.Stats().BufferLength == 0 })
				s.expect(t, "t", 300, 1400)
				if st := target.Stats(); st.Dropped != 0 || st.RecordsOut != 1100 {
					t.Errorf("%+v", st)
				}
				if target.disk.seen != nil {
					t.Error("the numbers on disk are remembered for ever")
				}
				_ = p.Close(t.Context())
			})
		})
	}
}

// Nothing is taken for something else: what has another content is queued, and
// so are equal messages of a rule that does not render anything again.
func TestReplayOfSomethingElse(t *testing.T) {
	for _, c := range []struct {
		name    string
		resumes bool
		second  int // what is pushed in the second life
		want    []int
	}{
		{"equal", true, 7, []int{7, 7, 7}},
		{"other content", true, 8, []int{7, 7, 7, 8, 8, 8}},
		{"new life", false, 7, []int{7, 7, 7, 7, 7, 7}},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			synctest.Test(t, func(t *testing.T) {
				s := newServer()
				s.set(errRefused)
				p := storingPool(s, Storage{Dir: dir})
				target := openRule(t, p, "r1", "t", nil)
				mark := target.Mark()
				_ = target.Push(rows(nil, 7, 7, 7))
				_ = p.Close(canceled(t))

				p = storingPool(s, Storage{Dir: dir})
				a := Action{Rule: "r1", Type: "fake", Props: map[string]any{"sendSingle": true, "fields": "a", "topic": "t"}}
				if c.resumes {
					a.From = mark
				}
				target, err := p.Open(a)
				if err != nil {
					t.Fatal(err)
				}
				_ = target.Push(rows(nil, c.second, c.second, c.second))
				s.set(nil)
				settled(t, "all is written", func() bool { return target.Stats().BufferLength == 0 })
				if got := s.got["t"]; !slices.Equal(got, c.want) {
					t.Errorf("got %v, want %v", got, c.want)
				}
				_ = p.Close(t.Context())
			})
		})
	}
}

// While it is not known yet what is on disk, a rule that renders messages again
// waits; it drops nothing, and the disk is left alone.
func TestReplayWaitsForTheDisk(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		var log lines
		s := newServer()
		p := storingPool(s, Storage{Dir: dir})
		p.env.Log = slog.New(slog.NewTextHandler(&log, nil))
		c, err := p.decode("fake", map[string]any{"topic": "t"})
		if err != nil {
			t.Fatal(err)
		}
		folder := p.storage.folderOf(c.Key)
		p.folders.acquire(folder) // as the worker before it does
		former, err := journal.Open(p.storage.journalOf(folder))
		if err != nil {
			t.Fatal(err)
		}
		target, err := p.Open(crashingAction(7))
		if err != nil {
			t.Fatal(err)
		}
		pushed := make(chan struct{})
		go func() {
			defer close(pushed)
			push(target, 0, 5000)
		}()
		time.Sleep(time.Minute)
		if st := target.Stats(); st.Dropped != 0 || st.BufferLength != 1024 || log.count("cannot be used") > 0 {
			t.Errorf("%+v\n%s", st, log.String())
		}
		if err := former.Close(); err != nil {
			t.Fatal(err)
		}
		p.folders.release(folder)
		<-pushed
		_ = p.Close(t.Context())
		s.expect(t, "t", 0, 5000)
	})
	synctest.Test(t, func(t *testing.T) { // without it the disk is waited for as well
		var log lines
		s := newServer()
		s.set(errRefused)
		p := storingPool(s, Storage{Dir: dir})
		p.env.Log = slog.New(slog.NewTextHandler(&log, nil))
		c, err := p.decode("fake", map[string]any{"topic": "t"})
		if err != nil {
			t.Fatal(err)
		}
		folder := p.storage.folderOf(c.Key)
		p.folders.acquire(folder)
		former, err := journal.Open(p.storage.journalOf(folder))
		if err != nil {
			t.Fatal(err)
		}
		target := openRule(t, p, "r1", "t", map[string]any{"bufferLength": 10})
		go func() {
			time.Sleep(farewell)
			_ = former.Close()
			p.folders.release(folder)
		}()
		push(target, 0, 20)
		time.Sleep(time.Minute)
		if log.count("cannot be used") > 0 {
			t.Error(log.String())
		}
		_ = p.Close(canceled(t))
	})
}
