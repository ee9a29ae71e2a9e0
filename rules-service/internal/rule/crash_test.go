package rule

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"sluice/rules-service/internal/connector"
	"sluice/rules-service/internal/delivery"
	"sluice/rules-service/internal/hub"
	"sluice/rules-service/internal/store"
)

// broker is a source that keeps what is not acknowledged, and a sink that keeps
// what it gets. It outlives the service.
type broker struct {
	mu      sync.Mutex
	waiting []int // messages that are not acknowledged
	given   int   // of these, to the present connection
	wake    chan struct{}
	refuse  error
	got     []string

	forgetful bool          // it waits for no acknowledgement
	slow      time.Duration // of a write
}

func (b *broker) Connect(context.Context) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.given = 0
	return nil
}

func (b *broker) Close(context.Context) error { return nil }

func (b *broker) send(numbers ...int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.waiting = append(b.waiting, numbers...)
	select {
	case b.wake <- struct{}{}:
	default:
	}
}

func (b *broker) Read(ctx context.Context) ([]connector.Inbound, func(error), error) {
	for {
		if msgs, ack := b.take(); len(msgs) > 0 {
			return msgs, ack, nil
		}
		select {
		case <-ctx.Done():
			return nil, nil, ctx.Err()
		case <-b.wake:
		}
	}
}

func (b *broker) take() (msgs []connector.Inbound, ack func(error)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	batch := slices.Clone(b.waiting[b.given:])
	b.given = len(b.waiting)
	for _, n := range batch {
		msgs = append(msgs, connector.Inbound{Payload: fmt.Appendf(nil, `{"n":%d,"at":%d}`, n, 1000*n), Time: time.Now(), ID: uint16(n), Again: true})
	}
	if b.forgetful {
		b.waiting, b.given = nil, 0
		return msgs, nil
	}
	return msgs, func(err error) {
		if err == nil {
			b.acknowledge(batch)
		}
	}
}

func (b *broker) acknowledge(batch []int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, n := range batch {
		if i := slices.Index(b.waiting, n); i >= 0 {
			b.waiting = slices.Delete(b.waiting, i, i+1)
			b.given--
		}
	}
}

func (b *broker) Write(_ context.Context, msgs []connector.Outbound) error {
	b.mu.Lock()
	slow := b.slow
	b.mu.Unlock()
	time.Sleep(slow)
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.refuse != nil {
		return b.refuse
	}
	for _, m := range msgs {
		b.got = append(b.got, m.Rule+" "+string(m.Payload))
	}
	return nil
}

func (b *broker) set(refuse error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.refuse = refuse
}

// results are what came of one rule.
func (b *broker) results(rule string) (list []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, s := range b.got {
		if of, text, _ := strings.Cut(s, " "); of == rule {
			list = append(list, text)
		}
	}
	return list
}

// brokerSink is another connection to the broker: what the source was given is
// not given again for it.
type brokerSink struct{ *broker }

func (brokerSink) Connect(context.Context) error { return nil }

func (b *broker) registry() *connector.Registry {
	reg := connector.NewRegistry()
	connector.AddSource(reg, connector.SourceSpec[quietConfig]{Name: "broker", Summary: "For tests.", Example: "{}",
		New:     func(quietConfig, connector.Env) (connector.Source, error) { return b, nil },
		Durable: func(quietConfig) bool { return !b.forgetful }})
	connector.AddSink(reg, connector.SinkSpec[quietConfig]{Name: "broker", Summary: "For tests.", Example: "{}",
		New: func(quietConfig, connector.Env) (connector.Sink, error) { return brokerSink{b}, nil }})
	return reg
}

// openOn opens the service on a folder.
func openOn(t *testing.T, dir string, b *broker) (*Manager, *store.Store) {
	t.Helper()
	st, err := store.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	m, err := Open(st, b.registry(), connector.Env{Log: slog.New(slog.DiscardHandler)},
		WithDisk(delivery.Storage{Dir: filepath.Join(dir, "queues")}), WithIntake(hub.IntakeOptions{Dir: filepath.Join(dir, "intake")}))
	if err != nil {
		t.Fatal(err)
	}
	return m, st
}

// crash is the disk as a process leaves it that is killed now.
func crash(t *testing.T, dir string) string {
	t.Helper()
	to := t.TempDir()
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		if d.IsDir() {
			return os.MkdirAll(filepath.Join(to, rel), 0o700)
		}
		return copyFile(path, filepath.Join(to, rel))
	})
	if err != nil {
		t.Fatal(err)
	}
	return to
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}

func create(t *testing.T, m *Manager, id, sql, options string) {
	t.Helper()
	text, err := json.Marshal(map[string]any{"id": id, "sql": sql, "actions": []any{map[string]any{"broker": map[string]any{"sendSingle": true}}},
		"options": json.RawMessage(options)})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := m.Create(string(text)); err != nil {
		t.Fatal(err)
	}
}

const brokerStream = `CREATE STREAM s (n BIGINT, at BIGINT) WITH (TYPE="broker", FORMAT="json", TIMESTAMP="at")`

// TestCrashes kills the service at random moments of a random history: at any
// time what is on disk and what the broker keeps makes up for what is lost.
func TestCrashes(t *testing.T) {
	for seed := range uint64(12) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { crashes(t, rand.New(rand.NewPCG(seed, 7))) })
		})
	}
}

