// Package delivery is what stands around every sink, written once: it selects
// columns, applies templates, encodes, collects batches, queues in memory and on
// disk, holds rates, writes with retry, and keeps what no attempt brings
// through. A rule pushes its results into a Target; the worker of the target's
// connection writes them. Workers belong to connections, not to rules.
package delivery

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"sluice/rules-service/internal/connector"
)

// Form tells how to read what a query yields.
type Form struct {
	Windowed bool // each batch is one result; otherwise each row is
}

// Pool holds the workers of all connections. It is safe for concurrent use.
type Pool struct {
	registry *connector.Registry
	env      connector.Env
	storage  Storage
	folders  *folders
	letters  *deadLetters

	mu      sync.Mutex
	workers map[string]*worker
	resting map[string]map[string]bool // rules that have messages in a folder without worker, once that was looked up
	closed  bool
}

var errClosed = errors.New("delivery is closed")

// NewPool returns a pool without workers, whose messages wait in memory.
func NewPool(reg *connector.Registry, env connector.Env) *Pool {
	return NewStoringPool(reg, env, Storage{})
}

// NewStoringPool returns a pool without workers, whose messages wait on disk
// while their target takes none.
func NewStoringPool(reg *connector.Registry, env connector.Env, s Storage) *Pool {
	s.complete()
	return &Pool{
		registry: reg, env: env, storage: s, folders: newFolders(), letters: &deadLetters{path: s.DeadLetters, most: s.DeadLetterBytes},
		workers: map[string]*worker{}, resting: map[string]map[string]bool{},
	}
}

// Check says what is wrong with an action; it opens nothing.
func (p *Pool) Check(sinkType string, props map[string]any) error {
	c, err := p.decode(sinkType, props)
	if err != nil {
		return err
	}
	if _, err := newRenderer("", Form{}, c, &p.env); err != nil {
		return fmt.Errorf("sink %s: %w", sinkType, err)
	}
	if _, err := c.Open(); err != nil {
		return fmt.Errorf("sink %s: %w", sinkType, err)
	}
	return nil
}

func (p *Pool) decode(sinkType string, props map[string]any) (*connector.SinkConfig, error) {
	info, err := p.registry.Sink(sinkType)
	if err != nil {
		return nil, err
	}
	return info.Decode(props, p.env)
}

// Action is what Open makes a Target of.
type Action struct {
	Rule  string
	Index int // its place in the rule
	Type  string
	Props map[string]any
	Form  Form
	// From is the Mark up to which an earlier life of the action has rendered
	// messages. What it rendered behind that may be on disk: it is not queued
	// twice when it is pushed again. 0: nothing is pushed again.
	From uint64
}

// Open makes the Target of an action. The connection is made in the
// background.
func (p *Pool) Open(a Action) (*Target, error) {
	c, err := p.decode(a.Type, a.Props)
	if err != nil {
		return nil, err
	}
	r, err := newRenderer(a.Rule, a.Form, c, &p.env)
	if err != nil {
		return nil, fmt.Errorf("sink %s: %w", a.Type, err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil, errClosed
	}
	rate, err := connector.ParseRate(c.Common.RateLimit)
	if err != nil {
		return nil, fmt.Errorf("sink %s: property \"rateLimit\": %w", a.Type, err)
	}
	key := workerKey(c.Key, rate)
	w := p.workers[key]
	if w == nil {
		sink, err := c.Open()
		if err != nil {
			return nil, fmt.Errorf("sink %s: %w", a.Type, err)
		}
		w = p.startWorker(key, c, rate, sink)
		p.workers[key] = w
		delete(p.resting, w.folder)
	}
	w.users++
	return newTarget(p, w, &a, r, c), nil
}

// workerKey is equal for actions that share a worker: those with a rate keep to
// it together, and hold up none that has another.
func workerKey(connection string, r connector.Rate) string {
	if r.Messages == 0 {
		return connection
	}
	return connection + "\x00" + r.String()
}

// leave ends the worker of a connection that no action uses any more.
func (p *Pool) leave(w *worker) {
	p.mu.Lock()
	w.users--
	last := w.users == 0
	if last && p.workers[w.key] == w {
		delete(p.workers, w.key)
	}
	p.mu.Unlock()
	if last {
		w.stop()
	}
}

// Close ends all workers. What waits is written first, until ctx ends; the rest
// is left on disk.
func (p *Pool) Close(ctx context.Context) error {
	p.mu.Lock()
	p.closed = true
	var targets []*Target
	for _, w := range p.workers {
		targets = append(targets, w.allTargets()...)
	}
	p.mu.Unlock()
	errs := make([]error, len(targets))
	var work sync.WaitGroup
	for i, t := range targets { // at once: one that hangs takes no time from the others
		work.Go(func() { errs[i] = t.Finish(ctx) })
	}
	work.Wait()
	return errors.Join(append(errs, p.letters.close())...)
}
