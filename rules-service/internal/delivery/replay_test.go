package delivery

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"sluice/rules-service/internal/connector"
)

// letters makes dead letters of two rules, and mends the server.
func deadRules(t *testing.T, st Storage) (s *server, p *Pool, one, two *Target) {
	t.Helper()
	s = newServer()
	p = storingPool(s, st)
	one, two = openRule(t, p, "r1", "one", nil), openRule(t, p, "r2", "two", nil)
	synctest.Wait()
	s.set(&connector.Permanent{Err: errRefused})
	for i := range 5 {
		push(one, 10*i, 10*(i+1))
		push(two, 10*i, 10*(i+1))
		synctest.Wait()
	}
	s.set(nil)
	if _, n, err := p.DeadLetters(LetterFilter{}, 1); err != nil || n != 100 {
		t.Fatalf("%d letters, error %v", n, err)
	}
	return s, p, one, two
}

func count(t *testing.T, p *Pool, f LetterFilter) int {
	t.Helper()
	_, n, err := p.DeadLetters(f, 1)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// Dead letters are sent again in order, by rule, by id, or all, and are none
// any more then.
func TestReplayDeadLetters(t *testing.T) {
	path := filepath.Join(t.TempDir(), "letters.jsonl")
	synctest.Test(t, func(t *testing.T) {
		s, p, one, _ := deadRules(t, Storage{DeadLetters: path, DeadLetterBytes: 25 << 10}) // in two files
		if _, err := os.Stat(p.letters.previous()); err != nil {
			t.Fatal("the test wants two files:", err)
		}
		got, err := p.Replay(t.Context(), LetterFilter{Rule: "r1"})
		if err != nil || got != (Replayed{Sent: 50}) || count(t, p, LetterFilter{Rule: "r1"}) != 0 || count(t, p, LetterFilter{}) != 50 {
			t.Fatalf("%+v, error %v", got, err)
		}
		s.expect(t, "one", 0, 50)
		list, _, err := p.DeadLetters(LetterFilter{}, 3)
		if err != nil || len(list) != 3 || *list[2].Payload != `{"a":49}` {
			t.Fatal(list, err)
		}
		ids := []string{list[0].ID, list[2].ID}
		if got, err = p.Replay(t.Context(), LetterFilter{IDs: ids}); err != nil || got.Sent != 2 || fmt.Sprint(s.got["two"]) != "[47 49]" {
			t.Fatalf("%+v, %v, error %v", got, s.got["two"], err)
		}
		if got, err = p.Replay(t.Context(), LetterFilter{}); err != nil || got.Sent != 48 || count(t, p, LetterFilter{}) != 0 {
			t.Fatalf("%+v, error %v", got, err)
		}
		push(one, 50, 60)
		_ = p.Close(t.Context())
		s.expect(t, "one", 0, 60)
	})
}

// Letters stay where they are while their action is not open, and while they
// cannot be written or stored.
func TestReplayThatFails(t *testing.T) {
	path := filepath.Join(t.TempDir(), "letters.jsonl")
	synctest.Test(t, func(t *testing.T) {
		s, p, one, two := deadRules(t, Storage{DeadLetters: path})
		_ = one.Finish(t.Context())
		got, err := p.Replay(t.Context(), LetterFilter{})
		if want := "fake_0 of rule r1: not running; start the rule first"; err == nil || err.Error() != want || got != (Replayed{50, 50}) {
			t.Errorf("%+v, error %v", got, err)
		}
		s.expect(t, "two", 0, 50)
		one = openRule(t, p, "r1", "one", nil)
		s.set(errRefused)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if got, err = p.Replay(ctx, LetterFilter{}); !errors.Is(err, context.DeadlineExceeded) || got != (Replayed{0, 50}) {
			t.Errorf("%+v, error %v", got, err)
		}
		settled(t, "only the other is quiet", func() bool { return two.Stats().BufferLength == 0 })
		_ = one.Finish(canceled(t))
		if n := count(t, p, LetterFilter{}); n != 50 {
			t.Errorf("%d letters are left", n)
		}
		_ = p.Close(canceled(t))
	})
}

// With a disk a replay ends though the target is away; what the target refuses
// again is a new letter; a full queue makes it wait.
func TestReplayToDisk(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s, p, one, _ := deadRules(t, Storage{Dir: filepath.Join(dir, "queues"), DeadLetters: filepath.Join(dir, "letters.jsonl")})
		_ = one.Finish(t.Context())
		one = openRule(t, p, "r1", "one", map[string]any{"bufferLength": 3})
		s.set(errRefused)
		got, err := p.Replay(t.Context(), LetterFilter{Rule: "r1"})
		if err != nil || got != (Replayed{Sent: 50}) || one.Stats().BufferLength != 50 {
			t.Fatalf("%+v, error %v, %+v", got, err, one.Stats())
		}
		s.set(&connector.Permanent{Err: errors.New("again")})
		settled(t, "all is refused", func() bool { return one.Stats().BufferLength == 0 })
		list, n, err := p.DeadLetters(LetterFilter{Rule: "r1"}, 1000)
		if err != nil || n != 50 || !strings.Contains(list[0].Error, "again") {
			t.Errorf("%d letters: %+v, error %v", n, list, err)
		}
		if n, err := p.DropDeadLetters(LetterFilter{Rule: "r1"}); err != nil || n != 50 || count(t, p, LetterFilter{}) != 50 {
			t.Errorf("%d dropped, error %v", n, err)
		}
		if n, err := p.DropDeadLetters(LetterFilter{}); err != nil || n != 50 || count(t, p, LetterFilter{}) != 0 {
			t.Errorf("%d dropped, error %v", n, err)
		}
		_ = p.Close(t.Context())
	})
}

