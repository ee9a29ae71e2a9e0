package httpclient

import (
	"context"
	"crypto/sha256"
	"sync"
	"time"
)

// Tokens are the access tokens in use. Servers count how often one is fetched,
// and many know only the last one: so all who have the same credentials share
// one.
type Tokens struct {
	mu    sync.Mutex
	known map[[sha256.Size]byte]*Token
}

// Of returns the token of credentials, which is fetched when it is needed. The
// credentials themselves are not kept.
func (t *Tokens) Of(credentials string) *Token {
	key := sha256.Sum256([]byte(credentials))
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.known == nil {
		t.known = map[[sha256.Size]byte]*Token{}
	}
	if t.known[key] == nil {
		t.known[key] = &Token{fetching: make(chan struct{}, 1)}
	}
	return t.known[key]
}

// Token is one access token.
type Token struct {
	fetching chan struct{} // holds one while somebody looks at the rest
	text     string
	renewal  time.Time
}

// Fetch asks the server for a token.
type Fetch func(ctx context.Context) (text string, life time.Duration, err error)

// A token is fetched anew a tenth of its life, but not more than this, before
// it ends.
const longestMargin = 5 * time.Minute

// Get returns the token, fetched if there is none or it is about to end.
func (t *Token) Get(ctx context.Context, fetch Fetch) (string, error) {
	return t.get(ctx, fetch, func() bool { return t.text != "" && time.Now().Before(t.renewal) })
}

// Renew returns the token that follows one that was refused, unless somebody
// else has fetched it.
func (t *Token) Renew(ctx context.Context, refused string, fetch Fetch) (string, error) {
	return t.get(ctx, fetch, func() bool { return t.text != "" && t.text != refused })
}

// Use does something with the token; when that is refused, once more with the
// next one.
func (t *Token) Use(ctx context.Context, fetch Fetch, do func(token string) (refused bool, err error)) error {
	text, err := t.Get(ctx, fetch)
	if err != nil {
		return err
	}
	refused, err := do(text)
	if err != nil || !refused {
		return err
	}
	if text, err = t.Renew(ctx, text, fetch); err != nil {
		return err
	}
	_, err = do(text)
	return err
}

func (t *Token) get(ctx context.Context, fetch Fetch, good func() bool) (string, error) {
	select {
	case t.fetching <- struct{}{}:
	case <-ctx.Done():
		return "", ctx.Err()
	}
	defer func() { <-t.fetching }()
	if good() {
		return t.text, nil
	}
	text, life, err := fetch(ctx)
	if err != nil {
		return "", err
	}
	t.text, t.renewal = text, time.Now().Add(life-min(life/10, longestMargin))
	return text, nil
}
