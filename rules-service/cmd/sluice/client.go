package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"sluice/rules-service/internal/httpclient"
)

const (
	dialTimeout = 10 * time.Second
	callTimeout = 5 * time.Minute // thousands of rules in one call, on a slow machine
	maxAnswer   = 256 << 20
)

// client calls the rules API.
type client struct {
	server, token string
	shown         string // server without a password
	http          http.Client
}

func newClient(server, token string) *client {
	if !strings.Contains(server, "://") {
		server = "http://" + server
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.DialContext = (&net.Dialer{Timeout: dialTimeout}).DialContext
	server = strings.TrimRight(server, "/")
	return &client{server: server, token: strings.TrimSpace(token), shown: httpclient.Redact(server), http: http.Client{Transport: transport}}
}

// answer is what the service said.
type answer struct {
	status   int
	body     string
	warnings []string
	total    int // length of the whole list of which this is a part; -1: not said
}

// call makes a request; an answer that is no success is a refusal.
func (c *client) call(ctx context.Context, method, path, body string) (*answer, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	res, err := c.send(ctx, method, path, body)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err != nil {
		return nil, fmt.Errorf("read the answer of %s: %w", c.shown, err)
	}
	a := &answer{res.StatusCode, string(text), res.Header.Values("Warnings"), -1}
	if n, err := strconv.Atoi(res.Header.Get("X-Total-Count")); err == nil {
		a.total = n
	}
	if a.status >= http.StatusMultipleChoices {
		return a, refused(a)
	}
	return a, nil
}

// stream makes a request whose answer comes bit by bit, until ctx ends.
func (c *client) stream(ctx context.Context, method, path, body string) (io.ReadCloser, error) {
	res, err := c.send(ctx, method, path, body)
	if err != nil {
		return nil, err
	}
	if res.StatusCode < http.StatusMultipleChoices {
		return res.Body, nil
	}
	defer res.Body.Close()
	text, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err != nil {
		return nil, fmt.Errorf("read the answer of %s: %w", c.shown, err)
	}
	return nil, refused(&answer{status: res.StatusCode, body: string(text)})
}

func (c *client) send(ctx context.Context, method, path, body string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, c.server+path, strings.NewReader(body))
	if err != nil {
		return nil, usage{fmt.Errorf("server %s: %w", c.shown, cause(err))}
	}
	req.Header.Set("Content-Type", "application/json")
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	res, err := c.http.Do(req)
	if err != nil {
		return nil, c.unreached(err)
	}
	return res, nil
}

// unreached says why there is no answer, and what may help.
func (c *client) unreached(err error) error {
	err = cause(err)
	if errors.Is(err, context.Canceled) {
		return err
	}
	return &unreachable{fmt.Errorf("rules service at %s cannot be reached: %w; say where it is with --server or SLUICE_SERVER", c.shown, err)}
}

// cause is an error without the URL, which may have a password in it.
func cause(err error) error {
	var at *url.Error
	if errors.As(err, &at) {
		return at.Err
	}
	return err
}

// get reads JSON into v.
func (c *client) get(ctx context.Context, path string, v any) error {
	_, err := c.exchange(ctx, http.MethodGet, path, nil, v)
	return err
}

// exchange sends JSON, unless in is nil, and reads JSON into out, unless that
// is nil.
func (c *client) exchange(ctx context.Context, method, path string, in, out any) (*answer, error) {
	body, err := encoded(in)
	if err != nil {
		return nil, fmt.Errorf("request to %s: %w", path, err)
	}
	a, err := c.call(ctx, method, path, body)
	if err != nil || out == nil {
		return a, err
	}
	if err := json.Unmarshal([]byte(a.body), out); err != nil {
		return a, fmt.Errorf("answer of %s%s is not what the rules API says: %w", c.shown, path, err)
	}
	return a, nil
}

// encoded is a value as the body of a request: none, of nil.
func encoded(v any) (string, error) {
	if v == nil {
		return "", nil
	}
	var body strings.Builder
	enc := json.NewEncoder(&body)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return body.String(), err
}

// escape makes a name part of a path.
func escape(name string) string { return url.PathEscape(name) }
