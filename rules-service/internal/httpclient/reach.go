package httpclient

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
)

// Reach finds out whether somebody listens at an address; it makes no request,
// which might do something there.
func Reach(ctx context.Context, address string, deny []string) error {
	u, err := url.Parse(address)
	if err != nil || strings.Contains(u.Host, "{{") {
		if strings.Contains(address, "{{") {
			return errors.New(`property "url" has a template; there is no one server to reach`)
		}
		return fmt.Errorf("%s is no address", Redact(address))
	}
	port := u.Port()
	if port == "" {
		port = u.Scheme // the name of a port too
	}
	list, err := ParseDenyList(deny)
	if err != nil {
		return err
	}
	c, err := list.Dialer().DialContext(ctx, "tcp", net.JoinHostPort(u.Hostname(), port))
	if err != nil {
		return err
	}
	return c.Close()
}
