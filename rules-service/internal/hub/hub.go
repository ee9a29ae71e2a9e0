// Package hub feeds rules from shared sources: streams over equal connections
// have one connection, the rules of a stream have one decode, and a few shards
// run all rules, one goroutine each. Nothing is started per rule.
package hub

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"sync"

	"sluice/rules-service/internal/connector"
	"sluice/rules-service/internal/journal"
	"sluice/sqlengine"
	"sluice/sqlengine/exec"
)

// maxShards bounds the goroutines that run rules. More than a few only move
// rows between caches.
const maxShards = 4

// spread is how many rules more than the emptiest shard a stream's own shard
// may have before the next rule goes elsewhere: one goroutine to wake for a
// batch is cheaper than several, until it becomes the bottleneck.
const spread = 1024

// ErrClosed is returned by a hub that was closed.
var ErrClosed = errors.New("hub is closed")

// ErrState is returned for a state that does not belong to the query.
var ErrState = errors.New("the state of the rule cannot be restored")

// Hub owns the sources and the shards. It is safe for concurrent use.
type Hub struct {
	reg    *connector.Registry
	env    connector.Env
	shards []*shard
	ctx    context.Context
	cancel context.CancelFunc
	work   sync.WaitGroup
	intake *intake       // nil: there is none
	urgent chan struct{} // holds a token while a checkpoint is wanted soon

	mu      sync.Mutex // before stream.mu
	held    *held      // nil: sources run
	streams map[string]*stream
	sources map[string]*source // by the key of their connection
	readers map[string]*reader // by the group of their sources
	lookups lookups
}

// New starts the shards. onFail hears of a rule that failed while running and
// is out of its shard already; it is called on the shard's goroutine and must
// neither block nor call the hub.
func New(reg *connector.Registry, env connector.Env, onFail func(rule string, err error)) *Hub {
	h := &Hub{reg: reg, env: env, streams: map[string]*stream{}, sources: map[string]*source{}, readers: map[string]*reader{}, urgent: make(chan struct{}, 1)}
	h.ctx, h.cancel = context.WithCancel(context.Background())
	for range min(runtime.GOMAXPROCS(0), maxShards) {
		s := newShard(onFail)
		h.shards = append(h.shards, s)
		h.work.Go(func() { s.run(h.ctx) })
	}
	return h
}

// Check tells everything that can be wrong with a stream's definition without
// connecting to anything.
func (h *Hub) Check(def *sqlengine.Stream) error {
	if isLookup(def) {
		_, err := h.configureLookup(def)
		return err
	}
	_, _, err := h.configure(def)
	return err
}

// Rule is what Attach starts.
type Rule struct {
	ID      string
	Query   *sqlengine.Query
	Env     sqlengine.Env // Schemas are set by the hub
	Streams []*sqlengine.Stream
	Out     exec.Operator // takes the results; the end of the rule closes it
	State   []byte        // of Attachment.Snapshot, to go on from; nil: from the beginning
	// After is how far the State goes in the intake journal, where that is
	// farther than what Hold was told: of Attachment.Leave.
	After journal.Offset
	// Durable wants the messages of its sources in the intake journal, where
	// these can wait for that.
	Durable bool
	// AtCut is called on the rule's goroutine when a Cut comes by, with its
	// state, or nil when it has none. It must not block. Rules that have no
	// state and have yielded nothing since the last Cut are left out.
	AtCut func(state []byte)
	// Feeder is a query whose rows give parameters of rules their values: each
	// row goes through it before those rules see it. Its sources do not connect
	// before Attachment.Begin, so that a rule that reads the same ones misses
	// nothing. It has no windows: no time comes for it.
	Feeder bool
}

