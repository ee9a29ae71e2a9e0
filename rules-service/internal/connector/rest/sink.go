package rest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"

	"sluice/rules-service/internal/connector"
	"sluice/rules-service/internal/httpclient"
)

const (
	answerRead    = 64 << 10  // of an answer, at most
	answerDrained = 256 << 10 // of the rest of it, so that the connection can be used again
	answerShown   = 300       // of an answer in an error
)

// sink makes one request for each message. HTTP has no connection to keep.
type sink struct {
	config   Config
	client   *http.Client
	log      *slog.Logger
	packer   packer
	sessions *httpclient.Sessions
	session  *httpclient.Session // nil without tokens
}

// Connect reaches nobody: a token is fetched when there is something to send.
func (s *sink) Connect(context.Context) error {
	if s.session == nil && s.config.OAuth.Wanted() {
		c := &s.config
		s.session = s.sessions.Acquire(c.requests(), s.client, fmt.Sprintf("%q %q", c.TLS.Key(), c.Deny))
	}
	return nil
}

// Write is given one message at a time.
func (s *sink) Write(ctx context.Context, msgs []connector.Outbound) error {
	for i := range msgs {
		if err := s.send(ctx, &msgs[i]); err != nil {
			return err
		}
	}
	return nil
}

// send sends a message; when the token is refused, once more with another one.
func (s *sink) send(ctx context.Context, m *connector.Outbound) error {
	if s.session == nil {
		_, err := s.attempt(ctx, m, httpclient.Grant{})
		return err
	}
	t, err := s.session.Grant(ctx)
	if err != nil {
		return err
	}
	refused, err := s.attempt(ctx, m, t)
	if !refused {
		return err
	}
	if t, err = s.session.Renew(ctx, t); err != nil {
		return err
	}
	_, err = s.attempt(ctx, m, t)
	return err
}

// attempt makes the request and judges the answer; refused: it is the token
// that is wrong.
func (s *sink) attempt(ctx context.Context, m *connector.Outbound, t httpclient.Grant) (refused bool, err error) {
	req, err := s.request(ctx, m, t)
	switch {
	case errors.Is(err, errNoField):
		return false, err
	case err != nil:
		return false, &connector.Permanent{Err: err}
	}
	name := req.Method + " " + httpclient.Redact(req.URL.String())
	res, err := s.client.Do(req)
	switch {
	case errors.Is(err, httpclient.ErrDenied):
		return false, &connector.Permanent{Err: fmt.Errorf("%s: %w", name, httpclient.Cause(err))}
	case err != nil:
		return false, fmt.Errorf("%s: %w", name, httpclient.Cause(err))
	}
	body, err := readAnswer(res)
	if err != nil {
		return false, fmt.Errorf("%s: read the answer: %w", name, err)
	}
	if s.config.DebugResp {
		s.log.Info("rest answer", "request", name, "status", res.Status, "body", s.hide(string(body), t))
	}
	a := answerOf(res, body)
	if err := s.config.judge(a, s.shown(res, body, t), httpclient.RetryAfter(res.Header)); err != nil {
		return s.config.refusesToken(a), prefixed(name, err)
	}
	return false, nil
}

// readAnswer reads the beginning of an answer, which is all that is looked at.
func readAnswer(res *http.Response) ([]byte, error) {
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, answerRead))
	if err == nil && len(body) == answerRead {
		_, _ = io.CopyN(io.Discard, res.Body, answerDrained) // what is longer closes the connection
	}
	return body, err
}

// hide takes secrets out of what the server has answered.
func (s *sink) hide(text string, t httpclient.Grant) string {
	if s.config.Bearer != "" {
		text = strings.ReplaceAll(text, s.config.Bearer.Reveal(), "<secret>")
	}
	return t.Hide(text)
}

// shown is the server's own text, cut.
func (s *sink) shown(res *http.Response, body []byte, t httpclient.Grant) error {
	status := res.Status
	if to := res.Header.Get("Location"); to != "" && res.StatusCode/100 == 3 {
		status += " to " + httpclient.Redact(to)
	}
	text := s.hide(strings.TrimSpace(strings.ToValidUTF8(string(body), "\ufffd")), t)
	if len(text) > answerShown {
		text = strings.ToValidUTF8(text[:answerShown], "") + " …"
	}
	if text == "" {
		return errors.New(status)
	}
	return errors.New(status + ": " + text)
}

// prefixed keeps the class of an error at the outside.
func prefixed(name string, err error) error {
	var permanent *connector.Permanent
	var later *connector.RetryAfter
	switch {
	case errors.As(err, &permanent):
		return &connector.Permanent{Err: fmt.Errorf("%s: %w", name, permanent.Err)}
	case errors.As(err, &later):
		return &connector.RetryAfter{Err: fmt.Errorf("%s: %w", name, later.Err), After: later.After}
	}
	return fmt.Errorf("%s: %w", name, err)
}

func (s *sink) request(ctx context.Context, m *connector.Outbound, t httpclient.Grant) (*http.Request, error) {
	target, err := fillURL(t, m.Value("url", string(s.config.URL)))
	if err != nil {
		return nil, fmt.Errorf("the url: %w", err)
	}
	if err := checkURL(target); err != nil {
		return nil, err
	}
	var reader io.Reader
	var contentType string
	if s.config.sendsBody() {
		var body []byte
		if body, contentType, err = s.body(m, t); err != nil {
			return nil, err
		}
		reader = bytes.NewReader(body)
	}
	req, err := http.NewRequestWithContext(ctx, s.config.Method, target, reader)
	if err != nil {
		return nil, fmt.Errorf("request to %s: %w", httpclient.Redact(target), httpclient.Cause(err))
	}
	if reader != nil {
		req.Header.Set("Content-Type", contentType)
		if s.packer != nil {
			req.Header.Set("Content-Encoding", s.config.Compression)
		}
	}
	return req, s.header(req, m, t)
}

func (s *sink) header(req *http.Request, m *connector.Outbound, t httpclient.Grant) error {
	if s.config.Bearer != "" {
		req.Header.Set("Authorization", "Bearer "+s.config.Bearer.Reveal())
	}
	for name, text := range s.config.Headers {
		v, err := fill(t, m.Value("headers."+name, string(text)))
		if err != nil {
			return fmt.Errorf("header %s: %w", name, err)
		}
		if strings.EqualFold(name, "Host") {
			req.Host = v
			continue
		}
		req.Header.Set(name, v)
	}
	return nil
}

// Close gives the token up.
func (s *sink) Close(context.Context) error {
	if s.session != nil {
		s.sessions.Release(s.session)
		s.session = nil
	}
	return nil
}
