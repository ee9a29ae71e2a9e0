package rule

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"sluice/rules-service/internal/hub"
	"sluice/rules-service/internal/journal"
	"sluice/rules-service/internal/store"
)

// killed starts the service anew on what a killed one has left.
func killed(t *testing.T, b *broker, m *Manager, st *store.Store, dir string) (*Manager, *store.Store, string) {
	t.Helper()
	synctest.Wait()
	left := crash(t, dir)
	b.mu.Lock()
	waiting, got := slices.Clone(b.waiting), len(b.got)
	b.mu.Unlock()
	_ = errors.Join(m.Close(t.Context()), st.Close()) // whatever that says: it never was
	b.mu.Lock()
	b.waiting, b.got = waiting, b.got[:got]
	b.mu.Unlock()
	m, st = openOn(t, left, b)
	m.Start()
	return m, st, left
}

// withBroker runs f in a bubble of time with a service on an empty folder.
func withBroker(t *testing.T, f func(t *testing.T, b *broker, m *Manager, st *store.Store, dir string)) {
	synctest.Test(t, func(t *testing.T) {
		b, dir := &broker{wake: make(chan struct{}, 1)}, t.TempDir()
		m, st := openOn(t, dir, b)
		if _, err := m.Execute(brokerStream); err != nil {
			t.Fatal(err)
		}
		m.Start()
		f(t, b, m, st, dir)
	})
}

func ends(t *testing.T, m *Manager, st *store.Store) {
	t.Helper()
	if err := errors.Join(m.Close(t.Context()), st.Close()); err != nil {
		t.Error(err)
	}
}

// While the sink is away a rule that is replayed again and again yields what
// its queue on disk holds already: that is not queued twice.
func TestQueueHoldsNothingTwice(t *testing.T) {
	withBroker(t, func(t *testing.T, b *broker, m *Manager, st *store.Store, dir string) {
		b.set(errors.New("away"))
		create(t, m, "alarms", "SELECT n FROM s", `{"qos":1,"checkpointInterval":5000}`)
		time.Sleep(10 * time.Second) // a checkpoint has it
		n := 0
		for range 8 {
			for range 10 {
				n++
				b.send(n)
				time.Sleep(130 * time.Millisecond)
			}
			m, st, dir = killed(t, b, m, st, dir)
		}
		b.set(nil)
		time.Sleep(time.Minute)
		got := b.results("alarms")
		if len(got) != n {
			t.Errorf("%d messages, want %d: %v", len(got), n, got)
		}
		ends(t, m, st)
	})
}

// A rule of qos 1 that a user stops goes on where it was; one of qos 0, one that
// was deleted, and one whose query is another now begin anew.
func TestStoppedRuleGoesOn(t *testing.T) {
	const count = "SELECT sum(n) AS s FROM s GROUP BY COUNTWINDOW(4)"
	for _, c := range []struct {
		name, options, later string
		between              func(t *testing.T, m *Manager)
		want                 string
	}{
		{"qos 1", `{"qos":1}`, count, nil, `{"s":10}`},
		{"qos 0", `{"qos":0}`, count, nil, `{"s":18}`},
		{"deleted", `{"qos":1}`, count, func(t *testing.T, m *Manager) {
			if err := m.Delete("r"); err != nil {
				t.Error(err)
			}
			create(t, m, "r", count, `{"qos":1}`)
		}, `{"s":18}`},
		{"another query", `{"qos":1}`, "SELECT max(n) AS s FROM s GROUP BY COUNTWINDOW(4)", nil, `{"s":6}`},
	} {
		for _, crashes := range []bool{false, true} {
			t.Run(fmt.Sprint(c.name, crashes), func(t *testing.T) {
				withBroker(t, func(t *testing.T, b *broker, m *Manager, st *store.Store, dir string) {
					create(t, m, "r", count, c.options)
					b.send(1, 2)
					time.Sleep(time.Minute)
					if err := m.StopRule("r"); err != nil {
						t.Fatal(err)
					}
					b.send(100) // nobody reads it: the source is closed
					time.Sleep(time.Minute)
					b.mu.Lock()
					b.waiting = nil
					b.mu.Unlock()
					if crashes {
						m, st, _ = killed(t, b, m, st, dir)
					}
					if c.between != nil {
						c.between(t, m)
					} else if c.later != count {
						text := fmt.Sprintf(`{"id":"r","sql":%q,"actions":[{"broker":{"sendSingle":true}}],"options":%s}`, c.later, c.options)
						if _, err := m.Update("r", text); err != nil {
							t.Fatal(err)
						}
					}
					if err := m.StartRule("r"); err != nil {
						t.Fatal(err)
					}
					b.send(3, 4, 5, 6)
					time.Sleep(time.Minute)
					if got := b.results("r"); len(got) != 1 || got[0] != c.want {
						t.Errorf("got %v, want %s", got, c.want)
					}
					ends(t, m, st)
				})
			})
		}
	}
}

