package rule

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"sluice/rules-service/internal/connector"
	"sluice/rules-service/internal/delivery"
	"sluice/rules-service/internal/dialect"
	"sluice/rules-service/internal/hub"
	"sluice/sqlengine"
)

const (
	// trialPrefix stands before the names that a trial has in the hub. No rule
	// and no stream is called so.
	trialPrefix = "trial/"
	trialSink   = "trial"
)

// trial is a rule that is being tried: it runs as others do, but nothing of it
// is stored, and its results go to who listens.
type trial struct {
	id      string
	feed    *feed
	def     *Definition
	query   *sqlengine.Query
	streams []*sqlengine.Stream
	pool    *delivery.Pool
	over    *time.Timer

	life  sync.Mutex
	run   *run // nil: it was not started
	ended bool
}

// trialText is what CreateTrial takes.
type trialText struct {
	ID         string
	SQL        string
	MockSource map[string]mock
	SinkProps  map[string]any
	Options    map[string]any
}

// mock is given in place of the messages of a stream.
type mock struct {
	Data     []map[string]any
	Interval any // milliseconds, or text such as "1s"
	Loop     bool
}

// CreateTrial prepares a trial: Listen hears its results, StartTrial starts it.
// One that has this id already ends.
func (m *Manager) CreateTrial(text string) (id string, err error) {
	if err := checkJSON(text); err != nil {
		return "", err
	}
	var in trialText
	if err := json.Unmarshal([]byte(text), &in); err != nil {
		return "", fmt.Errorf("read trial: %w", err)
	}
	if in.ID == "" {
		in.ID = strings.ToLower(rand.Text()[:12])
	}
	m.change.RLock()
	defer m.change.RUnlock()
	if m.closed {
		return "", ErrClosed
	}
	t, err := m.prepareTrial(&in)
	if err != nil {
		return "", err
	}
	if err := m.trials.add(t); err != nil {
		return "", errors.Join(err, t.end())
	}
	return t.id, nil
}

// prepareTrial needs Manager.change.
func (m *Manager) prepareTrial(in *trialText) (*trial, error) {
	options := map[string]any{}
	for name, v := range in.Options {
		options[name] = v
	}
	options["sendError"] = true
	text, err := json.Marshal(map[string]any{"id": in.ID, "sql": in.SQL, "actions": []any{map[string]any{trialSink: in.SinkProps}}, "options": options})
	if err != nil {
		return nil, err
	}
	t := &trial{id: in.ID, feed: newFeed()}
	if t.def, _, err = m.parse(string(text)); err != nil {
		return nil, err
	}
	mocked, err := m.mocked(in)
	if err != nil {
		return nil, err
	}
	c := m.checker(mocked)
	if t.query, err = c.compile(t.def); err != nil {
		return nil, err
	}
	for _, name := range t.query.Streams() {
		s, ok := mocked.Stream(name)
		if !ok {
			return nil, notFound(mocked, StreamKind, name)
		}
		if err := c.stream(s); err != nil {
			return nil, fmt.Errorf("%s %s: %w", kindOfStream(s.Table), strings.TrimPrefix(name, trialPrefix+t.id+"/"), err)
		}
		t.streams = append(t.streams, s)
	}
	t.pool = delivery.NewPool(trialRegistry(t.feed), connector.Env{Log: m.log})
	if err := t.pool.Check(trialSink, in.SinkProps); err != nil {
		return nil, &Refused{fmt.Errorf("sinkProps: %w", err)}
	}
	return t, nil
}

