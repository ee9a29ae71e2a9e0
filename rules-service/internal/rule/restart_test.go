package rule

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"sluice/rules-service/internal/connector"
	"sluice/rules-service/internal/store"
)

// quiet is a source that brings nothing and a sink that takes all.
type quiet struct{}

type quietConfig struct {
	Datasource string `prop:"datasource" doc:"Name."`
}

func (quiet) Connect(context.Context) error { return nil }
func (quiet) Close(context.Context) error   { return nil }
func (quiet) Read(ctx context.Context) ([]connector.Inbound, func(error), error) {
	<-ctx.Done()
	return nil, nil, ctx.Err()
}
func (quiet) Write(context.Context, []connector.Outbound) error { return nil }

// endpoint is a source and a sink.
type endpoint interface {
	connector.Source
	connector.Sink
}

// registryOf knows one type of source and sink.
func registryOf(name string, e endpoint) *connector.Registry {
	reg := connector.NewRegistry()
	connector.AddSource(reg, connector.SourceSpec[quietConfig]{Name: name, Summary: "For tests.", Example: "{}",
		New: func(quietConfig, connector.Env) (connector.Source, error) { return e, nil }})
	connector.AddSink(reg, connector.SinkSpec[quietConfig]{Name: name, Summary: "For tests.", Example: "{}",
		New: func(quietConfig, connector.Env) (connector.Sink, error) { return e, nil }})
	return reg
}

// openWith returns a manager that knows one type of source and sink.
func openWith(t testing.TB, name string, e endpoint) (*Manager, *store.Store) {
	t.Helper()
	reg := registryOf(name, e)
	st, err := store.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	m, err := Open(st, reg, connector.Env{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	return m, st
}

// withRule runs f in a bubble of time with a manager that runs one rule, with
// the given options.
func withRule(t *testing.T, options string, f func(m *Manager)) {
	synctest.Test(t, func(t *testing.T) {
		m, st := openWith(t, "quiet", quiet{})
		if _, err := m.Execute(`CREATE STREAM s () WITH (TYPE="quiet", FORMAT="json")`); err != nil {
			t.Fatal(err)
		}
		if _, _, err := m.Create(fmt.Sprintf(`{"id":"r","sql":"SELECT a FROM s","actions":[{"quiet":{}}],"options":%s}`, options)); err != nil {
			t.Fatal(err)
		}
		f(m)
		if err := errors.Join(m.Close(context.Background()), st.Close()); err != nil {
			t.Error(err)
		}
	})
}

func expect(t *testing.T, m *Manager, state State, message string) shown {
	t.Helper()
	synctest.Wait()
	r, err := m.find("r")
	if err != nil {
		t.Fatal(err)
	}
	s := r.look()
	if s.state != state || s.message != message {
		t.Fatalf("rule is %q %q, want %q %q", s.state, s.message, state, message)
	}
	return s
}

var errBoom = errors.New("boom")

func TestFailedRuleComesBack(t *testing.T) {
	withRule(t, `{"restartStrategy":{"delay":1000,"multiplier":2,"maxDelay":3000,"jitterFactor":0}}`, func(m *Manager) {
		for _, pause := range []time.Duration{time.Second, 2 * time.Second, 3 * time.Second, 3 * time.Second} {
			expect(t, m, Running, "")
			m.onFail("r", errBoom)
			if s := expect(t, m, Failed, "boom"); time.Until(s.next) != pause {
				t.Errorf("next start in %v, want %v", time.Until(s.next), pause)
			}
			time.Sleep(pause - time.Millisecond)
			expect(t, m, Failed, "boom")
			time.Sleep(time.Millisecond)
		}
		expect(t, m, Running, "")
		time.Sleep(time.Minute) // it was well for long: the pauses begin anew
		m.onFail("r", errBoom)
		if s := expect(t, m, Failed, "boom"); time.Until(s.next) != time.Second {
			t.Errorf("next start in %v", time.Until(s.next))
		}
	})
}

func TestAttemptsAreBounded(t *testing.T) {
	withRule(t, `{"restartStrategy":{"attempts":1,"delay":10,"jitterFactor":0}}`, func(m *Manager) {
		m.onFail("r", errBoom)
		expect(t, m, Failed, "boom")
		time.Sleep(10 * time.Millisecond)
		expect(t, m, Running, "")
		m.onFail("r", errBoom)
		if s := expect(t, m, Failed, "boom"); !s.next.IsZero() {
			t.Error("it would start again")
		}
		time.Sleep(time.Hour)
		expect(t, m, Failed, "boom")
		if err := m.StartRule("r"); err != nil {
			t.Error(err)
		}
		expect(t, m, Running, "")
	})
}

func TestStopEndsTheRestarts(t *testing.T) {
	withRule(t, `{}`, func(m *Manager) {
		m.onFail("r", errBoom)
		expect(t, m, Failed, "boom")
		if err := m.StopRule("r"); err != nil {
			t.Error(err)
		}
		expect(t, m, Stopped, canceled)
		time.Sleep(time.Hour)
		expect(t, m, Stopped, canceled)
	})
}

// A failure that is told after the rule was started anew does not end it.
func TestLateNewsOfAFailure(t *testing.T) {
	withRule(t, `{}`, func(m *Manager) {
		r, err := m.find("r")
		if err != nil {
			t.Fatal(err)
		}
		generation := r.generation.Load()
		if err := m.RestartRule("r"); err != nil {
			t.Fatal(err)
		}
		m.failed(r, generation, errBoom)
		expect(t, m, Running, "")
		m.onFail("nobody", errBoom)
		expect(t, m, Running, "")
	})
}

func TestServiceEndsWithARestartPlanned(t *testing.T) {
	withRule(t, `{}`, func(m *Manager) {
		m.onFail("r", errBoom)
		expect(t, m, Failed, "boom")
	}) // Close waits for nothing: a restart that is still to come would keep the bubble
}

func TestPauseGrowsToItsBound(t *testing.T) {
	s := RestartStrategy{Delay: time.Second, Multiplier: 10, MaxDelay: time.Minute, Jitter: 0.1}
	for retries, want := range []time.Duration{time.Second, 10 * time.Second, time.Minute, time.Minute} {
		if got := s.pause(retries); got < want*9/10 || got > want*11/10 {
			t.Errorf("pause %d is %v", retries, got)
		}
	}
	if got := s.pause(100000); got > 66*time.Second || got <= 0 {
		t.Errorf("pause after many is %v", got)
	}
	unbounded := RestartStrategy{Delay: time.Second, Multiplier: 10}
	if got := unbounded.pause(100000); got != longestPause {
		t.Errorf("without bound %v", got)
	}
}
