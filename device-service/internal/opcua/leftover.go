package opcua

import (
	"context"
	"errors"

	"github.com/gopcua/opcua"
	"github.com/gopcua/opcua/ua"
)

// mostLeft is how many sessions at a server are remembered; older ones end by
// themselves.
const mostLeft = 8

// endLeft ends sessions that were left at the server when their connections were
// lost, and the subscriptions that nobody has taken over: servers allow few. It
// gives those that it could not ask about.
func (s *session) endLeft(ctx context.Context, left []*opcua.Session) []*opcua.Session {
	if len(left) == 0 {
		return nil
	}
	client, err := opcua.NewClient(s.url, s.options...) // that of s has its own session
	if err != nil {
		return nil
	}
	if err := client.Dial(ctx); err != nil {
		return left
	}
	for len(left) > 0 {
		// Each one closes the one before.
		if err := client.ActivateSession(ctx, left[0]); err != nil && !isRefusal(err) {
			break
		}
		left = left[1:]
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), goodbye)
	defer cancel()
	_ = client.Close(ctx) // always nil
	return left
}

// isRefusal tells that a server has answered, and does not know the session any
// more.
func isRefusal(err error) bool {
	var code ua.StatusCode
	return errors.As(err, &code) && code != ua.StatusBadTimeout
}
