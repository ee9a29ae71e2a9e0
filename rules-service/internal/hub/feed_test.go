package hub

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"log/slog"
	"runtime"
	"sync"
	"testing"
	"time"

	"sluice/rules-service/internal/connector"
	"sluice/sqlengine"
	"sluice/sqlengine/value"
)

// feed is a source whose messages the test sends.
type feed struct {
	opened  int // connections made
	closed  int
	refuse  []error // what the next calls of Connect answer
	mu      sync.Mutex
	batches chan delivery
}

type delivery struct {
	payloads []string
	err      error
	ack      func(error)
	ids      bool // messages have names
	again    bool
	taken    chan bool // false: the connection that got it has ended
}

type feedConfig struct {
	Datasource string `prop:"datasource" doc:"Name of the feed."`
	Server     string `prop:"server" doc:"Where it is."`
}

// feeds are the sources of a test, by datasource.
type feeds struct {
	mu   sync.Mutex
	list map[string]*feed
}

func (f *feeds) get(name string) *feed {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.list[name] == nil {
		f.list[name] = &feed{batches: make(chan delivery)}
	}
	return f.list[name]
}

func (f *feeds) registry() *connector.Registry {
	reg := connector.NewRegistry()
	connector.AddSource(reg, connector.SourceSpec[feedConfig]{
		Name: "feed", Summary: "Messages of a test.", Example: `{"datasource":"x"}`,
		New: func(c feedConfig, _ connector.Env) (connector.Source, error) {
			return &connection{feed: f.get(c.Datasource)}, nil
		},
	})
	return reg
}

type connection struct {
	feed *feed
	once sync.Once
}

func (c *connection) Connect(context.Context) error {
	f := c.feed
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.refuse) > 0 {
		err := f.refuse[0]
		f.refuse = f.refuse[1:]
		return err
	}
	f.opened++
	return nil
}

func (c *connection) Read(ctx context.Context) ([]connector.Inbound, func(error), error) {
	select {
	case <-ctx.Done():
		return nil, nil, ctx.Err()
	case d := <-c.feed.batches:
		if ctx.Err() != nil { // both were ready; the next connection gets it
			d.taken <- false
			return nil, nil, ctx.Err()
		}
		d.taken <- true
		var msgs []connector.Inbound
		for _, p := range d.payloads {
			m := connector.Inbound{Payload: []byte(p), Time: time.Now(), Again: d.again}
			if d.ids {
				m.ID = crc16(p)
			}
			msgs = append(msgs, m)
		}
		return msgs, d.ack, d.err
	}
}

func (c *connection) Close(context.Context) error {
	c.once.Do(func() {
		c.feed.mu.Lock()
		defer c.feed.mu.Unlock()
		c.feed.closed++
	})
	return nil
}

// crc16 is a name for a message, as a broker gives one.
func crc16(p string) uint16 { return uint16(crc32.ChecksumIEEE([]byte(p))) | 1 }

func (f *feed) send(payloads ...string) { f.give(delivery{payloads: payloads}) }

// give hands a delivery to a connection that has not ended.
func (f *feed) give(d delivery) { f.giveUntil(nil, d) }

// giveUntil is give that ends with stop; then it is false.
func (f *feed) giveUntil(stop <-chan struct{}, d delivery) bool {
	d.taken = make(chan bool, 1)
	for {
		select {
		case f.batches <- d:
		case <-stop:
			return false
		}
		if <-d.taken {
			return true
		}
	}
}

func (f *feed) connections() (opened, closed int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.opened, f.closed
}

// sink collects the results of a rule as JSON. It never holds its shard back.
type sink struct {
	fail   func() error
	once   sync.Once
	closed chan struct{}

	mu   sync.Mutex
	rows []string
	more chan struct{} // closed and replaced when rows come
}

func (s *sink) Push(b *value.Batch) error {
	if s.fail != nil {
		if err := s.fail(); err != nil {
			return err
		}
	}
	for _, r := range b.Rows {
		text := ""
		for i, c := range b.Schema.Columns {
			if r.Cols[i].IsMissing() {
				continue
			}
			j, err := r.Cols[i].AppendJSON(nil)
			if err != nil {
				return err
			}
			text += fmt.Sprintf("%s=%s ", c.Name, j)
		}
		s.put(text)
	}
	return nil
}
func (s *sink) Advance(int64) error { return nil }
func (s *sink) Close() error {
	s.once.Do(func() { close(s.closed) })
	return nil
}

