package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	callTimeout = time.Minute
	maxAnswer   = 64 << 20
)

// client calls the rules API.
type client struct {
	server, token string
	http          http.Client
}

func newClient(server, token string) *client {
	if !strings.Contains(server, "://") {
		server = "http://" + server
	}
	return &client{server: strings.TrimRight(server, "/"), token: token, http: http.Client{Timeout: callTimeout}}
}

// answer is what the service said.
type answer struct {
	status   int
	body     string
	warnings []string
}

// refusal is an error that the service answered with.
type refusal struct {
	status  int
	message string
}

func (e *refusal) Error() string { return e.message }

// call makes a request; an answer that is no success is a refusal.
func (c *client) call(ctx context.Context, method, path, body string) (*answer, error) {
	req, err := http.NewRequestWithContext(ctx, method, c.server+path, strings.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("server %s: %w", c.server, err)
	}
	req.Header.Set("Content-Type", "application/json")
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	res, err := c.http.Do(req)
	if err != nil {
		var at *url.Error
		if errors.As(err, &at) {
			err = at.Err
		}
		return nil, fmt.Errorf("rules service at %s cannot be reached: %w; say where it is with --server or SLUICE_SERVER", c.server, err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err != nil {
		return nil, fmt.Errorf("read the answer of %s: %w", c.server, err)
	}
	a := &answer{res.StatusCode, string(text), res.Header.Values("Warnings")}
	if res.StatusCode >= 300 {
		return a, refused(a)
	}
	return a, nil
}

func refused(a *answer) error {
	if a.status == http.StatusUnauthorized {
		return &refusal{a.status, "the service wants a token; give the content of its DataDir/token with --token or SLUICE_TOKEN"}
	}
	var f struct{ Message string }
	if json.Unmarshal([]byte(a.body), &f) == nil && f.Message != "" {
		return &refusal{a.status, f.Message}
	}
	return &refusal{a.status, fmt.Sprintf("%s: %s", http.StatusText(a.status), strings.TrimSpace(a.body))}
}

// get reads JSON into v.
func (c *client) get(ctx context.Context, path string, v any) error {
	a, err := c.call(ctx, http.MethodGet, path, "")
	if err != nil {
		return err
	}
	if err := json.Unmarshal([]byte(a.body), v); err != nil {
		return fmt.Errorf("answer of %s%s: %w", c.server, path, err)
	}
	return nil
}

// escape makes a name part of a path.
func escape(name string) string { return url.PathEscape(name) }
