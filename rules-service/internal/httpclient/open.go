package httpclient

import (
	"crypto/tls"
	"fmt"
	"net/http"
	"time"
)

// Open returns a client of the pool: settings is what builds those of TLS, key
// what stands for them, deny the text of a DenyList.
func (p *Pool) Open(settings func() (*tls.Config, error), key string, timeout time.Duration, deny []string) (*http.Client, error) {
	t, err := settings()
	if err != nil {
		return nil, err
	}
	list, err := ParseDenyList(deny)
	if err != nil {
		return nil, fmt.Errorf(`property "denyAddresses": %w`, err)
	}
	return p.Client(Settings{TLS: t, TLSKey: key, Timeout: timeout, Deny: list}), nil
}