// mocked is the catalog with simulated streams for those that are mocked. They
// have names of their own, so that nobody else reads them.
func (m *Manager) mocked(in *trialText) (sqlengine.Catalog, error) {
	d := draft{m.catalog, map[string]*sqlengine.Stream{}}
	for name, mock := range in.MockSource {
		real, ok := m.catalog.Stream(name)
		if !ok {
			return nil, m.catalog.notFound(StreamKind, name)
		}
		s := *real
		s.Name = trialPrefix + in.ID + "/" + name
		extra := map[string]any{"data": mock.Data, "loop": mock.Loop, "interval": mock.Interval}
		if mock.Interval == nil {
			extra["interval"] = 0
		}
		if wholeNumbers(real) {
			extra["useInt64ForWholeNumber"] = true
		}
		text, err := json.Marshal(extra)
		if err != nil {
			return nil, err
		}
		s.Options.Type, s.Options.Format, s.Options.ConfKey, s.Options.Extra = "simulator", "json", "", string(text)
		s.Options.SchemaID, s.Options.Delimiter = "", ""
		s.Options.Datasource = s.Name // what makes it a source of its own
		d.changed[name], d.changed[s.Name] = &s, &s
	}
	return d, nil
}

// wholeNumbers tells whether 5 is BIGINT in a stream: the readings of EdgeX, and
// some formats, know their types.
func wholeNumbers(s *sqlengine.Stream) bool {
	var extra struct{ UseInt64ForWholeNumber bool }
	_ = json.Unmarshal([]byte(s.Options.Extra), &extra) // it was checked when the stream was created
	return extra.UseInt64ForWholeNumber || strings.EqualFold(s.Options.Type, "edgex") || s.Options.Format == "protobuf" || s.Options.Format == "cbor"
}

// StartTrial lets a trial run.
func (m *Manager) StartTrial(id string) error {
	t := m.trials.find(id)
	if t == nil {
		return fmt.Errorf("start rule error: try to start test rule %s but it is not found", id)
	}
	m.change.RLock()
	defer m.change.RUnlock()
	t.life.Lock()
	defer t.life.Unlock()
	if m.closed || t.ended {
		return ErrClosed
	}
	if t.run != nil {
		return nil
	}
	action := t.def.Actions[0]
	target, err := t.pool.Open(delivery.Action{Rule: t.id, Type: trialSink, Props: action.Props, Form: delivery.Form{Windowed: t.query.Windowed()}})
	if err != nil {
		return &Refused{fmt.Errorf("sinkProps: %w", err)}
	}
	r := &run{targets: []*delivery.Target{target}}
	env := sqlengine.Env{RuleID: t.id, Start: time.Now(), Location: m.Zone(), Prop: dialect.Prop, OnRowError: r.onRowError(t.def, slog.New(slog.DiscardHandler))}
	r.attachment, err = m.hub.Attach(hub.Rule{ID: trialPrefix + t.id, Query: t.query, Env: env, Streams: t.streams, Out: fanOut(r.targets), AtCut: func([]byte) {}})
	if err != nil {
		return errors.Join(err, target.Finish(context.Background()))
	}
	t.run = r
	return nil
}

// StopTrial ends a trial. One that is not there has ended.
func (m *Manager) StopTrial(id string) error {
	if t := m.trials.remove(id); t != nil {
		return t.end()
	}
	return nil
}

// Tries tells whether there is a trial of that id.
func (m *Manager) Tries(id string) bool { return m.trials.find(id) != nil }

// Listen gives what a trial yields to f, from its beginning on, until the trial
// or ctx ends or f fails.
func (m *Manager) Listen(ctx context.Context, id string, f func(message string) error) error {
	t := m.trials.find(id)
	if t == nil {
		return &NotFound{Kind: "trial", Name: id}
	}
	for from := 0; ; {
		messages, next, ok := t.feed.take(ctx, from)
		if !ok {
			return nil
		}
		for _, message := range messages {
			if err := f(message); err != nil {
				return err
			}
		}
		from = next
	}
}

// end ends a trial; what it has yielded is still read.
func (t *trial) end() error {
	t.life.Lock()
	defer t.life.Unlock()
	if t.ended {
		return nil
	}
	t.ended = true
	if t.over != nil {
		t.over.Stop()
	}
	ctx, cancel := context.WithTimeout(context.Background(), finishTimeout)
	defer cancel()
	var err error
	if t.run != nil {
		err = t.run.close(ctx)
	}
	err = errors.Join(err, t.pool.Close(ctx))
	t.feed.end()
	return err
}
