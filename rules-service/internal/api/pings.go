package api

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

const (
	// pingTimeout bounds a test of a connection that somebody asked for.
	pingTimeout = 5 * time.Second
	// glance bounds how long a list waits for the state of connections that
	// nothing is open on, and pingFresh for how long that counts.
	glance    = 2 * time.Second
	pingFresh = 10 * time.Second
	// pingsAtOnce bounds attempts to connect.
	pingsAtOnce = 8
)

// pings remembers what attempts to connect have found out.
type pings struct {
	mu      sync.Mutex
	results map[string]pingResult
}

type pingResult struct {
	at  time.Time
	err error
}

// ask completes the connections of list at the given places with what an
// attempt to connect says. One that takes too long stays "connecting".
func (p *pings) ask(ctx context.Context, a *API, list []connection, places []int) {
	ctx, cancel := context.WithTimeout(ctx, glance)
	defer cancel()
	turns := make(chan struct{}, pingsAtOnce)
	var work sync.WaitGroup
	for _, i := range places {
		c := &list[i]
		work.Go(func() {
			turns <- struct{}{}
			defer func() { <-turns }()
			c.Status, c.Error = p.state(ctx, a, c.Type, c.ID)
		})
	}
	work.Wait()
}

func (p *pings) state(ctx context.Context, a *API, typ, name string) (status, message string) {
	_, props, err := a.Named.Connection(name)
	if err != nil {
		return disconnected, err.Error()
	}
	key := fmt.Sprint(typ, "/", name, props)
	p.mu.Lock()
	last, known := p.results[key]
	p.mu.Unlock()
	if !known || time.Since(last.at) > pingFresh {
		info, err := a.Registry.Connection(typ)
		if err != nil {
			return disconnected, err.Error()
		}
		err = info.Ping(ctx, props, a.Env)
		if err != nil && ctx.Err() != nil {
			return connecting, ""
		}
		last = pingResult{time.Now(), err}
		p.remember(key, last)
	}
	if last.err != nil {
		return disconnected, last.err.Error()
	}
	return connected, ""
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
	if p.results == nil {
		p.results = map[string]pingResult{}
	}
	p.results[key] = r
}

// errNoPing is the error of types that have nobody to reach.
var errNoPing = errors.New("doesn't support ping connection")
