package delivery

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"sluice/rules-service/internal/connector"
)

// Two rules on one connection: the one that stays delivers what the other has
// left; what a deleted rule has left is forgotten, also when the connection is
// closed.
func TestTwoRulesOnOneConnection(t *testing.T) {
	for _, closed := range []bool{false, true} {
		for _, deleted := range []bool{false, true} {
			t.Run(fmt.Sprintf("closed=%t/deleted=%t", closed, deleted), func(t *testing.T) {
				dir := t.TempDir()
				synctest.Test(t, func(t *testing.T) {
					s := newServer()
					s.set(connector.ErrNotConnected)
					p := storingPool(s, Storage{Dir: dir})
					one, two := openRule(t, p, "r1", "one", nil), openRule(t, p, "r2", "two", nil)
					for i := range 20 {
						push(one, 100*i, 100*(i+1))
						push(two, 100*i, 100*(i+1))
					}
					ctx, cancel := context.WithTimeout(t.Context(), time.Second)
					defer cancel()
					_ = one.Finish(ctx)
					if closed {
						_ = two.Finish(ctx)
					}
					want := 2000
					if deleted {
						want = 0
						if err := p.Forget("r1"); err != nil {
							t.Fatal(err)
						}
					}
					if closed {
						two = openRule(t, p, "r2", "two", nil)
					}
					push(two, 2000, 2100)
					s.set(nil)
					settled(t, "all is written", func() bool { return two.Stats().RecordsOut == 2100 })
					_ = p.Close(t.Context())
					s.expect(t, "one", 0, want)
					s.expect(t, "two", 0, 2100)
				})
			})
		}
	}
}

// cleanCacheAtStop forgets what is on disk, and only that of its action.
func TestCleanCacheAtStop(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s := newServer()
		s.set(errRefused)
		p := storingPool(s, Storage{Dir: dir})
		one, two := openRule(t, p, "r1", "one", map[string]any{"cleanCacheAtStop": true}), openRule(t, p, "r2", "two", nil)
		push(one, 0, 100)
		push(two, 0, 100)
		settled(t, "all is on disk", func() bool { return waitingOnDisk(one)+waitingOnDisk(two) == 200 })
		_ = one.Finish(t.Context())
		s.set(nil)
		settled(t, "all is written", func() bool { return two.Stats().RecordsOut == 100 })
		_ = p.Close(t.Context())
		s.expect(t, "one", 0, 0)
		s.expect(t, "two", 0, 100)
	})
}

// Folders of connections that hold nothing of a rule are looked into once.
func TestForgetLooksOnce(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s := newServer()
		s.set(errRefused)
		p := storingPool(s, Storage{Dir: dir})
		target := openRule(t, p, "r1", "t", nil)
		push(target, 0, 100)
		_ = target.Finish(t.Context())
		for range 2 {
			if err := p.Forget("other"); err != nil {
				t.Fatal(err)
			}
		}
		folder := p.storage.folderOf(target.worker.key)
		if rules := p.resting[folder]; len(rules) != 1 || !rules["r1"] {
			t.Errorf("resting: %v", p.resting)
		}
		if err := p.Forget("r1"); err != nil || p.resting[folder]["r1"] {
			t.Errorf("error %v, resting %v", err, p.resting)
		}
		s.set(nil)
		target = openRule(t, p, "r1", "t", nil)
		push(target, 100, 200)
		_ = p.Close(t.Context())
		s.expect(t, "t", 100, 200)
		if n := folderCount(t, dir); n != 0 {
			t.Errorf("%d folders are left", n)
		}
	})
}
