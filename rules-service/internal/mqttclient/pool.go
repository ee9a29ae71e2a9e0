// Package mqttclient shares MQTT connections: sources and sinks with the same
// server and credentials use one client, which reconnects for ever, subscribes
// again, and routes topics to the subscriptions.
package mqttclient

import (
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"
)

// Options identify a connection: equal options share one.
type Options struct {
	Server      string // tcp://, ssl://, ws:// or wss://
	ClientID    string // "" for one of its own
	Username    string
	Password    string
	Version     uint // 3 for MQTT 3.1, 4 for 3.1.1
	KeepSession bool // the broker keeps subscriptions and messages; wants a ClientID
	KeepAlive   time.Duration
	Timeout     time.Duration // of connecting and subscribing
	TLS         *tls.Config   // nil for plain connections
	TLSKey      string        // stands for TLS when options are compared
	// PacketFilters is how many filters the broker takes in a packet; 0: 100.
	PacketFilters int
	// Login makes the credentials of each connection out of ClientID, Username
	// and Password, which tell options apart; nil: they are taken as they are.
	Login func(now time.Time) Login
}

// Key tells connections apart. It has secrets in it.
func (o Options) Key() string {
	return fmt.Sprintf("%q %q %q %q %d %t %s %s %q", o.Server, o.ClientID, o.Username, o.Password, o.Version, o.KeepSession,
		o.KeepAlive, o.Timeout, o.TLSKey)
}

// Validate says what is wrong with the options.
func (o Options) Validate() error {
	u, err := url.Parse(o.Server)
	switch {
	case err != nil || u.Host == "":
		return fmt.Errorf("server %q is no URL such as tcp://127.0.0.1:1883", Redact(o.Server))
	case !slices.Contains([]string{"tcp", "mqtt", "ssl", "tls", "mqtts", "ws", "wss"}, u.Scheme):
		return fmt.Errorf("server %q: there are tcp, ssl, ws and wss", Redact(o.Server))
	case o.KeepSession && o.ClientID == "":
		return errors.New("a session that is kept needs a client id")
	}
	return nil
}

// Redact is a server's address without a password.
func Redact(server string) string {
	u, err := url.Parse(server)
	if err != nil {
		return "<address>"
	}
	return u.Redacted()
}

// Pool holds the clients in use.
type Pool struct {
	mu      sync.Mutex
	clients map[string][]*Client
}

// NewPool returns a pool without clients.
func NewPool() *Pool { return &Pool{clients: map[string][]*Client{}} }

// Acquire returns the client of o, to be released when it is done with. A
// broker may deliver a message once for each filter that matches it, so
// filters that overlap but are not equal get clients of their own.
func (p *Pool) Acquire(o Options, log *slog.Logger, filters ...string) (*Client, error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.clients[o.Key()] {
		if !c.claims(filters) {
			c.refs++
			c.claim(filters)
			return c, nil
		}
	}
	if o.ClientID != "" && len(p.clients[o.Key()]) > 0 {
		return nil, fmt.Errorf("topics %q overlap with those of another stream of client id %q, which would bring messages twice; give this one another client id",
			filters, o.ClientID)
	}
	c := newClient(p, o, log)
	c.claim(filters)
	p.clients[o.Key()] = append(p.clients[o.Key()], c)
	return c, nil
}

// Release gives up a client; the last one ends the connection.
func (c *Client) Release(filters ...string) {
	c.pool.mu.Lock()
	c.refs--
	c.yield(filters)
	last := c.refs == 0
	if last {
		k := c.options.Key()
		c.pool.clients[k] = slices.DeleteFunc(c.pool.clients[k], func(o *Client) bool { return o == c })
		if len(c.pool.clients[k]) == 0 {
			delete(c.pool.clients, k)
		}
	}
	c.pool.mu.Unlock()
	if last {
		c.close()
	}
}

// claims tells whether a filter overlaps with another that is not equal.
func (c *Client) claims(filters []string) bool {
	return slices.ContainsFunc(filters, func(f string) bool { return c.claimed.overlaps(unshared(f), f) })
}

// claim notes one more user of filters.
func (c *Client) claim(filters []string) {
	for _, f := range filters {
		c.claimed.add(unshared(f), f)
	}
}

// yield gives them up.
func (c *Client) yield(filters []string) {
	for _, f := range filters {
		c.claimed.remove(unshared(f), f)
	}
}

func clientID(o Options) string {
	if o.ClientID != "" {
		return o.ClientID
	}
	return "sluice-" + uuid.NewString()[:13]
}