// Of a source that waits for no acknowledgement nothing is replayed, but a rule
// of qos 1 keeps what a checkpoint holds.
func TestSourceThatDoesNotWait(t *testing.T) {
	withBroker(t, func(t *testing.T, b *broker, m *Manager, st *store.Store, dir string) {
		b.forgetful = true
		create(t, m, "kept", "SELECT sum(n) AS s FROM s GROUP BY COUNTWINDOW(4)", `{"qos":1,"checkpointInterval":"5s"}`)
		b.send(1, 2)
		time.Sleep(10 * time.Second)
		b.send(3) // no checkpoint has it
		m, st, _ = killed(t, b, m, st, dir)
		b.send(4, 5)
		time.Sleep(time.Second)
		b.send(6, 7)
		time.Sleep(time.Second)
		if s := m.Intake(); s.Bytes != 0 {
			t.Errorf("%+v", s)
		}
		if got := b.results("kept"); len(got) != 1 || got[0] != `{"s":12}` {
			t.Errorf("kept: %v", got)
		}
		ends(t, m, st)
	})
}

// A rule that has failed begins anew: it may have failed for its state.
func TestFailedRuleBeginsAnew(t *testing.T) {
	withBroker(t, func(t *testing.T, b *broker, m *Manager, st *store.Store, _ string) {
		create(t, m, "r", "SELECT sum(n) AS s FROM s GROUP BY COUNTWINDOW(3)", `{"qos":1,"restartStrategy":{"delay":1000}}`)
		b.send(1, 2)
		time.Sleep(time.Minute)
		m.onFail("r", errors.New("boom"))
		time.Sleep(time.Minute)
		b.send(3, 4, 5)
		time.Sleep(time.Minute)
		if got := b.results("r"); len(got) != 1 || got[0] != `{"s":12}` {
			t.Errorf("got %v", got)
		}
		ends(t, m, st)
	})
}

// The rule's own interval counts, and nothing is written while nothing happens.
func TestCheckpointsComeAtTheirIntervals(t *testing.T) {
	withBroker(t, func(t *testing.T, b *broker, m *Manager, st *store.Store, _ string) {
		create(t, m, "slow", "SELECT n FROM s", `{"qos":1,"checkpointInterval":"20s"}`)
		time.Sleep(2 * time.Second) // the one that comes soon after a rule
		made := m.Checkpoints().Made
		create(t, m, "fast", "SELECT n FROM s", `{"qos":1,"checkpointInterval":"2s"}`)
		time.Sleep(2 * time.Second)
		first := m.Checkpoints().Made
		time.Sleep(20*time.Second + time.Millisecond)
		if n := m.Checkpoints().Made - first; made == 0 || n != 10 {
			t.Errorf("%d at first, %d in 20 s", made, n)
		}
		if err := m.Delete("fast"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Second)
		before := m.Checkpoints().Made
		time.Sleep(30*time.Second + time.Millisecond)
		if n := m.Checkpoints().Made - before; n != 3 { // of the source, which lasts: 10 s
			t.Errorf("%d in 30 s", n)
		}
		ends(t, m, st)
	})
}

// A disk that takes no checkpoint is told once; messages are not lost.
func TestCheckpointsThatFail(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, dir := &broker{wake: make(chan struct{}, 1)}, t.TempDir()
		m, st := openOn(t, dir, b)
		var log bytes.Buffer
		m.log = slog.New(slog.NewTextHandler(&log, nil))
		if _, err := m.Execute(brokerStream); err != nil {
			t.Fatal(err)
		}
		m.Start()
		create(t, m, "r", "SELECT n FROM s", `{"qos":1,"checkpointInterval":"1s"}`)
		time.Sleep(5 * time.Second)
		if err := st.Close(); err != nil {
			t.Fatal(err)
		}
		for n := range 10 {
			b.send(n)
			time.Sleep(time.Second)
		}
		if s := m.Checkpoints(); s.Failed < 5 || s.Error == "" {
			t.Errorf("%+v", s)
		}
		if n := strings.Count(log.String(), "a checkpoint cannot be made"); n != 1 {
			t.Errorf("logged %d times", n)
		}
		if s := m.Intake(); s.Records != 10 {
			t.Errorf("%+v", s)
		}
		if err := m.Close(t.Context()); err != nil {
			t.Error(err)
		}
		if len(b.results("r")) != 10 {
			t.Error(b.results("r"))
		}
	})
}

