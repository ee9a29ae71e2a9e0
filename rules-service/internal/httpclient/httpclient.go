// Package httpclient shares HTTP connections and keeps keys in URLs out of
// logs and errors.
package httpclient

import (
	"crypto/tls"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// Pool holds one transport for each TLS setting.
type Pool struct {
	mu         sync.Mutex
	transports map[string]*http.Transport
}

// NewPool returns an empty pool.
func NewPool() *Pool { return &Pool{transports: map[string]*http.Transport{}} }

// Client returns a client with a limit for each request. tlsKey stands for
// config when settings are compared.
func (p *Pool) Client(tlsKey string, config *tls.Config, timeout time.Duration) *http.Client {
	p.mu.Lock()
	defer p.mu.Unlock()
	t := p.transports[tlsKey]
	if t == nil {
		t = http.DefaultTransport.(*http.Transport).Clone()
		t.TLSClientConfig = config
		t.MaxIdleConnsPerHost = 8
		p.transports[tlsKey] = t
	}
	return &http.Client{Transport: t, Timeout: timeout}
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
