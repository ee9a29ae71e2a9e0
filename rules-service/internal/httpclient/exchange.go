package httpclient

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	answerDrained = 256 << 10 // of what is too long, so that the connection can be used again
	answerShown   = 300       // of an answer in an error
)

// Answer is what a server has answered.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte // to the bound of Exchange
	line   string // such as "200 OK"
	name   string // of the request, without keys
}

// Exchange makes a request and reads so many bytes of the answer. Its errors
// name the request without the keys in its URL.
func Exchange(client *http.Client, req *http.Request, limit int64) (*Answer, error) {
	name := req.Method + " " + Redact(req.URL.String())
	res, err := client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, Cause(err))
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, limit))
	if err != nil {
		return nil, fmt.Errorf("%s: read the answer: %w", name, err)
	}
	if int64(len(body)) == limit {
		_, _ = io.CopyN(io.Discard, res.Body, answerDrained)
	}
	return &Answer{Status: res.StatusCode, Header: res.Header, Body: body, line: res.Status, name: name}, nil
}

// OK tells whether the status is one of success; the body may say otherwise.
func (a *Answer) OK() bool { return a.Status/100 == 2 }

// Passing tells whether a status may change by itself.
func (a *Answer) Passing() bool { return Passing(a.Status) }

// Passing is Answer.Passing of a status that came in another way.
func Passing(status int) bool {
	switch status {
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests:
		return true
	}
	return status >= 500
}

// Failure is the answer as an error: the request, the status and the server's
// own text, cut, without the secrets.
func (a *Answer) Failure(secrets ...string) error {
	return a.FailureOf(string(a.Body), secrets...)
}

// FailureOf is Failure with a text that was found in the body.
func (a *Answer) FailureOf(text string, secrets ...string) error {
	text = strings.TrimSpace(strings.ToValidUTF8(text, "\ufffd"))
	for _, s := range secrets {
		if s != "" {
			text = strings.ReplaceAll(text, s, hidden)
		}
	}
	if len(text) > answerShown {
		text = strings.ToValidUTF8(text[:answerShown], "") + " …"
	}
	line := a.line
	if to := a.Header.Get("Location"); to != "" && a.Status/100 == 3 {
		line += " to " + Redact(to)
	}
	if text == "" {
		return fmt.Errorf("%s: %s", a.name, line)
	}
	return fmt.Errorf("%s: %s: %s", a.name, line, text)
}

// RetryAfter is how long the server asks to wait; 0: it does not say.
func (a *Answer) RetryAfter() time.Duration { return RetryAfter(a.Header) }

// RetryAfter is Answer.RetryAfter of an answer that came in another way.
func RetryAfter(header http.Header) time.Duration {
	h := header.Get("Retry-After")
	if seconds, err := strconv.Atoi(h); err == nil {
		return time.Duration(min(max(seconds, 0), math.MaxInt32)) * time.Second
	}
	if at, err := http.ParseTime(h); err == nil {
		return max(time.Until(at), 0)
	}
	return 0
}

// Code is the first of the fields that the answer, a JSON object, has: the
// whole number by which a server reports errors. Some write it as a text.
func (a *Answer) Code(fields ...string) (code int, ok bool) {
	var object map[string]json.RawMessage
	if json.Unmarshal(a.Body, &object) != nil {
		return 0, false
	}
	for _, f := range fields {
		text := strings.Trim(string(object[f]), `"`)
		if n, err := strconv.Atoi(text); err == nil {
			return n, true
		}
	}
	return 0, false
}
