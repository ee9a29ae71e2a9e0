package rest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"

	"sluice/rules-service/internal/connector"
	"sluice/rules-service/internal/httpclient"
)

var _ connector.Pinger = (*sink)(nil)

// Ping finds out whether somebody listens; it sends no request, which might do
// something there.
func (s *sink) Ping(ctx context.Context) error {
	address := string(s.config.URL)
	if strings.Contains(address, "{{") {
		return errors.New(`property "url" has a template; there is no one server to reach`)
	}
	u, err := url.Parse(address)
	if err != nil {
		return fmt.Errorf("%s is no address", httpclient.Redact(address))
	}
	port := u.Port()
	if port == "" {
		port = u.Scheme // the name of a port too
	}
	deny, err := httpclient.ParseDenyList(s.config.Deny)
	if err != nil {
		return err
	}
	c, err := deny.Dialer().DialContext(ctx, "tcp", net.JoinHostPort(u.Hostname(), port))
	if err != nil {
		return err
	}
	return c.Close()
}
