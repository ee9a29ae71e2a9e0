package rest

import (
	"context"
	"errors"
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
	return httpclient.Reach(ctx, address, s.config.Deny)
}
