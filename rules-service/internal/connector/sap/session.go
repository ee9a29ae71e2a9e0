package sap

import (
	"context"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"strings"

	"sluice/rules-service/internal/httpclient"
)

const (
	csrfHeader = "X-CSRF-Token"
	answerRead = 64 << 20
)

// session talks to one system. SAP gives out a token against forged requests
// that goes with its cookies; each request that changes something wants both.
// It is used by one goroutine.
type session struct {
	config *Connection
	client *http.Client
	token  string
}

func newSession(c *Connection, pool *httpclient.Pool) (*session, error) {
	client, err := pool.Open(c.Config, c.TLS.Key(), c.Timeout, c.Deny)
	if err != nil {
		return nil, err
	}
	if client.Jar, err = cookiejar.New(nil); err != nil {
		return nil, err
	}
	return &session{config: c, client: client}, nil
}

// do makes a request as it is.
func (s *session) do(ctx context.Context, method, address, body string, header http.Header) (*httpclient.Answer, error) {
	req, err := s.config.request(ctx, method, address, body)
	if err != nil {
		return nil, err
	}
	for name, values := range header {
		req.Header[name] = values
	}
	return httpclient.Exchange(s.client, req, answerRead)
}

// change makes a request that changes something: with a token and, when that is
// refused, once more with a new one.
func (s *session) change(ctx context.Context, method, address, body string, header http.Header) (*httpclient.Answer, error) {
	for fresh := false; ; fresh = true {
		if s.token == "" {
			if err := s.fetch(ctx); err != nil {
				return nil, err
			}
		}
		header.Set(csrfHeader, s.token)
		a, err := s.do(ctx, method, address, body, header)
		if err != nil || fresh || !refusesToken(a) {
			return a, err
		}
		s.token = ""
	}
}

func refusesToken(a *httpclient.Answer) bool {
	return a.Status == http.StatusForbidden && strings.EqualFold(a.Header.Get(csrfHeader), "Required")
}

// noToken stands for the token of a service that gives out none.
const noToken = "none"

// fetch gets a token, and the cookies that go with it, from the root of the
// service.
func (s *session) fetch(ctx context.Context) error {
	a, err := s.do(ctx, http.MethodGet, s.config.address("/", ""), "", http.Header{csrfHeader: {"Fetch"}, "Accept": {"application/json"}})
	if err != nil {
		return err
	}
	if !a.OK() { // no message is to blame
		return fmt.Errorf("%w; check url, user and client", a.FailureOf(errorText(a), s.config.secrets()...))
	}
	if s.token = a.Header.Get(csrfHeader); s.token == "" {
		s.token = noToken
	}
	return nil
}
