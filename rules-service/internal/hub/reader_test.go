package hub

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"sluice/rules-service/internal/connector"
	"sluice/sqlengine"
)

// pipe is a source of a connection that many share, by its server.
type pipe struct {
	*connector.Inbox[string]
	plant *pipes
	name  string
}

// pipes are the sources of a test.
type pipes struct {
	mu      sync.Mutex
	byName  map[string]*pipe
	down    bool            // the connection cannot be made
	refused map[string]bool // sources that the peer refuses
	tries   []string
	closed  int
}

func (p *pipes) registry() *connector.Registry {
	p.byName = map[string]*pipe{}
	reg := connector.NewRegistry()
	connector.AddSource(reg, connector.SourceSpec[feedConfig]{
		Name: "pipe", Summary: "Messages of a test.", Example: `{"datasource":"x"}`,
		Group: func(c feedConfig) string { return c.Server },
		New: func(c feedConfig, _ connector.Env) (connector.Source, error) {
			return &pipe{connector.NewInbox[string](), p, c.Datasource}, nil
		},
	})
	return reg
}

func (c *pipe) Connect(context.Context) error {
	p := c.plant
	p.mu.Lock()
	defer p.mu.Unlock()
	p.tries = append(p.tries, c.name)
	if p.down {
		return fmt.Errorf("%w: refused", connector.ErrNotConnected)
	}
	if p.refused[c.name] {
		return errors.New("not this one")
	}
	p.byName[c.name] = c
	return nil
}

func (c *pipe) Read(ctx context.Context) ([]connector.Inbound, func(error), error) {
	texts, err := c.Take(ctx)
	var msgs []connector.Inbound
	for _, s := range texts {
		msgs = append(msgs, connector.Inbound{Payload: []byte(s), Time: time.Now()})
	}
	return msgs, nil, err
}

func (c *pipe) Close(context.Context) error {
	c.plant.mu.Lock()
	defer c.plant.mu.Unlock()
	c.plant.closed++
	return nil
}

func (p *pipes) get(name string) *pipe {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.byName[name]
}

func (p *pipes) set(change func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	change()
}

// onPipes attaches a rule to each of n sources of one connection.
func onPipes(t *testing.T, p *pipes, n int) (*Hub, []*Attachment, []*sink) {
	t.Helper()
	h := New(p.registry(), connector.Env{Log: slog.New(slog.DiscardHandler)}, func(string, error) {})
	var all []*Attachment
	var outs []*sink
	for i := range n {
		st, err := sqlengine.ParseStatement(fmt.Sprintf(`CREATE STREAM s%d (a BIGINT) WITH (TYPE="pipe", DATASOURCE="%d", FORMAT="json", EXTRA="{\"server\":\"x\"}")`, i, i))
		if err != nil {
			t.Fatal(err)
		}
		q, err := sqlengine.Compile(fmt.Sprintf("SELECT a FROM s%d", i), sqlengine.Streams{st.Name: st.Stream}, sqlengine.Options{})
		if err != nil {
			t.Fatal(err)
		}
		out := newSink()
		a, err := h.Attach(Rule{ID: fmt.Sprint("r", i), Query: q, Env: sqlengine.Env{Start: time.Now()}, Streams: []*sqlengine.Stream{st.Stream}, Out: out})
		if err != nil {
			t.Fatal(err)
		}
		all, outs = append(all, a), append(outs, out)
	}
	return h, all, outs
}

// Many sources of one connection have one goroutine, and each its own messages
// in order.
func TestSourcesOfOneConnectionShareAGoroutine(t *testing.T) {
	noLeak(t)
	before := runtime.NumGoroutine()
	var p pipes
	const n = 500
	h, all, outs := onPipes(t, &p, n)
	waitFor(t, func() bool { return p.get(fmt.Sprint(n-1)) != nil })
	if now := runtime.NumGoroutine(); now > before+2*maxShards+3 {
		t.Errorf("%d goroutines, %d before", now, before)
	}
	for round := range 3 {
		for i := range n {
			p.get(fmt.Sprint(i)).Put(fmt.Sprintf(`{"a":%d}`, 1000*round+i), 10)
		}
	}
	for i, out := range outs {
		out.want(t, fmt.Sprintf("a=%d ", i), fmt.Sprintf("a=%d ", 1000+i), fmt.Sprintf("a=%d ", 2000+i))
	}
	for i, a := range all {
		if s := a.Stats().Sources[0]; s.Counts.Messages != 3 || s.Connection.Status != Connected {
			t.Errorf("source %d: %+v", i, s)
		}
		if err := a.Detach(); err != nil {
			t.Error(err)
		}
	}
	if err := h.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if p.closed != n {
		t.Errorf("%d sources closed", p.closed)
	}
}

// While the connection is down it is tried by one source after the other with
// growing pauses, not by all of them; then all come back.
func TestReaderWaitsForTheConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := pipes{down: true}
		h, all, outs := onPipes(t, &p, 50)
		time.Sleep(30 * time.Second)
		p.set(func() {
			if n := len(p.tries); n < 3 || n > 15 {
				t.Errorf("%d attempts in 30 s", n)
			}
			p.down = false
		})
		time.Sleep(longestPause)
		for _, lost := range []bool{false, true} {
			if lost {
				for i := range all {
					p.get(fmt.Sprint(i)).Fail(fmt.Errorf("%w: gone", connector.ErrNotConnected))
				}
				time.Sleep(longestPause)
			}
			for i := range all {
				p.get(fmt.Sprint(i)).Put(fmt.Sprintf(`{"a":%d}`, i), 10)
			}
			for i, out := range outs {
				out.want(t, fmt.Sprintf("a=%d ", i))
			}
		}
		if err := h.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// A source that the peer refuses keeps none of the others.
func TestReaderPassesOverARefusedSource(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := pipes{refused: map[string]bool{"1": true}}
		h, all, outs := onPipes(t, &p, 3)
		time.Sleep(time.Minute)
		for i := range all {
			if i == 1 {
				continue
			}
			p.get(fmt.Sprint(i)).Put(fmt.Sprintf(`{"a":%d}`, i), 10)
			outs[i].want(t, fmt.Sprintf("a=%d ", i))
		}
		if s := all[1].Stats().Sources[0].Connection; s.Status != Disconnected || s.LastDisconnectedMessage != "not this one" {
			t.Errorf("%+v", s)
		}
		if err := h.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}