func newSink() *sink { return &sink{closed: make(chan struct{}), more: make(chan struct{})} }

func (s *sink) put(row string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rows = append(s.rows, row)
	close(s.more)
	s.more = make(chan struct{})
}

// take returns the oldest row, or what to wait for.
func (s *sink) take() (row string, ok bool, more <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.rows) == 0 {
		return "", false, s.more
	}
	row, s.rows = s.rows[0], s.rows[1:]
	return row, true, nil
}

// next waits for a row.
func (s *sink) next() (string, error) {
	deadline := time.After(patience)
	for {
		row, ok, more := s.take()
		if ok {
			return row, nil
		}
		select {
		case <-more:
		case <-deadline:
			return "", errors.New("no row")
		}
	}
}

func (s *sink) want(t *testing.T, rows ...string) {
	t.Helper()
	for _, want := range rows {
		if got, err := s.next(); err != nil || got != want {
			t.Fatalf("row %q, %v, want %q", got, err, want)
		}
	}
}

func (s *sink) wantNothing(t *testing.T) {
	t.Helper()
	if got, ok, _ := s.take(); ok {
		t.Fatalf("unexpected row %q", got)
	}
}

// patience is far above what anything takes on a slow machine.
const patience = time.Minute

// bench is a hub over feeds, with a catalog.
type bench struct {
	*Hub
	t        *testing.T
	feeds    *feeds
	streams  catalog
	failures chan string
}

type catalog map[string]*sqlengine.Stream

func (c catalog) Stream(name string) (*sqlengine.Stream, bool) { s, ok := c[name]; return s, ok }
func (c catalog) Names() []string                              { return nil }

func newBench(t *testing.T, statements ...string) *bench {
	t.Helper()
	b := &bench{t: t, feeds: &feeds{list: map[string]*feed{}}, streams: catalog{}, failures: make(chan string, 100)}
	log := slog.New(slog.DiscardHandler)
	b.Hub = New(b.feeds.registry(), connector.Env{Log: log}, func(rule string, err error) { b.failures <- rule + ": " + err.Error() })
	for _, sql := range statements {
		b.define(sql)
	}
	t.Cleanup(func() {
		if err := b.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return b
}

func (b *bench) define(sql string) *sqlengine.Stream {
	b.t.Helper()
	st, err := sqlengine.ParseStatement(sql)
	if err != nil {
		b.t.Fatal(err)
	}
	b.streams[st.Name] = st.Stream
	return st.Stream
}

func (b *bench) attach(id, sql string) (*Attachment, *sink) {
	b.t.Helper()
	out := newSink()
	return b.attachTo(id, sql, out), out
}

func (b *bench) attachTo(id, sql string, out *sink) *Attachment {
	b.t.Helper()
	a, err := b.tryAttach(id, sql, out)
	if err != nil {
		b.t.Fatal(err)
	}
	return a
}

func (b *bench) tryAttach(id, sql string, out *sink) (*Attachment, error) {
	r, err := b.rule(id, sql, out)
	if err != nil {
		return nil, err
	}
	return b.Attach(r)
}

func (b *bench) rule(id, sql string, out *sink) (Rule, error) {
	q, err := sqlengine.Compile(sql, b.streams, sqlengine.Options{})
	if err != nil {
		return Rule{}, err
	}
	var defs []*sqlengine.Stream
	for _, name := range q.Streams() {
		defs = append(defs, b.streams[name])
	}
	return Rule{ID: id, Query: q, Env: sqlengine.Env{RuleID: id, Start: time.Now(), Location: time.UTC}, Streams: defs, Out: out}, nil
}

const demo = `CREATE STREAM demo () WITH (TYPE="feed", DATASOURCE="demo", FORMAT="json")`

var errRefused = errors.New("connection refused")

// noLeak fails the test when goroutines are left at its end. It comes first in
// a test, so that its check comes last.
func noLeak(t *testing.T) {
	t.Helper()
	before := runtime.NumGoroutine()
	t.Cleanup(func() {
		deadline := time.Now().Add(patience)
		for runtime.NumGoroutine() > before {
			if time.Now().After(deadline) {
				buf := make([]byte, 1<<16)
				t.Fatalf("%d goroutines, %d before:\n%s", runtime.NumGoroutine(), before, buf[:runtime.Stack(buf, true)])
			}
			time.Sleep(time.Millisecond)
		}
	})
}