func crashes(t *testing.T, r *rand.Rand) {
	b := &broker{wake: make(chan struct{}, 1)}
	dir := t.TempDir()
	m, st := openOn(t, dir, b)
	if _, err := m.Execute(brokerStream); err != nil {
		t.Fatal(err)
	}
	create(t, m, "alarms", "SELECT n FROM s WHERE n % 3 = 0", `{"qos":1,"checkpointInterval":500}`)
	create(t, m, "windows", "SELECT count(*) AS c, sum(n) AS s, window_end() AS e FROM s GROUP BY TUMBLINGWINDOW(ss, 10)",
		`{"qos":1,"checkpointInterval":500,"isEventTime":true,"lateTolerance":0}`)
	create(t, m, "counts", "SELECT sum(n) AS s FROM s GROUP BY COUNTWINDOW(7)", `{}`) // of qos 0: the source lasts
	m.Start()
	sent := 0
	for range 12 {
		for range r.IntN(5) {
			for range r.IntN(30) {
				sent++
				b.send(sent)
			}
			time.Sleep(time.Duration(r.IntN(400)) * time.Millisecond)
			if r.IntN(4) == 0 {
				b.set(errors.New("away"))
			} else {
				b.set(nil)
			}
		}
		m, st, dir = again(t, r, b, m, st, dir)
	}
	b.set(nil)
	for sent++; sent%210 != 0; sent++ {
		b.send(sent)
	}
	b.send(sent)
	time.Sleep(time.Minute)
	synctest.Wait()
	checkCrashes(t, b, sent)
	if err := errors.Join(m.Close(t.Context()), st.Close()); err != nil {
		t.Error(err)
	}
}

// again ends the service in one of the ways and starts the next one.
func again(t *testing.T, r *rand.Rand, b *broker, m *Manager, st *store.Store, dir string) (*Manager, *store.Store, string) {
	t.Helper()
	synctest.Wait() // a copy of files that are being written would be of no moment at all
	if r.IntN(4) > 0 {
		before := crash(t, dir)
		b.mu.Lock()
		waiting, got := slices.Clone(b.waiting), len(b.got)
		b.mu.Unlock()
		if err := errors.Join(m.Close(t.Context()), st.Close()); err != nil {
			t.Log(err) // messages that are not delivered are so by intent
		}
		b.mu.Lock()
		b.waiting, b.got = waiting, b.got[:got] // the broker knows nothing of that end
		b.mu.Unlock()
		dir = before
	} else if err := errors.Join(m.Close(t.Context()), st.Close()); err != nil {
		t.Log(err)
	}
	m, st = openOn(t, dir, b)
	m.Start()
	return m, st, dir
}

func checkCrashes(t *testing.T, b *broker, sent int) {
	t.Helper()
	var alarms, windows, counts []string
	count, sum := 0, 0
	all := 0
	for n := 1; n <= sent; n++ {
		if n%3 == 0 {
			alarms = append(alarms, fmt.Sprintf(`{"n":%d}`, n))
		}
		if n%10 == 0 && count > 0 { // the window that ends here is full
			windows = append(windows, fmt.Sprintf(`{"c":%d,"e":%d,"s":%d}`, count, 1000*n, sum))
			count, sum = 0, 0
		}
		count, sum = count+1, sum+n
		if all += n; n%7 == 0 {
			counts = append(counts, fmt.Sprintf(`{"s":%d}`, all))
			all = 0
		}
	}
	checkFirsts(t, "alarms", b.results("alarms"), alarms)
	checkFirsts(t, "windows", b.results("windows"), windows)
	checkFirsts(t, "counts", b.results("counts"), counts)
}

// checkFirsts compares the first occurrences of results with what is wanted.
func checkFirsts(t *testing.T, rule string, got, want []string) {
	t.Helper()
	seen := map[string]bool{}
	var firsts []string
	for _, s := range got {
		if !seen[s] {
			seen[s] = true
			firsts = append(firsts, s)
		}
	}
	for i := range max(len(firsts), len(want)) {
		if i >= len(firsts) || i >= len(want) || firsts[i] != want[i] {
			t.Errorf("%s: %d results, want %d; from %d on\n got %v\nwant %v", rule, len(firsts), len(want), i,
				firsts[min(i, len(firsts)):min(i+5, len(firsts))], want[min(i, len(want)):min(i+5, len(want))])
			return
		}
	}
}

// A service that is stopped and started repeats nothing and loses nothing.
func TestStopsRepeatNothing(t *testing.T) {
	withBroker(t, func(t *testing.T, b *broker, m *Manager, st *store.Store, dir string) {
		create(t, m, "alarms", "SELECT n FROM s", `{"qos":1}`)
		create(t, m, "counts", "SELECT sum(n) AS s FROM s GROUP BY COUNTWINDOW(10)", `{"qos":1}`)
		r, n := rand.New(rand.NewPCG(1, 2)), 0
		var alarms, counts []string
		for round := range 10 {
			if round%3 == 2 {
				b.set(errors.New("away"))
			}
			for range 1 + r.IntN(40) {
				n++
				b.send(n)
				alarms = append(alarms, fmt.Sprintf(`{"n":%d}`, n))
				if n%10 == 0 {
					counts = append(counts, fmt.Sprintf(`{"s":%d}`, 10*n-45))
				}
			}
			time.Sleep(time.Duration(r.IntN(3)) * time.Second)
			ends(t, m, st)
			b.set(nil)
			m, st = openOn(t, dir, b)
			m.Start()
		}
		time.Sleep(time.Minute)
		for rule, want := range map[string][]string{"alarms": alarms, "counts": counts} {
			if got := b.results(rule); !slices.Equal(got, want) {
				t.Errorf("%s: %d results, want %d:\n got %v\nwant %v", rule, len(got), len(want), got, want)
			}
		}
		ends(t, m, st)
	})
}
