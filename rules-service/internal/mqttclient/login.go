package mqttclient

import (
	"errors"
	"log/slog"
	"time"
)

// Login are the credentials of one connection.
type Login struct {
	ClientID, Username, Password string
	// Renew is when a connection with new ones has to follow; zero: they do not
	// end.
	Renew time.Time
}

// login is what the next connection is made with.
func (c *Client) login() Login {
	if c.options.Login != nil {
		return c.options.Login(time.Now())
	}
	return Login{ClientID: clientID(c.options), Username: c.options.Username, Password: c.options.Password}
}

var errRenewal = errors.New("its credentials are about to end; it is made anew")

// levelOf is how loud the end of a connection is told: a renewal is planned.
func levelOf(err error) slog.Level {
	if errors.Is(err, errRenewal) {
		return slog.LevelInfo
	}
	return slog.LevelWarn
}

// renewal fires when the credentials of a connection are about to end; nil: it
// never does.
func renewal(l Login) (fires <-chan time.Time, stop func() bool) {
	if l.Renew.IsZero() {
		return nil, func() bool { return true }
	}
	t := time.NewTimer(time.Until(l.Renew))
	return t.C, t.Stop
}
