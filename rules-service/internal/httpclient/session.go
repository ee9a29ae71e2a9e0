package httpclient

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"math"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// OAuth are the requests that fetch a token, and the next ones.
type OAuth struct {
	Access  TokenRequest
	Refresh TokenRequest // tokens are fetched as the first one when it has no URL
	Expire  string       // seconds that a token lives, or a template of them; "": until the server refuses it
}

// Check says what is wrong with the requests.
func (o *OAuth) Check() error {
	if o.Access.URL == "" {
		if o.Refresh.URL != "" {
			return errors.New(`property "oauth": refresh wants access, which fetches the first token`)
		}
		return nil
	}
	if _, err := parseGrantTemplate("access.expire", o.Expire); err != nil {
		return err
	}
	if err := o.Access.check(); err != nil || o.Refresh.URL == "" {
		return err
	}
	return o.Refresh.check()
}

// A grant is fetched anew a tenth of its life, but not more than this, before
// it ends.
const grantMargin = 30 * time.Second

// Session keeps the grant of all who make the same requests: many servers know
// only the last token that they gave out.
type Session struct {
	oauth  OAuth
	client *http.Client
	users  int // guarded by Sessions.mu

	fetching chan struct{} // holds one while a request is under way
	now      Grant         // guarded by fetching
}

// Sessions are those in use.
type Sessions struct {
	mu   sync.Mutex
	open map[[sha256.Size]byte]*Session
}

// Acquire returns the session of these requests, to be released. connection
// tells clients apart that reach different servers under one name, such as by
// their TLS settings.
func (l *Sessions) Acquire(o OAuth, client *http.Client, connection string) *Session {
	key := sha256.Sum256(fmt.Appendf(nil, "%q %q", o, connection))
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.open[key]
	if s == nil {
		s = newSession(o, client)
		if l.open == nil {
			l.open = map[[sha256.Size]byte]*Session{}
		}
		l.open[key] = s
	}
	s.users++
	return s
}

func newSession(o OAuth, client *http.Client) *Session {
	return &Session{oauth: o, client: client, fetching: make(chan struct{}, 1)}
}

// Release gives up a session.
func (l *Sessions) Release(s *Session) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if s.users--; s.users == 0 {
		maps.DeleteFunc(l.open, func(_ [sha256.Size]byte, o *Session) bool { return o == s })
	}
}

// Grant is the present one, fetched when there is none or it is about to end.
func (s *Session) Grant(ctx context.Context) (Grant, error) {
	return s.get(ctx, func(g Grant) bool {
		return g.Number > 0 && (g.renewal.IsZero() || time.Now().Before(g.renewal))
	})
}

// Renew fetches the grant that follows one that was refused, unless somebody
// else has done so.
func (s *Session) Renew(ctx context.Context, refused Grant) (Grant, error) {
	return s.get(ctx, func(g Grant) bool { return g.Number != refused.Number })
}

func (s *Session) get(ctx context.Context, good func(Grant) bool) (Grant, error) {
	select {
	case s.fetching <- struct{}{}:
	case <-ctx.Done():
		return Grant{}, ctx.Err()
	}
	defer func() { <-s.fetching }()
	if good(s.now) {
		return s.now, nil
	}
	fields, err := s.fetch(ctx)
	if err != nil {
		return Grant{}, err
	}
	next := Grant{Fields: fields, Number: s.now.Number + 1}
	if next.renewal, err = s.renewal(next); err != nil {
		return Grant{}, err
	}
	s.now = next
	return next, nil
}

// fetch refreshes the grant; when that does not work, or there is none yet, it
// begins again.
func (s *Session) fetch(ctx context.Context) (map[string]any, error) {
	if s.oauth.Refresh.URL != "" && s.now.Number > 0 {
		fields, err := s.oauth.Refresh.fetch(ctx, s.client, s.now)
		if err == nil {
			merged := maps.Clone(s.now.Fields)
			maps.Copy(merged, fields)
			return merged, nil
		}
		if ctx.Err() != nil {
			return nil, err
		}
	}
	return s.oauth.Access.fetch(ctx, s.client, Grant{})
}

// renewal is when a grant that has just come is to be fetched anew.
func (s *Session) renewal(g Grant) (time.Time, error) {
	text, err := g.evaluate("access.expire", s.oauth.Expire)
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
	return time.Now().Add(life - min(life/10, grantMargin)), nil
}
