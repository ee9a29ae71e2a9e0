// Package httpclient shares HTTP connections and keeps keys in URLs out of
// logs and errors.
package httpclient

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// Pool holds one transport for each of the settings that connections depend on.
type Pool struct {
	mu         sync.Mutex
	transports map[string]*http.Transport
}

// NewPool returns an empty pool.
func NewPool() *Pool { return &Pool{transports: map[string]*http.Transport{}} }

// Settings are what a client is made of.
type Settings struct {
	TLS     *tls.Config
	TLSKey  string // stands for TLS when settings are compared
	Timeout time.Duration
	Deny    DenyList
}

const idlePerHost = 8

// Client returns a client with a limit for each request.
func (p *Pool) Client(s Settings) *http.Client {
	return &http.Client{Transport: p.transport(s), Timeout: s.Timeout, CheckRedirect: keepMethod}
}

func (p *Pool) transport(s Settings) *http.Transport {
	key := fmt.Sprintf("%q %v", s.TLSKey, s.Deny)
	p.mu.Lock()
	defer p.mu.Unlock()
	t := p.transports[key]
	if t == nil {
		t = http.DefaultTransport.(*http.Transport).Clone()
		t.TLSClientConfig = s.TLS
		t.MaxIdleConnsPerHost = idlePerHost
		if len(s.Deny) > 0 {
			t.DialContext = s.Deny.Dialer().DialContext
		}
		p.transports[key] = t
	}
	return t
}

const mostRedirects = 10

// keepMethod follows redirects that repeat the request. One that makes a GET of
// it would lose its body: its answer is handed to the caller instead.
func keepMethod(req *http.Request, via []*http.Request) error {
	if req.Method != via[0].Method {
		return http.ErrUseLastResponse
	}
	if len(via) >= mostRedirects {
		return fmt.Errorf("redirected more than %d times", mostRedirects)
	}
	return nil
}

// secretParameters carry keys in the URLs of messengers and clouds.
var secretParameters = []string{"key", "access_token", "sign", "signature", "token", "password", "secret", "corpsecret", "apikey", "api_key"}

const hidden = "<secret>"

// Redact is a URL without keys: those in its query, its password, and the last
// element of a path of the form …/hook/KEY.
func Redact(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		before, _, _ := strings.Cut(raw, "?")
		if _, after, ok := strings.Cut(before, "@"); ok {
			before = after
		}
		return before
	}
	if head, _, ok := strings.Cut(u.Path, "/hook/"); ok {
		u.Path, u.RawPath = head+"/hook/hidden", ""
	}
	if u.User != nil {
		u.User = url.User(u.User.Username())
	}
	query := redactQuery(u.RawQuery)
	u.RawQuery, u.Fragment = "", ""
	if query != "" {
		return u.String() + "?" + query
	}
	return u.String()
}

func redactQuery(query string) string {
	if query == "" {
		return ""
	}
	parts := strings.Split(query, "&")
	for i, part := range parts {
		name, _, _ := strings.Cut(part, "=")
		for _, s := range secretParameters {
			if strings.EqualFold(name, s) {
				parts[i] = name + "=" + hidden
			}
		}
	}
	return strings.Join(parts, "&")
}

// Cause is the error of a request without the URL that net/http puts into it.
func Cause(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}
