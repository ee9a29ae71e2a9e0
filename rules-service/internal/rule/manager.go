package rule

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"sluice/rules-service/internal/connector"
	"sluice/rules-service/internal/delivery"
	"sluice/rules-service/internal/hub"
	"sluice/rules-service/internal/store"
	"sluice/sqlengine"
	"sluice/sqlengine/diag"
)

// Manager owns streams, rules, and what runs them. It is safe for concurrent
// use.
type Manager struct {
	store    *store.Store
	registry *connector.Registry
	env      connector.Env
	hub      *hub.Hub
	pool     *delivery.Pool
	log      *slog.Logger
	clock    *clock
	defaults atomic.Pointer[Defaults]

	checkpoints *checkpoints
	params      *params

	// change is held for reading while one rule changes, and for writing while
	// a stream does, which touches many rules. Order: change, rule.life, mu.
	change  sync.RWMutex
	catalog *catalog
	closed  bool // guarded by change

	mu    sync.RWMutex // held for a moment only: onFail takes it on a shard
	rules map[string]*rule
	spare *time.Timer // of giveBack; nil: there was no need
	more  func()      // see WithGiveBack; nil: nothing

	trials *trials

	background sync.WaitGroup // failures and restarts on their way
}

// Option changes what Open makes.
type Option func(*options)

type options struct {
	disk     delivery.Storage
	intake   hub.IntakeOptions
	patrol   time.Duration
	defaults *Defaults
	giveBack func()
}

// WithDisk says where messages wait while their sinks take none; without it
// they wait in memory.
func WithDisk(s delivery.Storage) Option { return func(o *options) { o.disk = s } }

// WithGiveBack gives back more than the memory of objects when a large change is
// over.
func WithGiveBack(more func()) Option { return func(o *options) { o.giveBack = more } }

// Open reads the definitions in the store. Rules start with Start.
func Open(st *store.Store, reg *connector.Registry, env connector.Env, opts ...Option) (*Manager, error) {
	var o options
	for _, set := range opts {
		set(&o)
	}
	m := &Manager{store: st, registry: reg, env: env, log: env.Log, catalog: newCatalog(), rules: map[string]*rule{}, more: o.giveBack}
	m.clock = m.newClock(o.patrol)
	m.trials = newTrials(m)
	m.defaults.Store(o.defaults)
	m.hub = hub.New(reg, env, m.onFail)
	m.catalog.changed = m.defineTable
	m.pool = delivery.NewStoringPool(reg, env, o.disk)
	m.params = newParams(st, m.log)
	var err error
	m.checkpoints, err = m.openCheckpoints(o.intake)
	if err = errors.Join(err, m.load(), m.params.load()); err != nil {
		return nil, errors.Join(err, m.Close(context.Background()))
	}
	return m, nil
}

// load takes the definitions out of the store. One that cannot be read, after
// a change of the program, is logged and left in the store.
func (m *Manager) load() error {
	streams, err := m.store.Streams()
	if err != nil {
		return err
	}
	for _, s := range streams {
		st, err := sqlengine.ParseStatement(s.SQL)
		if err != nil {
			m.log.Error("stored stream cannot be read", "stream", s.Name, "error", err)
			continue
		}
		m.catalog.put(st.Stream, s.SQL)
	}
	rules, err := m.store.Rules()
	if err != nil {
		return err
	}
	for _, s := range rules {
		def, _, err := m.parse(s.Text)
		if err != nil {
			m.log.Error("stored rule cannot be read", "rule", s.ID, "error", err)
			continue
		}
		m.rules[s.ID] = newRule(def, s.Text, s.Triggered)
	}
	return nil
}

// Start starts the rules that are wanted to run.
func (m *Manager) Start() {
	all := m.all()
	if len(all) >= many {
		defer thrifty()()
		defer m.giveBack()
	}
	for _, r := range all {
		_ = m.changing(r, func() error { // a failure is logged and shown in the status
			if s := r.look(); !s.triggered {
				return nil
			}
			return m.begin(r)
		})
	}
	m.checkpoints.resume()
}

// Close ends all rules, then the sources and sinks, within ctx. What is wanted
// stays in the store.
func (m *Manager) Close(ctx context.Context) error {
	m.change.Lock()
	m.closed = true
	m.checkpoints.close(ctx)
	trialsErr := m.trials.close()
	var ending sync.WaitGroup
	for _, r := range m.all() {
		r.life.Lock()
		ending.Go(func() { m.end(ctx, r, Stopped, "") })
	}
	ending.Wait()
	for _, r := range m.all() {
		r.life.Unlock()
	}
	m.change.Unlock()
	m.keepSpare()
	m.clock.timetable.close()
	m.background.Wait()
	// The rules may have used up the time; what is left takes next to none.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeGrace)
	defer cancel()
	return errors.Join(trialsErr, m.hub.Close(ctx), m.pool.Close(ctx), m.params.close())
}

// closeGrace is how long the end of sources and sinks may take after that of the
// rules.
const closeGrace = 5 * time.Second

// ErrClosed is returned while the service ends.
var ErrClosed = errors.New("the service is stopping")

// all returns the rules, sorted by id.
func (m *Manager) all() []*rule {
	m.mu.RLock()
	defer m.mu.RUnlock()
	ids := slices.Sorted(maps.Keys(m.rules))
	all := make([]*rule, len(ids))
	for i, id := range ids {
		all[i] = m.rules[id]
	}
	return all
}

// lookup is find for who does not tell anybody that there is no such rule.
func (m *Manager) lookup(id string) (*rule, bool) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	r, ok := m.rules[id]
	return r, ok
}

// find compares a name that nothing has with all that there are.
func (m *Manager) find(id string) (*rule, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if r, ok := m.rules[id]; ok {
		return r, nil
	}
	return nil, &NotFound{RuleKind, id, diag.Nearest(id, slices.Collect(maps.Keys(m.rules)))}
}

// changing runs f while nothing else changes the rule.
func (m *Manager) changing(r *rule, f func() error) error {
	m.change.RLock()
	defer m.change.RUnlock()
	if m.closed {
		return ErrClosed
	}
	r.life.Lock()
	defer r.life.Unlock()
	if r.deleted {
		return &NotFound{Kind: RuleKind, Name: r.id}
	}
	return f()
}
