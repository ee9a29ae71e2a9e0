package upstream

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strings"
)

// announcement is a request that tells Consul of this service. It is repeated
// whenever Consul returns: an agent keeps no registrations when it has lost its
// disk, and one that was away has heard of none.
type announcement struct {
	request *http.Request
	body    []byte
}

// The registrations, in the order in which Consul must hear of them.
var registrations = []string{"/v1/agent/service/register", "/v1/agent/check/register"}

const deregister = "/v1/agent/service/deregister/"

func announces(r *http.Request) bool {
	if r.Method != http.MethodPut {
		return false
	}
	return r.URL.Path == registrations[0] || r.URL.Path == registrations[1] || strings.HasPrefix(r.URL.Path, deregister)
}

// announce passes a registration on, or keeps it while Consul is away. The end
// of a service cannot be kept: nobody would be left to repeat it.
func (c *Consul) announce(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, answerLimit))
	if err != nil {
		c.unavailable(w, err)
		return
	}
	ends := strings.HasPrefix(r.URL.Path, deregister)
	var a *answer
	if c.isAway() {
		err = errAway
	} else if a, err = c.ask(r.Context(), r, r.URL.RawQuery, body); err != nil {
		c.lost(err)
	}
	if ends || err == nil && a.found() || c.isAway() {
		c.remember(r, body, ends)
	}
	switch {
	case err == nil:
		a.writeTo(w)
	case ends || !c.isAway():
		c.unavailable(w, err)
	default:
		lastKnown(nil).writeTo(w)
	}
}

func (c *Consul) remember(r *http.Request, body []byte, ends bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if ends {
		clear(c.announced)
		return
	}
	c.announced[r.URL.Path] = &announcement{r.Clone(context.Background()), bytes.Clone(body)}
}

// announceAgain repeats the registrations.
func (c *Consul) announceAgain(ctx context.Context) error {
	for _, path := range registrations {
		c.mu.Lock()
		told := c.announced[path]
		c.mu.Unlock()
		if told == nil {
			continue
		}
		if _, err := c.ask(ctx, told.request, told.request.URL.RawQuery, told.body); err != nil {
			return err
		}
	}
	return nil
}
