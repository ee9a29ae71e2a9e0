package hub

import (
	"fmt"
	"sync"

	"sluice/rules-service/internal/journal"
	"sluice/sqlengine"
	"sluice/sqlengine/value"
)

// Attachment is a rule that runs.
type Attachment struct {
	hub     *Hub
	rule    string
	shard   *shard
	run     *sqlengine.Run
	reads   []reading
	lookups []*lookupTable
	once    sync.Once

	durable bool
	feeder  bool
	atCut   func(state []byte)
	left    []byte // the state, of Leave

	// only touched on the shard's goroutine
	gone    bool
	failed  bool
	feeds   bool   // it is among the feeders
	touched uint64 // the round in which it has last yielded something, until that is told

	params map[string]value.Value // new values of parameters, not in the run yet; guarded by shard.mail
}

// reading is what a rule reads of one stream, and where the counters of the
// stream stood when it began.
type reading struct {
	stream  *stream
	columns []value.Column
	before  mark
}

// start opens the query and puts it into its shard, between two deliveries of
// each of its streams. Hub.mu is held.
func (a *Attachment) start(rule Rule, streams []*stream) error {
	for _, st := range streams {
		st.mu.Lock()
		defer st.mu.Unlock()
	}
	env := rule.Env
	env.Schemas = make(map[string]*value.Schema, len(streams))
	env.Lookups = answerers(a.lookups)
	a.reads = make([]reading, 0, len(streams))
	for _, st := range streams {
		r := reading{stream: st, columns: rule.Query.Columns(st.def.Name)}
		if st.layout.take(r.columns) {
			st.decoder = nil
		}
		a.reads = append(a.reads, r)
		env.Schemas[st.def.Name] = st.layout.schema
	}
	err := a.open(rule, env)
	if err == nil {
		err = load(a.run, tables(streams, rule.State != nil))
	}
	if err != nil {
		for _, r := range a.reads {
			r.stream.layout.release(r.columns)
		}
		return err
	}
	a.enter(rule.After)
	return nil
}

// open makes the run, in the state that it had.
func (a *Attachment) open(rule Rule, env sqlengine.Env) (err error) {
	out := rule.Out
	if a.atCut != nil {
		out = &outlet{rule.Out, a}
	}
	if a.run, err = rule.Query.Open(env, out); err != nil || rule.State == nil {
		return err
	}
	if err := a.run.Restore(rule.State); err != nil {
		return fmt.Errorf("%w: %w", ErrState, err)
	}
	return nil
}

// enter queues the rule for its shard, or for the moment of the replay to which
// its state belongs; the streams are locked.
func (a *Attachment) enter(after journal.Offset) {
	a.shard.rules++
	for i := range a.reads {
		r := &a.reads[i]
		r.stream.shards.enter(a.shard)
		r.before = r.stream.counts.mark()
		if a.durable {
			r.stream.source.wanted.Add(1)
		}
	}
	if h := a.hub.held; h.delays(after) {
		h.late = append(h.late, late{a, after})
		return
	}
	a.join()
}

func (a *Attachment) join() {
	a.shard.queue.put(item{step: func() {
		if !a.gone {
			a.shard.add(a)
		}
	}})
}

// Detach ends the rule: when it returns, its output gets nothing any more and
// is closed. The other rules of its streams do not notice.
func (a *Attachment) Detach() error {
	var err error
	a.once.Do(func() {
		if !a.shard.call(a.leave) {
			a.leave() // the shard has ended and its goroutine with it
		}
		if e := a.run.Close(); e != nil {
			err = fmt.Errorf("close rule %s: %w", a.rule, e)
		}
		a.hub.forget(a)
	})
	return err
}

func (a *Attachment) leave() {
	if a.gone {
		return
	}
	a.gone = true
	a.shard.remove(a)
	a.shard.forget(a)
}

// forget gives up what a rule held.
func (h *Hub) forget(a *Attachment) {
	h.mu.Lock()
	defer h.mu.Unlock()
	a.shard.rules--
	releaseAll(a.lookups)
	for _, r := range a.reads {
		r.stream.forget(r.columns, a.shard)
		if a.durable {
			r.stream.source.wanted.Add(-1)
		}
	}
	for _, r := range a.reads {
		h.vacate(r.stream)
	}
}

func (st *stream) forget(columns []value.Column, s *shard) {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.shards.leave(s)
	if st.layout.release(columns) {
		st.decoder = nil
	}
}

// Snapshot is the state of the rule between two batches, for a checkpoint; nil
// when it has none, or the hub is closed.
func (a *Attachment) Snapshot() []byte {
	var state []byte
	a.shard.call(func() {
		if a.run.HasState() {
			state = a.run.Snapshot()
		}
	})
	return state
}

// Stats are the figures of the rule since it was attached.
func (a *Attachment) Stats() Stats {
	s := Stats{Operators: withLookups(a.run.Stats(), a.lookups)}
	for _, r := range a.reads {
		s.Sources = append(s.Sources, SourceStats{
			Stream: r.stream.def.Name, Counts: r.stream.counts.since(r.before),
			BufferLength: a.shard.queue.length(), Dropped: r.stream.source.dropped(), Connection: r.stream.source.connection(),
			Reception: r.stream.source.reception(), Intake: r.stream.source.intake(),
		})
	}
	return s
}
