package rule

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"sluice/rules-service/internal/connector"
	"sluice/rules-service/internal/delivery"
	"sluice/rules-service/internal/store"
)

// plant is a source that is fed by hand and a sink that may refuse.
type plant struct {
	feed chan string

	mu     sync.Mutex
	refuse error
	got    []string
}

func (p *plant) Connect(context.Context) error { return nil }
func (p *plant) Close(context.Context) error   { return nil }

func (p *plant) Read(ctx context.Context) ([]connector.Inbound, func(error), error) {
	select {
	case s := <-p.feed:
		return []connector.Inbound{{Payload: []byte(s), Time: time.Now()}}, nil, nil
	case <-ctx.Done():
		return nil, nil, ctx.Err()
	}
}

func (p *plant) Write(_ context.Context, msgs []connector.Outbound) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.refuse != nil {
		return p.refuse
	}
	for _, m := range msgs {
		p.got = append(p.got, m.Rule+string(m.Payload))
	}
	return nil
}

func (p *plant) set(refuse error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.refuse = refuse
}

// What a sink has not taken when the service stops is delivered by the next
// one, but for what belongs to a deleted rule.
func TestQueuesOutliveTheService(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		p := &plant{feed: make(chan string), refuse: errors.New("away")}
		reg := connector.NewRegistry()
		connector.AddSource(reg, connector.SourceSpec[quietConfig]{Name: "plant", Summary: "For tests.", Example: "{}",
			New: func(quietConfig, connector.Env) (connector.Source, error) { return p, nil }})
		connector.AddSink(reg, connector.SinkSpec[quietConfig]{Name: "plant", Summary: "For tests.", Example: "{}",
			New: func(quietConfig, connector.Env) (connector.Sink, error) { return p, nil }})
		service := func(use func(m *Manager)) {
			st, err := store.Open(dir)
			if err != nil {
				t.Fatal(err)
			}
			m, err := Open(st, reg, connector.Env{Log: slog.New(slog.DiscardHandler)}, WithDisk(delivery.Storage{Dir: filepath.Join(dir, "queues")}))
			if err != nil {
				t.Fatal(err)
			}
			m.Start()
			use(m)
			if err := errors.Join(m.Close(t.Context()), st.Close()); err != nil {
				t.Error(err)
			}
		}
		service(func(m *Manager) {
			if _, err := m.Execute(`CREATE STREAM s () WITH (TYPE="plant", FORMAT="json")`); err != nil {
				t.Fatal(err)
			}
			for _, id := range []string{"kept", "deleted"} {
				text, err := json.Marshal(map[string]any{"id": id, "sql": "SELECT a FROM s", "actions": []any{map[string]any{"plant": map[string]any{}}}})
				if err != nil {
					t.Fatal(err)
				}
				if _, _, err := m.Create(string(text)); err != nil {
					t.Fatal(err)
				}
			}
			p.feed <- `{"a":1}`
			p.feed <- `{"a":2}`
			time.Sleep(time.Second)
		})
		service(func(m *Manager) {
			if err := m.Delete("deleted"); err != nil {
				t.Error(err)
			}
		})
		p.set(nil)
		service(func(*Manager) { time.Sleep(time.Minute) })
		if len(p.got) != 2 || p.got[0] != `kept[{"a":1}]` || p.got[1] != `kept[{"a":2}]` {
			t.Errorf("delivered: %q", p.got)
		}
	})
}