// Rules come and go while checkpoints are made; nothing is left behind.
func TestRulesComeAndGoBetweenCheckpoints(t *testing.T) {
	before := runtime.NumGoroutine()
	b, dir := &broker{wake: make(chan struct{}, 1)}, t.TempDir()
	m, st := openOn(t, dir, b)
	if _, err := m.Execute(brokerStream); err != nil {
		t.Fatal(err)
	}
	m.Start()
	create(t, m, "steady", "SELECT n FROM s", `{"qos":1,"checkpointInterval":100}`)
	stop := make(chan struct{})
	var work sync.WaitGroup
	work.Go(func() {
		for n := 0; ; n++ {
			select {
			case <-stop:
				return
			default:
				b.send(n)
				m.checkpoints.make(t.Context())
			}
		}
	})
	for w := range 3 {
		work.Go(func() {
			id := fmt.Sprint("r", w)
			for i := range 15 {
				text := fmt.Sprintf(`{"id":%q,"sql":"SELECT count(*) AS c FROM s GROUP BY COUNTWINDOW(%d)","actions":[{"broker":{}}],"options":{"qos":%d}}`, id, 2+i%2, i%2)
				for _, err := range []error{
					func() error { _, _, err := m.Create(text); return err }(),
					m.StopRule(id), m.StartRule(id), m.RestartRule(id), m.Delete(id),
				} {
					if err != nil {
						t.Error(err)
						return
					}
				}
			}
		})
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		work.Wait()
	}()
	for m.Checkpoints().Made < 20 {
		time.Sleep(time.Millisecond)
	}
	close(stop)
	<-done
	ends(t, m, st)
	documents := reopened(t, dir)
	if !slices.Equal(documents, []string{"steady"}) {
		t.Errorf("states are kept of %v", documents)
	}
	goroutinesEnd(t, before)
}

// reopened are the rules of which a store keeps states.
func reopened(t *testing.T, dir string) (ids []string) {
	t.Helper()
	st, err := store.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	list, err := st.Documents(stateDocuments)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range list {
		ids = append(ids, d.Key)
	}
	return ids
}

func TestDocuments(t *testing.T) {
	for _, s := range []saved{{}, {after: 7, marks: []uint64{1, 1 << 60}}, {state: []byte{}, marks: []uint64{0}}, {state: []byte("state")}} {
		got, err := decodeSaved(s.encode())
		if err != nil || got.after != s.after || !slices.Equal(got.marks, s.marks) || !bytes.Equal(got.state, s.state) || (got.state == nil) != (s.state == nil) {
			t.Errorf("%+v became %+v, %v", s, got, err)
		}
	}
	m := hub.Moment{Clock: -5, Next: 9, Behind: map[string]journal.Offset{"a": 3, "b": 0}}
	got, err := decodeMoment(encodeMoment(&m))
	if err != nil || got.Clock != m.Clock || got.Next != m.Next || len(got.Behind) != 2 || got.Behind["a"] != 3 {
		t.Errorf("%+v, %v", got, err)
	}
}

func FuzzDecodeSaved(f *testing.F) {
	f.Add((&saved{after: 7, marks: []uint64{1}, state: []byte("x")}).encode())
	f.Fuzz(func(t *testing.T, b []byte) {
		if s, err := decodeSaved(b); err == nil {
			if again, err := decodeSaved(s.encode()); err != nil || !slices.Equal(again.marks, s.marks) || !bytes.Equal(again.state, s.state) {
				t.Errorf("%v: %+v", err, s)
			}
		}
		_, _ = decodeMoment(b)
	})
}

// A document that cannot be read costs its rule the state, no more.
func TestDamagedDocument(t *testing.T) {
	withBroker(t, func(t *testing.T, b *broker, m *Manager, st *store.Store, dir string) {
		create(t, m, "r", "SELECT sum(n) AS s FROM s GROUP BY COUNTWINDOW(2)", `{"qos":1}`)
		b.send(1)
		time.Sleep(time.Minute)
		ends(t, m, st)
		st, err := store.Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		err = errors.Join(st.Update(func(tx *store.Tx) error {
			return tx.PutDocument(stateDocuments, store.Document{Key: "r", Data: []byte("nonsense")})
		}), st.Close())
		if err != nil {
			t.Fatal(err)
		}
		m, st = openOn(t, dir, b)
		m.Start()
		b.send(2, 3)
		time.Sleep(time.Minute)
		if got := b.results("r"); len(got) != 1 || got[0] != `{"s":5}` {
			t.Errorf("got %v", got)
		}
		ends(t, m, st)
	})
}
