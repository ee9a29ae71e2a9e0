package delivery

import (
	"context"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"sluice/rules-service/internal/connector"
)

// server is what the sinks of a test write to; it remembers the numbers of the
// messages by topic.
type server struct {
	fakeSink
	mu   sync.Mutex
	down error
	got  map[string][]int
}

func newServer() *server { return &server{got: map[string][]int{}} }

func (s *server) Connect(context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.down
}

func (s *server) Write(_ context.Context, msgs []connector.Outbound) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.down != nil {
		return s.down
	}
	for i := range msgs {
		n := 0
		for _, c := range msgs[i].Payload {
			if c >= '0' && c <= '9' {
				n = 10*n + int(c-'0')
			}
		}
		topic := msgs[i].Values["topic"]
		s.got[topic] = append(s.got[topic], n)
	}
	return nil
}

func (s *server) set(down error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.down = down
}

// expect checks that the numbers from one to another have come, in order.
func (s *server) expect(t *testing.T, topic string, from, to int) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	got := s.got[topic]
	for i, n := range got {
		if n != from+i {
			t.Fatalf("topic %s: message %d is %d", topic, from+i, n)
		}
	}
	if len(got) != to-from {
		t.Fatalf("topic %s: %d messages from %d on, want %d", topic, len(got), from, to-from)
	}
}

// lazily keeps tests quick: the operating system writes to disk when it likes.
const lazily = 1000 * time.Hour

func storingPool(s connector.Sink, st Storage) *Pool {
	p := poolOf(s)
	if st.SyncEvery == 0 {
		st.SyncEvery = lazily
	}
	return NewStoringPool(p.registry, p.env, st)
}

func openRule(t testing.TB, p *Pool, rule, topic string, more map[string]any) *Target {
	t.Helper()
	props := map[string]any{"sendSingle": true, "fields": "a", "topic": topic}
	for name, v := range more {
		props[name] = v
	}
	target, err := p.Open(Action{Rule: rule, Type: "fake", Props: props})
	if err != nil {
		t.Fatal(err)
	}
	return target
}

func numbers(from, to int) []int {
	out := make([]int, to-from)
	for i := range out {
		out[i] = from + i
	}
	return out
}

func push(target *Target, from, to int) { _ = target.Push(rows(nil, numbers(from, to)...)) }

// folderCount is the number of queues on disk.
func folderCount(t *testing.T, dir string) int {
	t.Helper()
	list, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	return len(list)
}

// settled waits until everything is quiet, disk and all.
func settled(t *testing.T, what string, done func() bool) {
	t.Helper()
	for range 100_000 {
		synctest.Wait()
		if done() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("waited in vain until " + what)
}

// waitingOnDisk is how many messages of an action wait there, those that may not
// go there included.
func waitingOnDisk(target *Target) int {
	target.worker.mu.Lock()
	defer target.worker.mu.Unlock()
	return target.disk.waiting
}