// Attach starts a compiled query over its streams. Connecting goes on in the
// background. The error wraps ErrState when it is the State alone that is not
// right: without it the rule can begin.
func (h *Hub) Attach(r Rule) (*Attachment, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.ctx.Err() != nil {
		return nil, ErrClosed
	}
	streams, err := h.open(r.Streams)
	if err != nil {
		h.sweep()
		return nil, err
	}
	a := &Attachment{hub: h, rule: r.ID, shard: h.place(streams), durable: r.Durable, atCut: r.AtCut, feeder: r.Feeder}
	if a.lookups, err = h.lookupTables(&r); err != nil {
		h.sweep()
		return nil, err
	}
	if err := a.start(r, streams); err != nil {
		releaseAll(a.lookups)
		h.sweep()
		return nil, fmt.Errorf("rule %s: %w", r.ID, err)
	}
	loadFirst(streams)
	if !r.Feeder {
		h.begin(a)
	}
	return a, nil
}

// begin lets the sources of a rule connect, unless all of them wait for Resume.
// Hub.mu is held.
func (h *Hub) begin(a *Attachment) {
	if h.held != nil {
		return
	}
	for i := range a.reads {
		a.reads[i].stream.source.start()
	}
}

// open finds or makes the streams, in the order of their names, in which they
// are locked.
func (h *Hub) open(defs []*sqlengine.Stream) ([]*stream, error) {
	var streams []*stream
	for _, def := range defs {
		if isLookup(def) || slices.ContainsFunc(streams, func(s *stream) bool { return s.def.Name == def.Name }) {
			continue
		}
		st, err := h.stream(def)
		if err != nil {
			return nil, fmt.Errorf("stream %s: %w", def.Name, err)
		}
		streams = append(streams, st)
	}
	slices.SortFunc(streams, func(a, b *stream) int { return strings.Compare(a.def.Name, b.def.Name) })
	return streams, nil
}

func (h *Hub) stream(def *sqlengine.Stream) (*stream, error) {
	if st, ok := h.streams[def.Name]; ok {
		if !reflect.DeepEqual(st.def, def) {
			return nil, errors.New("its definition has changed; stop the rules that still read the old one first")
		}
		return st, nil
	}
	e, conf, err := h.configure(def)
	if err != nil {
		return nil, err
	}
	src, ok := h.sources[conf.Key]
	if !ok {
		conn, err := conf.Open()
		if err != nil {
			return nil, err
		}
		src = newSource(h, conf, conn)
		h.sources[conf.Key] = src
	}
	st := newStream(def, e, src)
	st.connection = conf.Connection
	h.streams[def.Name] = st
	src.add(st)
	return st, nil
}

// place picks the shard of a new rule.
func (h *Hub) place(streams []*stream) *shard {
	emptiest := h.shards[0]
	for _, s := range h.shards {
		if s.rules < emptiest.rules {
			emptiest = s
		}
	}
	for _, st := range streams {
		for _, s := range st.shards {
			if s.shard.rules < emptiest.rules+spread {
				return s.shard
			}
		}
	}
	return emptiest
}

// sweep forgets streams that no rule reads, and sources without streams that
// nobody keeps.
func (h *Hub) sweep() {
	for name, st := range h.streams {
		if len(st.shards) > 0 {
			continue
		}
		delete(h.streams, name)
		st.source.remove(st)
	}
	for _, src := range h.sources {
		h.drop(src)
	}
}

// Close ends all sources and shards, and returns when their goroutines have
// ended or ctx does. Rules that are still attached get nothing any more.
func (h *Hub) Close(ctx context.Context) error {
	h.mu.Lock()
	for key, src := range h.sources {
		delete(h.sources, key)
		src.leave.Store(true)
		src.stop()
	}
	h.closeLookups()
	h.cancel()
	h.mu.Unlock()
	ended := make(chan struct{})
	go func() {
		h.work.Wait()
		close(ended)
	}()
	select {
	case <-ended:
		return h.closeIntake()
	case <-ctx.Done():
		return fmt.Errorf("close hub: %w", ctx.Err())
	}
}
