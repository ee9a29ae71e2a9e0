// Package apitest runs the rules API over sources and sinks in memory, for
// tests of the API and of its clients.
package apitest

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"sluice/rules-service/internal/api"
	"sluice/rules-service/internal/builtin"
	"sluice/rules-service/internal/connector"
	"sluice/rules-service/internal/connector/edgex"
	"sluice/rules-service/internal/metrics"
	"sluice/rules-service/internal/named"
	"sluice/rules-service/internal/reconcile"
	"sluice/rules-service/internal/rule"
	"sluice/rules-service/internal/store"
)

// Service is a rules service of a test.
type Service struct {
	URL     string
	Rules   *rule.Manager
	API     *api.API
	Files   *reconcile.Reconciler // follows no folder, and by itself none
	Stopped chan struct{}         // closed when /stop was called

	memory   *memory
	metadata *CoreMetadata
	registry *connector.Registry
	server   *api.Server
	store    *store.Store
	once     sync.Once
}

// memory is what the connectors of a service share.
type memory struct {
	in  chan delivery // to the source
	out chan string   // messages of the sink
}

// delivery is what the source reads at once.
type delivery struct {
	payloads []string
	taken    chan bool // false: the source that got it has ended
}

// patience is far above what anything takes on a slow machine.
const patience = time.Minute

type sourceConfig struct {
	Datasource string `prop:"datasource" doc:"Name; all sources read the same feed."`
	Server     string `prop:"server" doc:"Where it is."`
}

type sinkConfig struct {
	Topic connector.Template `prop:"topic" doc:"Where to."`
}

// Start opens the store in dir, and serves the rules that are in it. An empty
// token lets all requests in.
func Start(t testing.TB, dir, token string) *Service {
	t.Helper()
	reg := connector.NewRegistry()
	return start(t, dir, token, reg, "memory")
}

// StartBuiltin is Start with the connectors of the service; those of tests are
// called "test" there.
func StartBuiltin(t testing.TB, dir, token string) *Service {
	t.Helper()
	return start(t, dir, token, builtin.Registry(edgex.Bus{}), "test")
}

// start serves with the connectors of reg, and those of tests by a name.
func start(t testing.TB, dir, token string, reg *connector.Registry, name string) *Service {
	t.Helper()
	s := &Service{Stopped: make(chan struct{}), registry: reg, memory: &memory{in: make(chan delivery), out: make(chan string, 10000)}, metadata: newCoreMetadata(t)}
	s.memory.register(reg, name)
	log := slog.New(slog.DiscardHandler)
	var err error
	if s.store, err = store.Open(dir); err != nil {
		t.Fatal(err)
	}
	schemas := api.Messages(dir, "")
	env := connector.Env{Log: log, Schemas: schemas, Files: connector.Files{Dir: filepath.Join(dir, "files"), Own: dir}, Listen: connector.Listen{Host: "127.0.0.1"}}
	book, err := named.Open(s.store, reg, named.Options{Log: log})
	if err != nil {
		t.Fatal(err)
	}
	env.Named = book
	if s.Rules, err = rule.Open(s.store, reg, env); err != nil {
		t.Fatal(err)
	}
	var stopped sync.Once
	a := &api.API{Rules: s.Rules, Named: book, Registry: reg, Env: env, Schemas: schemas, DataDir: dir, Version: "0.0.0-test", Token: token, Log: log, Metadata: s.metadata.clients(),
		Stop: func() { stopped.Do(func() { close(s.Stopped) }) },
		Configure: func(c api.Changes) error {
			if c.Zone != nil {
				s.Rules.SetZone(c.Zone)
			}
			return nil
		}}
	s.API = a
	s.Files, err = reconcile.New(reconcile.Service{Rules: s.Rules, Store: s.store, Import: a.Import, Call: a.Call, Log: log}, reconcile.Options{Interval: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	a.Files, a.Metrics = s.Files, metrics.New(s.Rules, "0.0.0-test", metrics.DefaultRules, log, s.Files)
	if s.server, err = api.Serve("127.0.0.1:0", a.Handler(), log); err != nil {
		t.Fatal(err)
	}
	s.URL = "http://" + s.server.Addr.String()
	s.Rules.Start()
	t.Cleanup(func() { s.Close(t) })
	return s
}

// Close ends the service; what it stored stays in its folder.
func (s *Service) Close(t testing.TB) {
	t.Helper()
	s.once.Do(func() {
		http.DefaultClient.CloseIdleConnections()
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := errors.Join(s.server.Close(ctx), s.Rules.Close(ctx), s.store.Close()); err != nil {
			t.Error(err)
		}
	})
}

// Send gives payloads to the source "memory", as one delivery.
func (s *Service) Send(t testing.TB, payloads ...string) {
	t.Helper()
	d := delivery{payloads, make(chan bool, 1)}
	for deadline := time.After(patience); ; {
		select {
		case s.memory.in <- d:
		case <-deadline:
			t.Fatal("nobody reads the source")
		}
		if <-d.taken {
			return
		}
	}
}

// Want waits for the next message of the sink "memory".
func (s *Service) Want(t testing.TB, message string) {
	t.Helper()
	select {
	case got := <-s.memory.out:
		if got != message {
			t.Fatalf("message %s, want %s", got, message)
		}
	case <-time.After(patience):
		t.Fatalf("no message, want %s", message)
	}
}

// WantNothing fails the test when a message is there.
func (s *Service) WantNothing(t testing.TB) {
	t.Helper()
	select {
	case got := <-s.memory.out:
		t.Fatalf("unexpected message %s", got)
	default:
	}
}

// Call makes a request and returns status, body and headers.
func (s *Service) Call(t testing.TB, method, path, body string, headers ...string) (int, string, http.Header) {
	t.Helper()
	req, err := http.NewRequest(method, s.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(text), res.Header
}

func (m *memory) register(reg *connector.Registry, name string) {
	connector.AddSource(reg, connector.SourceSpec[sourceConfig]{
		Name: name, Summary: "Messages of a test.", Example: `{"datasource":"x"}`,
		New: func(sourceConfig, connector.Env) (connector.Source, error) { return &source{m}, nil },
	})
	connector.AddSink(reg, connector.SinkSpec[sinkConfig]{
		Name: name, Summary: "Messages for a test.", Example: `{"topic":"x"}`,
		New: func(sinkConfig, connector.Env) (connector.Sink, error) { return &sink{m}, nil },
	})
}

type source struct{ *memory }

func (s *source) Connect(context.Context) error { return nil }
func (s *source) Close(context.Context) error   { return nil }
func (s *source) Read(ctx context.Context) ([]connector.Inbound, func(error), error) {
	select {
	case <-ctx.Done():
		return nil, nil, ctx.Err()
	case d := <-s.in:
		if ctx.Err() != nil { // both were ready; the next source gets it
			d.taken <- false
			return nil, nil, ctx.Err()
		}
		d.taken <- true
		var msgs []connector.Inbound
		for _, p := range d.payloads {
			msgs = append(msgs, connector.Inbound{Payload: []byte(p), Time: time.Now()})
		}
		return msgs, nil, nil
	}
}

type sink struct{ *memory }

func (s *sink) Connect(context.Context) error { return nil }
func (s *sink) Close(context.Context) error   { return nil }
func (s *sink) Write(ctx context.Context, msgs []connector.Outbound) error {
	for _, m := range msgs {
		select {
		case s.out <- string(m.Payload):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}
