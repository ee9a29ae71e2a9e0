package rest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"sluice/rules-service/internal/codec"
	"sluice/rules-service/internal/connector"
	"sluice/rules-service/internal/httpclient"
	"sluice/sqlengine/value"
)

const (
	answerRead  = 64 << 10 // of an answer, at most
	answerShown = 300      // of an answer in an error
)

// sink makes one request for each message. HTTP has no connection to keep.
type sink struct {
	config Config
	client *http.Client
	log    *slog.Logger
}

func (s *sink) Connect(context.Context) error { return nil }

// Write is given one message at a time.
func (s *sink) Write(ctx context.Context, msgs []connector.Outbound) error {
	for i := range msgs {
		if err := s.send(ctx, &msgs[i]); err != nil {
			return err
		}
	}
	return nil
}

func (s *sink) send(ctx context.Context, m *connector.Outbound) error {
	target := m.Value("url", string(s.config.URL))
	req, err := s.request(ctx, target, m)
	if err != nil {
		return &connector.Permanent{Err: err}
	}
	name := s.config.Method + " " + httpclient.Redact(target)
	res, err := s.client.Do(req)
	if err != nil {
		return fmt.Errorf("%s: %w", name, httpclient.Cause(err))
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, answerRead))
	if err != nil {
		return fmt.Errorf("%s: read the answer: %w", name, err)
	}
	if s.config.DebugResp {
		s.log.Info("rest answer", "request", name, "status", res.Status, "body", string(body))
	}
	if err := s.judge(res, body); err != nil {
		return prefixed(name, err)
	}
	return nil
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

func (s *sink) request(ctx context.Context, target string, m *connector.Outbound) (*http.Request, error) {
	if err := checkURL(target); err != nil {
		return nil, err
	}
	var body io.Reader
	kind := s.config.BodyType
	if s.config.Method != http.MethodGet && kind != "none" {
		payload := m.Payload
		if kind == "form" {
			form, err := formOf(payload)
			if err != nil {
				return nil, err
			}
			payload = []byte(form)
		}
		body = bytes.NewReader(payload)
	}
	req, err := http.NewRequestWithContext(ctx, s.config.Method, target, body)
	if err != nil {
		return nil, fmt.Errorf("request to %s: %w", httpclient.Redact(target), httpclient.Cause(err))
	}
	if body != nil {
		req.Header.Set("Content-Type", contentTypes[kind])
	}
	for name, text := range s.config.Headers {
		v := m.Value("headers."+name, string(text))
		if strings.EqualFold(name, "Host") {
			req.Host = v
			continue
		}
		req.Header.Set(name, v)
	}
	return req, nil
}

// formOf writes the columns of one row as a form.
func formOf(payload []byte) (string, error) {
	v, err := codec.ParseJSON(payload)
	if err != nil {
		return "", fmt.Errorf("bodyType form: %w", err)
	}
	if v.Kind() == value.List && len(v.List()) == 1 {
		v = v.List()[0]
	}
	if v.Kind() != value.Object {
		return "", errors.New("bodyType form wants one row; set sendSingle")
	}
	form := url.Values{}
	for i, name := range v.Object().Names {
		form.Set(name, spelled(v.Object().Values[i]))
	}
	return form.Encode(), nil
}

// judge tells success from failure, and a failure for good from one that is
// worth another attempt.
func (s *sink) judge(res *http.Response, body []byte) error {
	answer, parseErr := codec.ParseJSON(body)
	if parseErr != nil {
		answer = value.Missing
	}
	code := res.StatusCode
	if s.config.ResponseType == "body" && code/100 == 2 {
		n, ok := at(answer, "code").Number()
		if !ok {
			return &connector.Permanent{Err: fmt.Errorf("the answer has no code: %s", shown(res, body))}
		}
		code = int(n)
	}
	good := code/100 == 2 && all(s.config.Success, answer)
	if good {
		return nil
	}
	err := errors.New(shown(res, body))
	switch {
	case some(s.config.PermanentOn, answer):
		return &connector.Permanent{Err: err}
	case some(s.config.RetryOn, answer):
		return later(res, err)
	case code/100 == 2: // only the conditions say that it failed
		if len(s.config.PermanentOn) > 0 || len(s.config.RetryOn) == 0 {
			return later(res, err)
		}
		return &connector.Permanent{Err: err}
	case code == http.StatusRequestTimeout || code == http.StatusTooEarly || code == http.StatusTooManyRequests || code >= 500:
		return later(res, err)
	}
	return &connector.Permanent{Err: err}
}

// later asks for another attempt, when the server says so.
func later(res *http.Response, err error) error {
	h := res.Header.Get("Retry-After")
	if seconds, e := strconv.Atoi(h); e == nil && seconds > 0 {
		return &connector.RetryAfter{Err: err, After: time.Duration(seconds) * time.Second}
	}
	if at, e := http.ParseTime(h); e == nil && time.Until(at) > 0 {
		return &connector.RetryAfter{Err: err, After: time.Until(at)}
	}
	return err
}

// shown is the server's own text, cut.
func shown(res *http.Response, body []byte) string {
	text := strings.TrimSpace(strings.ToValidUTF8(string(body), "\ufffd"))
	if len(text) > answerShown {
		text = strings.ToValidUTF8(text[:answerShown], "") + " …"
	}
	if text == "" {
		return res.Status
	}
	return res.Status + ": " + text
}

func (s *sink) Close(context.Context) error { return nil }
