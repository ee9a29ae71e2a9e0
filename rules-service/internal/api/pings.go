package api

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"sluice/rules-service/internal/named"
)

const (
	// pingTimeout bounds a test of a connection that somebody asked for.
	pingTimeout = 5 * time.Second
	// glance bounds how long a list waits for the state of connections that
	// nothing is open on, and pingFresh for how long that counts.
	glance    = 2 * time.Second
	pingFresh = 10 * time.Second
	// pingsAtOnce bounds attempts to connect, however many ask for lists.
	pingsAtOnce = 8
)

// pings remembers what attempts to connect have found out.
type pings struct {
	turns   chan struct{}
	mu      sync.Mutex
	results map[string]pingResult
}

func newPings() *pings {
	return &pings{turns: make(chan struct{}, pingsAtOnce), results: map[string]pingResult{}}
}

type pingResult struct {
	at  time.Time
	err error
}

// shown is the result as a state of a connection.
func (r pingResult) shown() (status, message string) {
	switch {
	case r.err == nil:
		return connected, ""
	case errors.Is(r.err, errNoAnswer):
		return connecting, ""
	}
	return disconnected, r.err.Error()
}

// errNoAnswer is the result of an attempt that took too long.
var errNoAnswer = errors.New("no answer")

// ask completes the connections of list at the given places with what an
// attempt to connect says. One that takes too long stays "connecting".
func (p *pings) ask(ctx context.Context, a *API, list []connection, places []int) {
	ctx, cancel := context.WithTimeout(ctx, glance)
	defer cancel()
	var work sync.WaitGroup
	for _, i := range places {
		c := &list[i]
		work.Go(func() { c.Status, c.Error = p.state(ctx, a, c.Type, c.ID) })
	}
	work.Wait()
}

func (p *pings) state(ctx context.Context, a *API, typ, name string) (status, message string) {
	props, err := a.Named.Get(named.ID{Kind: named.Connections, Type: typ, Name: name})
	if err != nil {
		return disconnected, err.Error()
	}
	info, err := a.Registry.Connection(typ)
	if err != nil {
		return disconnected, err.Error()
	}
	key := fmt.Sprint(typ, "/", name, props)
	if last, ok := p.last(key); ok {
		return last.shown()
	}
	if p.wait(ctx) != nil {
		return connecting, ""
	}
	defer p.done()
	if last, ok := p.last(key); ok { // somebody else has asked meanwhile
		return last.shown()
	}
	began := time.Now()
	err = info.Ping(ctx, props, a.Env)
	if err != nil && ctx.Err() != nil {
		if time.Since(began) < glance/2 { // it was not given much time
			return connecting, ""
		}
		err = errNoAnswer
	}
	result := pingResult{time.Now(), err}
	p.remember(key, result)
	return result.shown()
}

// wait waits for the turn to connect; done ends it.
func (p *pings) wait(ctx context.Context) error {
	select {
	case p.turns <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (p *pings) done() { <-p.turns }

// last is a result that still counts.
func (p *pings) last(key string) (r pingResult, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	r, ok = p.results[key]
	return r, ok && time.Since(r.at) <= pingFresh
}

// remember keeps a result, and forgets those that do not count any more.
func (p *pings) remember(key string, r pingResult) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for k, old := range p.results {
		if time.Since(old.at) > pingFresh {
			delete(p.results, k)
		}
	}
	p.results[key] = r
}

// errNoPing is the error of types that have nobody to reach.
var errNoPing = errors.New("doesn't support ping connection")
