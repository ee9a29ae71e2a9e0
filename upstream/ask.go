package upstream

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// answerLimit bounds one answer. The configuration of a plant has some ten KiB.
const answerLimit = 32 << 20

// answer is what Consul said, or what it is taken to say.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// found tells that there is something to remember.
func (a *answer) found() bool { return a.status == http.StatusOK }

func (a *answer) writeTo(w http.ResponseWriter) {
	header := w.Header()
	for name, values := range a.header {
		header[name] = values
	}
	header.Del("Content-Length") // the body may have been changed
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body) // an SDK that has gone away does not mind
}

// urlOf is where a request goes to.
func (c *Consul) urlOf(r *http.Request, query string) *url.URL {
	u := *r.URL
	u.Scheme, u.Host, u.User, u.RawQuery = c.target.Scheme, c.target.Host, nil, query
	return &u
}

// credentials replaces the password of this process by what Consul wants.
func (c *Consul) credentials(r *http.Request) {
	r.Header.Del("Authorization")
	if c.outside != nil {
		password, _ := c.outside.Password()
		r.SetBasicAuth(c.outside.Username(), password)
	}
}

func userinfo(auth string) *url.Userinfo {
	name, password, _ := strings.Cut(auth, ":")
	if name == "" {
		return nil
	}
	return url.UserPassword(name, password)
}

// ask sends a request to Consul. That Consul cannot do its work, as without a
// leader, is an error.
func (c *Consul) ask(ctx context.Context, r *http.Request, query string, body []byte) (*answer, error) {
	out, err := http.NewRequestWithContext(ctx, r.Method, c.urlOf(r, query).String(), bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	out.Header = r.Header.Clone()
	for _, hop := range []string{"Connection", "Accept-Encoding"} {
		out.Header.Del(hop)
	}
	c.credentials(out)
	return c.do(out)
}

func (c *Consul) do(out *http.Request) (*answer, error) {
	res, err := c.client.Do(out)
	if err != nil {
		return nil, err
	}
	defer func() { _ = res.Body.Close() }() // it was read alone
	body, err := io.ReadAll(io.LimitReader(res.Body, answerLimit+1))
	switch {
	case err != nil:
		return nil, err
	case len(body) > answerLimit:
		return nil, fmt.Errorf("the answer to %s is larger than %d MiB", out.URL.Path, answerLimit>>20)
	case res.StatusCode >= http.StatusInternalServerError:
		return nil, fmt.Errorf("it answers %s", res.Status)
	}
	return &answer{res.StatusCode, res.Header, body}, nil
}

// get reads for the front itself, with the token that the SDK used last.
func (c *Consul) get(ctx context.Context, path, query string) (*answer, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, (&url.URL{Path: path}).String(), nil)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	token := c.token
	c.mu.Unlock()
	if token != "" {
		r.Header.Set(tokenHeader, token)
	}
	return c.ask(ctx, r, query, nil)
}

const (
	tokenHeader  = "X-Consul-Token"
	indexHeader  = "X-Consul-Index"
	leaderPath   = "/v1/status/leader"
	servicesPath = "/v1/agent/services"
	keysPath     = "/v1/kv/"
)

// leads is nil when Consul can do its work.
func (c *Consul) leads(ctx context.Context) error {
	a, err := c.get(ctx, leaderPath, "")
	if err != nil {
		return err
	}
	var leader string
	if json.Unmarshal(a.body, &leader) != nil || leader == "" {
		return errors.New("there is no leader yet")
	}
	return nil
}

// ready is nil when Consul has the common configuration in full. One that has
// lost its data counts as away until EdgeX's bootstrapper has filled it again:
// what is there before that is not the configuration.
func (c *Consul) ready(ctx context.Context) error {
	c.mu.Lock()
	key := c.known.readyKey()
	c.mu.Unlock()
	a, err := c.get(ctx, keysPath+key, "")
	if err != nil || a.status == http.StatusForbidden { // the SDK gets itself a new token
		return err
	}
	var pairs []pair
	if a.found() && json.Unmarshal(a.body, &pairs) == nil && len(pairs) == 1 && string(pairs[0].Value) == "true" {
		return nil
	}
	return errors.New("the common configuration is not there yet")
}

// refresh reads all that a start needs.
func (c *Consul) refresh(ctx context.Context) error {
	c.mu.Lock()
	regions := append([]string(nil), c.known.Regions...)
	services := c.known.Services != nil
	c.mu.Unlock()
	for _, region := range regions {
		a, err := c.get(ctx, keysPath+region, "recurse")
		if err != nil {
			return err
		}
		if _, err := c.learn(region, a); err != nil {
			return err
		}
	}
	if !services {
		return nil
	}
	a, err := c.get(ctx, servicesPath, "")
	if err != nil {
		return err
	}
	c.learnServices(a)
	return nil
}