// A file with lines that are no letters is read, and they stay.
func TestDamagedLetters(t *testing.T) {
	path := filepath.Join(t.TempDir(), "letters.jsonl")
	text := "{\"id\":\"a\",\"rule\":\"r1\"}\nno letter\n{}\n{\"id\":\"b\",\"rule\":\"r2\"}\n{\"id\":\"c\",\"ru"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	p := storingPool(newServer(), Storage{DeadLetters: path})
	list, n, err := p.DeadLetters(LetterFilter{}, 10)
	if err != nil || n != 2 || list[0].ID != "a" || list[1].ID != "b" {
		t.Fatal(list, n, err)
	}
	if n, err := p.DropDeadLetters(LetterFilter{IDs: []string{"a"}}); err != nil || n != 1 {
		t.Fatal(n, err)
	}
	if data, err := os.ReadFile(path); err != nil || string(data) != "no letter\n{}\n{\"id\":\"b\",\"rule\":\"r2\"}\n" {
		t.Fatalf("%q, error %v", data, err)
	}
	if n, err := storingPool(newServer(), Storage{}).DropDeadLetters(LetterFilter{}); err != nil || n != 0 {
		t.Fatal(n, err)
	}
}

// A letter whose action ends before it is written stays one.
func TestReplayWhileTheActionEnds(t *testing.T) {
	path := filepath.Join(t.TempDir(), "letters.jsonl")
	synctest.Test(t, func(t *testing.T) {
		s, p, one, two := deadRules(t, Storage{DeadLetters: path})
		s.set(errRefused)
		go func() {
			time.Sleep(time.Second)
			if _, err := p.Replay(t.Context(), LetterFilter{}); !errors.Is(err, ErrReplaying) {
				t.Errorf("error %v of a second replay", err)
			}
			_ = one.Finish(canceled(t))
			_ = two.Finish(canceled(t))
		}()
		got, err := p.Replay(t.Context(), LetterFilter{Rule: "r1"})
		if got != (Replayed{Left: 50}) || count(t, p, LetterFilter{Rule: "r1"}) != 50 {
			t.Errorf("%+v, error %v", got, err)
		}
		_ = p.Close(canceled(t))
	})
}
