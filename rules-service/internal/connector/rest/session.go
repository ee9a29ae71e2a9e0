package rest

import (
	"context"
	"crypto/sha256"
	"fmt"
	"maps"
	"math"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// A token is fetched anew a tenth of its life, but not more than this, before
// it ends.
const longestMargin = 30 * time.Second

// session keeps the token of all sinks with the same requests: many servers
// know only the last one that they gave out.
type session struct {
	oauth  OAuth
	client *http.Client
	users  int // guarded by sessions.mu

	fetching chan struct{} // holds one while a request is under way
	now      token         // guarded by fetching
}

// sessions are those in use.
type sessions struct {
	mu   sync.Mutex
	open map[string]*session
}

func (c *Config) sessionKey() string {
	o := c.OAuth
	sum := sha256.Sum256(fmt.Appendf(nil, "%q %q %q %q %q", o.access(), o.refresh(), o.Access.Expire, c.TLS.Key(), c.Deny))
	return string(sum[:])
}

// acquire returns the session of a configuration, to be released.
func (l *sessions) acquire(c *Config, client *http.Client) *session {
	l.mu.Lock()
	defer l.mu.Unlock()
	key := c.sessionKey()
	s := l.open[key]
	if s == nil {
		s = &session{oauth: c.OAuth, client: client, fetching: make(chan struct{}, 1)}
		l.open[key] = s
	}
	s.users++
	return s
}

func (l *sessions) release(s *session) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if s.users--; s.users == 0 {
		maps.DeleteFunc(l.open, func(_ string, o *session) bool { return o == s })
	}
}

// token is the present one, fetched when there is none or it is about to end.
func (s *session) token(ctx context.Context) (token, error) {
	return s.get(ctx, func(t token) bool {
		return t.number > 0 && (t.renewal.IsZero() || time.Now().Before(t.renewal))
	})
}

// renew fetches the token that follows one that was refused, unless somebody
// else has done so.
func (s *session) renew(ctx context.Context, refused token) (token, error) {
	return s.get(ctx, func(t token) bool { return t.number != refused.number })
}

func (s *session) get(ctx context.Context, good func(token) bool) (token, error) {
	select {
	case s.fetching <- struct{}{}:
	case <-ctx.Done():
		return token{}, ctx.Err()
	}
	defer func() { <-s.fetching }()
	if good(s.now) {
		return s.now, nil
	}
	fields, err := s.fetch(ctx)
	if err != nil {
		return token{}, err
	}
	next := token{fields: fields, number: s.now.number + 1}
	if next.renewal, err = s.renewal(next); err != nil {
		return token{}, err
	}
	s.now = next
	return next, nil
}

// fetch refreshes the token; when that does not work, or there is none yet, it
// begins again.
func (s *session) fetch(ctx context.Context) (map[string]string, error) {
	if s.oauth.Refresh.URL != "" && s.now.number > 0 {
		fields, err := s.oauth.refresh().fetch(ctx, s.client, s.now)
		if err == nil {
			merged := maps.Clone(s.now.fields)
			maps.Copy(merged, fields)
			return merged, nil
		}
		if ctx.Err() != nil {
			return nil, err
		}
	}
	return s.oauth.access().fetch(ctx, s.client, token{})
}

// renewal is when a token that has just come is to be fetched anew.
func (s *session) renewal(t token) (time.Time, error) {
	text, err := t.evaluate("access.expire", string(s.oauth.Access.Expire))
	if text = strings.TrimSpace(text); err != nil || text == "" {
		return time.Time{}, err
	}
	seconds, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(seconds) || seconds < 0 || seconds > math.MaxInt32 {
		return time.Time{}, fmt.Errorf(`property "oauth.access.expire": %q is no number of seconds`, text)
	}
	if seconds == 0 {
		return time.Time{}, nil
	}
	life := time.Duration(seconds * float64(time.Second))
	return time.Now().Add(life - min(life/10, longestMargin)), nil
}
