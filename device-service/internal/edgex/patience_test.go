package edgex

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// absent answers after some refusals.
type absent struct{ refusals, asked int }

func (a *absent) RoundTrip(*http.Request) (*http.Response, error) {
	a.asked++
	if a.asked <= a.refusals {
		return nil, &net.OpError{Op: "dial", Err: errors.New("connection refused")}
	}
	return &http.Response{StatusCode: 200}, nil
}

func TestPatienceWaitsForTheFirstAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &absent{refusals: 30}
		p := &patience{ctx: t.Context(), lc: &silentLogger{}, base: a}
		begin := time.Now()
		res, err := p.RoundTrip(request(t, http.MethodGet, ""))
		if err != nil || res.StatusCode != 200 || time.Since(begin) != 30*askAgain {
			t.Errorf("%v, %v after %v", res, err, time.Since(begin))
		}
		if p.lc.(*silentLogger).warned != 1 {
			t.Errorf("%d warnings", p.lc.(*silentLogger).warned)
		}
	})
}

func TestPatienceEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		p := &patience{ctx: ctx, lc: &silentLogger{}, base: &absent{refusals: 1000}}
		time.AfterFunc(10*time.Second, cancel)
		if _, err := p.RoundTrip(request(t, http.MethodGet, "")); err == nil {
			t.Error("an answer from nobody")
		}
	})
	a := &absent{refusals: 1000}
	p := &patience{ctx: t.Context(), lc: &silentLogger{}, base: a}
	if _, err := p.RoundTrip(request(t, http.MethodPost, "body")); err == nil || a.asked != 1 {
		t.Errorf("a POST was sent %d times", a.asked)
	}
	p.end()
	if _, err := p.RoundTrip(request(t, http.MethodGet, "")); err == nil || a.asked != 2 {
		t.Errorf("asked %d times after the end", a.asked)
	}
}

func request(t *testing.T, method, body string) *http.Request {
	t.Helper()
	var r *http.Request
	var err error
	if body == "" {
		r, err = http.NewRequest(method, "http://metadata/", nil)
	} else {
		r, err = http.NewRequest(method, "http://metadata/", strings.NewReader(body))
	}
	if err != nil {
		t.Fatal(err)
	}
	return r
}

type silentLogger struct {
	recorder
	warned int
}

func (s *silentLogger) Warnf(string, ...any) { s.warned++ }
