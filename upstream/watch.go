package upstream

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// watch is what has been told of the keys below one prefix. The index that the
// SDK sees counts changes of the content: that of Consul may start over when
// Consul does, and the SDK would then wait for changes that it has missed, or
// take what has not changed for a change.
type watch struct {
	index  uint64 // of ours
	consul uint64 // of Consul, for the same content
	digest string
}

// watch answers a read of all keys below a prefix, at once or after a change.
func (c *Consul) watch(w http.ResponseWriter, r *http.Request, prefix string) {
	q := r.URL.Query()
	seen := indexOf(q.Get("index"))
	q.Del("index")
	limit := time.NewTimer(waitOf(r))
	defer limit.Stop()
	for {
		known, back := c.watched(prefix)
		switch {
		case seen == 0 || seen != known.index:
			c.tell(w, r, prefix, q)
			return
		case back == nil && c.follow(w, r, prefix, q, known):
			return
		case back == nil:
			continue // it has just gone away
		}
		select {
		case <-r.Context().Done():
			return
		case <-limit.C:
			c.tell(w, r, prefix, q)
			return
		case <-back:
			c.tell(w, r, prefix, q)
			return
		}
	}
}

// watched is what was told last, and, while Consul is away, what ends that.
func (c *Consul) watched(prefix string) (known watch, back <-chan struct{}) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if seen := c.watches[prefix]; seen != nil {
		known = *seen
	}
	if c.away {
		back = c.back
	}
	return known, back
}

// tell answers at once.
func (c *Consul) tell(w http.ResponseWriter, r *http.Request, prefix string, q url.Values) {
	a, err := c.fresh(r, q.Encode())
	if err != nil {
		pairs := c.lastPairs(prefix)
		if len(pairs) == 0 && !c.asked(prefix) {
			c.unavailable(w, err)
			return
		}
		c.present(w, listed(pairs), prefix, pairs)
		return
	}
	c.pass(w, a, prefix)
}

// follow waits for Consul to tell of a change. It is false when Consul has gone
// away meanwhile, and the last known state holds.
func (c *Consul) follow(w http.ResponseWriter, r *http.Request, prefix string, q url.Values, known watch) bool {
	q.Set("index", strconv.FormatUint(known.consul, 10))
	defer q.Del("index")
	a, err := c.ask(r.Context(), r, q.Encode(), nil)
	if err == nil {
		c.pass(w, a, prefix)
		return true
	}
	if r.Context().Err() == nil {
		c.lost(err)
	}
	if c.isAway() {
		return false
	}
	c.unavailable(w, err)
	return true
}

// pass hands on what Consul has said.
func (c *Consul) pass(w http.ResponseWriter, a *answer, prefix string) {
	if !a.found() && a.status != http.StatusNotFound {
		a.writeTo(w)
		return
	}
	pairs, err := c.learn(prefix, a)
	if err != nil {
		c.unavailable(w, err)
		return
	}
	if last := c.lastPairs(prefix); len(pairs) == 0 && len(last) > 0 { // a Consul that has lost its data is filled again
		known := listed(last)
		known.header.Set(indexHeader, a.header.Get(indexHeader))
		a, pairs = known, last
	}
	c.present(w, a, prefix, pairs)
}

// asked tells that nothing being there is known, too.
func (c *Consul) asked(prefix string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.known.complete() && c.known.within(prefix)
}

func (c *Consul) lastPairs(prefix string) []pair {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.known.complete() {
		return nil
	}
	return c.known.pairs(prefix)
}

// present gives an answer our index, and leads to us who looks for the registry
// in it.
func (c *Consul) present(w http.ResponseWriter, a *answer, prefix string, pairs []pair) {
	content := digest(pairs)
	c.mu.Lock()
	seen := c.watches[prefix]
	if seen == nil {
		seen = &watch{}
		if len(c.watches) < regionLimit {
			c.watches[prefix] = seen
		}
	}
	if seen.digest != content {
		seen.index++
		seen.digest = content
	}
	seen.consul = indexOf(a.header.Get(indexHeader))
	index := seen.index
	c.mu.Unlock()
	a.header.Set(indexHeader, strconv.FormatUint(index, 10))
	if c.redirect(pairs) {
		a.body, _ = json.Marshal(pairs) // texts and numbers alone always encode
	}
	a.writeTo(w)
}

// The keys that tell where the registry is.
const (
	registryHost = "/Registry/Host"
	registryPort = "/Registry/Port"
)

// redirect makes the registry ours, if it is the Consul that we stand for.
func (c *Consul) redirect(pairs []pair) (changed bool) {
	host, port, _ := strings.Cut(c.address, ":")
	for i := range pairs {
		if !strings.HasSuffix(pairs[i].Key, registryPort) || string(pairs[i].Value) != c.target.Port() {
			continue
		}
		pairs[i].Value, changed = []byte(port), true
		for j := range pairs {
			if pairs[j].Key == strings.TrimSuffix(pairs[i].Key, registryPort)+registryHost {
				pairs[j].Value = []byte(host)
			}
		}
	}
	return changed
}
