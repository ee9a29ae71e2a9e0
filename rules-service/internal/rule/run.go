package rule

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"sluice/rules-service/internal/delivery"
	"sluice/rules-service/internal/dialect"
	"sluice/rules-service/internal/hub"
	"sluice/sqlengine"
	"sluice/sqlengine/value"
)

// finishTimeout is how long the end of a rule waits for its sinks to take what
// the rule has yielded, unless the service ends, which has a time of its own.
const finishTimeout = 3 * time.Second

// complainEvery bounds how often the failing rows of a rule are logged; all of
// them are counted.
const complainEvery = time.Minute

// run is a rule at work: its place in the hub and its targets.
type run struct {
	attachment *hub.Attachment
	targets    []*delivery.Target
	params     *paramRun   // nil: none of its parameters changes by itself
	left       *unsaved    // where it was when it ended; nil: that is not known
	quiet      int64       // rows that fail are not logged until then, in nanoseconds since 1970
	forgotten  atomic.Bool // its rule is deleted
}

// prepared is a definition that was found right.
type prepared struct {
	query    *sqlengine.Query
	streams  []*sqlengine.Stream
	warnings []string // of its sinks
	feeds    []boundFeed
	state    []byte   // to go on from; nil: from the beginning
	lost     []string // what could not be kept of the state
}

// open starts a prepared rule. Connecting goes on in the background.
func (m *Manager) open(def *Definition, p *prepared) (*run, error) {
	r := &run{}
	from := m.checkpoints.originOf(def, p)
	form := delivery.Form{Windowed: p.query.Windowed()}
	for _, a := range def.Actions {
		t, err := m.pool.Open(delivery.Action{Rule: def.ID, Index: a.Index, Type: a.Type, Props: a.Props, Form: form, From: from.mark(len(r.targets), len(def.Actions))})
		if err != nil {
			return nil, errors.Join(&Refused{fmt.Errorf("actions[%d]: %w", a.Index, err)}, r.close(context.Background()))
		}
		r.targets = append(r.targets, t)
	}
	env := sqlengine.Env{RuleID: def.ID, Start: from.start, Location: m.Zone(), Prop: dialect.Prop, OnRowError: r.onRowError(def, m.log)}
	rule := hub.Rule{ID: def.ID, Query: p.query, Env: env, Streams: p.streams, Out: def.output(r.targets), State: from.state, After: from.after,
		Durable: def.Options.QoS > 0, AtCut: func(state []byte) { m.checkpoints.found(def.ID, r, state) }}
	err := m.openParams(r, def, p, &rule.Env)
	if err == nil {
		r.attachment, err = m.hub.Attach(rule)
	}
	if from.restored && errors.Is(err, hub.ErrState) {
		m.log.Warn("the saved state does not fit the rule any more; it begins anew", "rule", def.ID, "error", err)
		rule.State = nil
		r.attachment, err = m.hub.Attach(rule)
	}
	if err != nil {
		return nil, errors.Join(err, r.close(context.Background()))
	}
	r.params.begin(r.attachment)
	m.checkpoints.joined(&def.Options, r)
	return r, nil
}

// marks appends how far each target has come.
func (r *run) marks(list []uint64) []uint64 {
	for _, t := range r.targets {
		list = append(list, t.Mark())
	}
	return list
}

// close ends a run: its rows first, then what its targets still hold, as long
// as ctx lets them.
func (r *run) close(ctx context.Context) error {
	if _, bounded := ctx.Deadline(); !bounded {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, finishTimeout)
		defer cancel()
	}
	detached := make(chan error, 1)
	go func() { detached <- r.detach(ctx) }()
	var errs []error
	select {
	case err := <-detached:
		detached <- err
	case <-ctx.Done(): // a slow target holds the rule: its end below frees it
	}
	for _, t := range r.targets {
		errs = append(errs, t.Finish(ctx))
	}
	return errors.Join(append(errs, <-detached)...)
}

// detach takes the rule out: one that lasts, behind all that has come so far.
func (r *run) detach(ctx context.Context) error {
	defer r.params.end(r.attachment)
	if r.attachment == nil {
		return nil
	}
	if r.attachment.Lasting() {
		if state, at, ok := r.attachment.Leave(ctx); ok {
			r.left = &unsaved{run: r, left: true, saved: saved{after: at, marks: r.marks(nil), state: state}}
		}
	}
	return r.attachment.Detach()
}

// complain logs the first row of a rule that fails, and then one a minute.
// It is called by the rule's shard alone.
func (r *run) complain(log *slog.Logger, id string, e *sqlengine.RowError) {
	if now := time.Now(); now.UnixNano() > r.quiet {
		r.quiet = now.Add(complainEvery).UnixNano()
		log.Warn("a row failed", "rule", id, "error", e)
	}
}

// fanOut gives the results of a rule to all its targets.
type fanOut []*delivery.Target

// Push gives the batch to each target in turn.
func (f fanOut) Push(b *value.Batch) error {
	for _, t := range f {
		if err := t.Push(b); err != nil {
			return err
		}
	}
	return nil
}

// Advance tells each target the time.
func (f fanOut) Advance(watermark int64) error {
	for _, t := range f {
		if err := t.Advance(watermark); err != nil {
			return err
		}
	}
	return nil
}

// Close closes each target.
func (f fanOut) Close() error {
	var errs []error
	for _, t := range f {
		errs = append(errs, t.Close())
	}
	return errors.Join(errs...)
}
