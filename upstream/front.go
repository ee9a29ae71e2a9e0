package upstream

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// ServeHTTP answers as Consul would.
func (c *Consul) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == leaderPath {
		c.leader(w, r) // the SDK sends no credentials here
		return
	}
	if _, password, _ := r.BasicAuth(); subtle.ConstantTimeCompare([]byte(password), []byte(c.password)) != 1 {
		http.Error(w, "this port is for the service itself; ask Consul", http.StatusUnauthorized)
		return
	}
	c.mu.Lock()
	c.token = r.Header.Get(tokenHeader)
	c.mu.Unlock()
	key, isKey := strings.CutPrefix(r.URL.Path, keysPath)
	switch {
	case isKey && r.Method == http.MethodGet:
		c.read(w, r, key)
	case isKey && r.Method == http.MethodPut:
		c.put(w, r, key)
	case r.URL.Path == servicesPath && r.Method == http.MethodGet:
		c.services(w, r)
	case announces(r):
		c.announce(w, r)
	default:
		c.proxy.ServeHTTP(w, r)
	}
}

func (c *Consul) unavailable(w http.ResponseWriter, err error) {
	http.Error(w, "Consul is away: "+err.Error(), http.StatusServiceUnavailable)
}

// leader tells the SDK that Consul is there, as soon as it can be answered.
func (c *Consul) leader(w http.ResponseWriter, r *http.Request) {
	if c.isAway() {
		lastKnown([]byte(`"last known"`)).writeTo(w)
		return
	}
	c.proxy.ServeHTTP(w, r)
}

// lastKnown is an answer from disk.
func lastKnown(body []byte) *answer {
	return &answer{http.StatusOK, http.Header{"Content-Type": {"application/json"}, indexHeader: {"1"}}, body}
}

// read answers a read of keys. A watch may take long; the others may not.
func (c *Consul) read(w http.ResponseWriter, r *http.Request, key string) {
	q := r.URL.Query()
	if _, recurse := q["recurse"]; recurse {
		c.watch(w, r, key)
		return
	}
	a, err := c.fresh(r, r.URL.RawQuery)
	if err == nil {
		c.learnRead(key, q.Has("keys"), a)
	} else if a = c.fromDisk(key, q.Has("keys")); a == nil {
		c.unavailable(w, err)
		return
	}
	a.writeTo(w)
}

var errAway = errors.New("it has not answered")

// fresh asks Consul unless it is known to be away.
func (c *Consul) fresh(r *http.Request, query string) (*answer, error) {
	c.mu.Lock()
	away, complete := c.away, c.known.complete()
	c.mu.Unlock()
	if away {
		return nil, errAway
	}
	ctx := r.Context()
	if complete {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, askWithin)
		defer cancel()
	}
	a, err := c.ask(ctx, r, query, nil)
	if err != nil && r.Context().Err() == nil {
		c.lost(err)
	}
	return a, err
}

// fromDisk answers a read of one key, or of the names below a prefix. What was
// never asked for is not known; nil.
func (c *Consul) fromDisk(key string, names bool) *answer {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.known.complete() {
		return nil
	}
	if !names {
		value, found := c.known.Values[key]
		if found {
			return listed([]pair{{Key: key, Value: value, CreateIndex: 1, ModifyIndex: 1}})
		}
		if !c.known.within(key) {
			return nil
		}
		return nowhere()
	}
	list := []string{}
	for _, p := range c.known.pairs(key) {
		list = append(list, p.Key)
	}
	if len(list) > 0 {
		return encoded(list)
	}
	if !c.known.within(key) {
		return nil
	}
	return nowhere()
}

func listed(pairs []pair) *answer {
	if len(pairs) == 0 {
		return nowhere()
	}
	return encoded(pairs)
}

// encoded is an answer from disk; texts and numbers alone always encode.
func encoded(v any) *answer {
	body, _ := json.Marshal(v)
	return lastKnown(body)
}

func nowhere() *answer {
	a := lastKnown(nil)
	a.status = http.StatusNotFound
	return a
}

// learnRead remembers one key, or that a prefix is of interest.
func (c *Consul) learnRead(key string, names bool, a *answer) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if names {
		c.changed = c.known.note(key) || c.changed
		return
	}
	var pairs []pair
	if a.found() && json.Unmarshal(a.body, &pairs) == nil && len(pairs) == 1 && pairs[0].Key == key {
		c.changed = c.known.put(key, pairs[0].Value) || c.changed
	}
}

// learn remembers all pairs below a prefix.
func (c *Consul) learn(prefix string, a *answer) ([]pair, error) {
	var pairs []pair
	if a.found() {
		if err := json.Unmarshal(a.body, &pairs); err != nil {
			return nil, fmt.Errorf("keys below %s: %w", prefix, err)
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.changed = c.known.replace(prefix, pairs) || c.changed
	return pairs, nil
}

// put writes a key. It is Consul's alone to do that.
func (c *Consul) put(w http.ResponseWriter, r *http.Request, key string) {
	body, err := io.ReadAll(io.LimitReader(r.Body, answerLimit))
	if err != nil {
		c.unavailable(w, err)
		return
	}
	a, err := c.ask(r.Context(), r, r.URL.RawQuery, body)
	if err != nil {
		c.lost(err)
		c.unavailable(w, err)
		return
	}
	if a.found() && strings.TrimSpace(string(a.body)) == "true" {
		c.mu.Lock()
		c.changed = c.known.put(key, body) || c.changed
		c.mu.Unlock()
	}
	a.writeTo(w)
}

// services lists the services that the SDK looks its clients up in.
func (c *Consul) services(w http.ResponseWriter, r *http.Request) {
	a, err := c.fresh(r, r.URL.RawQuery)
	if err == nil {
		c.learnServices(a)
		a.writeTo(w)
		return
	}
	c.mu.Lock()
	known := c.known.Services
	c.mu.Unlock()
	if known == nil {
		c.unavailable(w, err)
		return
	}
	lastKnown(known).writeTo(w)
}

// learnServices remembers the list. An agent that has just started knows none,
// which is not believed.
func (c *Consul) learnServices(a *answer) {
	var list map[string]json.RawMessage
	if !a.found() || json.Unmarshal(a.body, &list) != nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	var merged map[string]json.RawMessage
	if json.Unmarshal(c.known.Services, &merged) != nil || merged == nil {
		merged = map[string]json.RawMessage{}
	}
	for name, service := range list {
		merged[name] = service
	}
	body, err := json.Marshal(merged)
	if err == nil && len(merged) <= serviceLimit && string(body) != string(c.known.Services) {
		c.known.Services, c.changed = body, true
	}
}

// serviceLimit bounds the services that are remembered.
const serviceLimit = 1000

// waitOf is how long a watch waits at most.
func waitOf(r *http.Request) time.Duration {
	if d, err := time.ParseDuration(r.URL.Query().Get("wait")); err == nil && d > 0 {
		return d
	}
	return 5 * time.Minute // Consul's own
}

func indexOf(text string) uint64 {
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return 0
	}
	return n
}
