package delivery

import (
	"context"
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"sluice/rules-service/internal/connector"
	"sluice/rules-service/internal/journal"
)

// leaveOnDisk leaves messages of r1 for the next process, and holds their
// folder as a process that takes its time to end does.
func leaveOnDisk(t *testing.T, dir string, n int) (old *journal.Log) {
	t.Helper()
	s := newServer()
	s.set(errRefused)
	p := storingPool(s, Storage{Dir: dir})
	push(openRule(t, p, "r1", "t", nil), 0, n)
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	must(t, p.Close(ctx))
	folders, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(folders) != 1 {
		t.Fatal(folders, err)
	}
	if old, err = journal.Open(journal.Options{Dir: folders[0]}); err != nil {
		t.Fatal(err)
	}
	return old
}

// A queue that cannot be opened at first is delivered when it can be, though
// nothing has to go to disk meanwhile.
func TestQueueIsOpenedLater(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		old := leaveOnDisk(t, dir, 100)
		s := newServer()
		p := storingPool(s, Storage{Dir: dir})
		target := openRule(t, p, "r1", "t", nil)
		push(target, 100, 110)
		settled(t, "what is new is written", func() bool { return s.len("t") == 10 })
		must(t, old.Close())
		settled(t, "what is old is written", func() bool { return s.len("t") == 110 })
		if got := slices.Sorted(slices.Values(s.got["t"])); !slices.Equal(got, numbers(0, 110)) || target.Stats().Dropped != 0 {
			t.Errorf("%v, %+v", got, target.Stats())
		}
		_ = p.Close(t.Context())
		if n := folderCount(t, dir); n != 0 {
			t.Errorf("%d folders are left", n)
		}
	})
}

// A worker that ends while its queue cannot be opened leaves nothing behind that
// tries on.
func TestEndWhileQueueIsTaken(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		old := leaveOnDisk(t, dir, 10)
		p := storingPool(newServer(), Storage{Dir: dir})
		openRule(t, p, "r1", "t", nil)
		synctest.Wait()
		start := time.Now()
		must(t, p.Close(t.Context()))
		if took := time.Since(start); took > time.Second {
			t.Errorf("it took %s", took)
		}
		must(t, old.Close())
	})
}

// What is in the hand goes to disk behind what a former process has left
// there; that is not passed over.
func TestHandGoesBehindWhatIsOnDisk(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		old := leaveOnDisk(t, dir, 600)
		s := newServer()
		p := storingPool(s, Storage{Dir: dir})
		target := openRule(t, p, "r1", "t", nil)
		synctest.Wait()                  // connected
		s.set(connector.ErrNotConnected) // then they are written one by one
		push(target, 600, 1000)
		time.Sleep(diskPause / 2)
		must(t, old.Close())
		settled(t, "all is on disk", func() bool { return waitingOnDisk(target) == 1000 })
		s.set(nil)
		settled(t, "all is written", func() bool { return target.Stats().BufferLength == 0 })
		if got := slices.Sorted(slices.Values(s.got["t"])); !slices.Equal(got, numbers(0, 1000)) || target.Stats().Dropped != 0 {
			t.Errorf("%d came, %+v", len(got), target.Stats())
		}
		_ = p.Close(t.Context())
	})
}
