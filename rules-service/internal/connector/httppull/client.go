package httppull

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"sluice/rules-service/internal/httpclient"
)

// longestAnswer bounds what is read of an answer, unpacked.
const longestAnswer = 16 << 20

// clients are what all sources and tables share.
type clients struct {
	pool     *httpclient.Pool
	sessions httpclient.Sessions
}

// client makes the requests of a source or a table.
type client struct {
	request   Request
	templates *templates
	http      *http.Client
	shared    *clients
	session   *httpclient.Session // nil without tokens, or while it is not connected
}

func newClient(r Request, shared *clients) (*client, error) {
	t, err := newTemplates(&r)
	if err != nil {
		return nil, err
	}
	h, err := shared.pool.Open(r.TLS.Config, r.TLS.Key(), r.Timeout, r.Deny)
	if err != nil {
		return nil, err
	}
	return &client{request: r, templates: t, http: h, shared: shared}, nil
}

// start takes part in the session of the token, if there is one.
func (c *client) start() {
	if c.session == nil && c.request.OAuth.Wanted() {
		c.session = c.shared.sessions.Acquire(c.request.requests(), c.http, fmt.Sprintf("%q %q", c.request.TLS.Key(), c.request.Deny))
	}
}

func (c *client) stop() {
	if c.session != nil {
		c.shared.sessions.Release(c.session)
		c.session = nil
	}
}

// Ping finds out whether somebody listens; it makes no request, which might do
// something there.
func (c *client) Ping(ctx context.Context) error {
	return httpclient.Reach(ctx, c.request.address(), c.request.Deny)
}

// name is the request in errors, without keys.
func (c *client) name() string {
	return c.request.Method + " " + httpclient.Redact(c.request.address())
}

// question is what a request is made of beside the properties.
type question struct {
	data map[string]any // of templates
	url  map[string]any // of that of the url, where it is another one
	// news are headers that ask for nothing when there is nothing new.
	news http.Header
	// mayMiss: status 404 is the answer that there is nothing.
	mayMiss bool
}

// unreached is the error of a request that had no answer.
type unreached struct{ error }

func (u *unreached) Unwrap() error { return u.error }

// pull makes the request; when the token is refused, once more with another one.
func (c *client) pull(ctx context.Context, q question) (*httpclient.Answer, error) {
	if c.session == nil {
		_, a, err := c.attempt(ctx, q, httpclient.Grant{})
		return a, err
	}
	g, err := c.session.Grant(ctx)
	if err != nil {
		return nil, err
	}
	refused, a, err := c.attempt(ctx, q, g)
	if !refused {
		return a, err
	}
	if g, err = c.session.Renew(ctx, g); err != nil {
		return nil, err
	}
	_, a, err = c.attempt(ctx, q, g)
	return a, err
}

// attempt makes the request and judges the answer; refused: it is the token that
// is wrong.
func (c *client) attempt(ctx context.Context, q question, g httpclient.Grant) (refused bool, a *httpclient.Answer, err error) {
	req, err := c.build(ctx, q, g)
	if err != nil {
		return false, nil, err
	}
	a, err = httpclient.Exchange(c.http, req, longestAnswer+1)
	switch {
	case err != nil:
		return false, nil, &unreached{err}
	case len(a.Body) > longestAnswer:
		return false, nil, fmt.Errorf("%s %s: the answer is longer than %d MiB", req.Method, httpclient.Redact(req.URL.String()), longestAnswer>>20)
	case a.Status == http.StatusNotModified && q.news != nil:
		return false, a, nil
	case a.Status == http.StatusNotFound && q.mayMiss:
		a.Body = nil
		return false, a, nil
	}
	r := c.request.response(a)
	if err := c.request.judge(r); err != nil {
		failure := a.FailureOf(g.Hide(string(a.Body)), c.request.Bearer.Reveal())
		if !errors.Is(err, errStatus) {
			failure = fmt.Errorf("%w: %w", err, failure)
		}
		return c.session != nil && (a.Status == http.StatusUnauthorized || r.MeetsSome(c.request.RefreshOn)), nil, failure
	}
	return false, a, nil
}
