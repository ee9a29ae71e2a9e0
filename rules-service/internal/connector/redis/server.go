package redis

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	client "github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"sluice/rules-service/internal/connector"
	"sluice/rules-service/internal/httpclient"
)

// Server are the properties that name a server.
type Server struct {
	Addr     string           `prop:"addr" alias:"address" doc:"Address of the server, host:port, or rediss://host:port for TLS."`
	Username string           `prop:"username" doc:"User name."`
	Password connector.Secret `prop:"password" doc:"Password."`
	DB       int              `prop:"db" doc:"Number of the database."`
	Timeout  time.Duration    `prop:"timeout" doc:"Limit for connecting, and for a request and its answer."`
	connector.TLS
}

var defaultServer = Server{Addr: "127.0.0.1:6379", Timeout: 5 * time.Second}

// Validate checks what the types cannot say.
func (s *Server) Validate() error {
	if s.Timeout <= 0 {
		return errors.New(`property "timeout" must be positive`)
	}
	if s.DB < 0 || s.DB > 1<<14 {
		return fmt.Errorf(`property "db": %d is no number of a database`, s.DB)
	}
	_, _, err := s.address()
	return err
}

// address is host:port; secured tells whether TLS is wanted.
func (s *Server) address() (hostPort string, secured bool, err error) {
	text := s.Addr
	if !strings.Contains(text, "://") {
		text = "redis://" + text
	}
	u, err := url.Parse(text)
	if err != nil || u.Hostname() == "" || u.Scheme != "redis" && u.Scheme != "rediss" || u.Path != "" && u.Path != "/" || u.RawQuery != "" {
		return "", false, fmt.Errorf(`property "addr": %q is no address such as 127.0.0.1:6379 or rediss://host:6379`, httpclient.Redact(text))
	}
	if u.User != nil {
		return "", false, errors.New(`property "addr": user and password have properties of their own, username and password`)
	}
	port := u.Port()
	if port == "" {
		port = "6379"
	}
	if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 {
		return "", false, fmt.Errorf(`property "addr": %q is no port`, port)
	}
	hostPort = net.JoinHostPort(u.Hostname(), port)
	if _, _, err := net.SplitHostPort(hostPort); err != nil {
		return "", false, fmt.Errorf(`property "addr": %q is no host`, u.Hostname())
	}
	return hostPort, u.Scheme == "rediss" || s.TLS != (connector.TLS{}), nil
}

// options are those of a client. It makes no attempt of its own when one fails:
// who asks knows better when to ask again.
func (s *Server) options(connections int) (*client.Options, error) {
	hostPort, secured, err := s.address()
	if err != nil {
		return nil, err
	}
	o := &client.Options{Addr: hostPort, Username: s.Username, Password: s.Password.Reveal(), DB: s.DB, Protocol: 2,
		DialTimeout: s.Timeout, ReadTimeout: s.Timeout, WriteTimeout: s.Timeout, PoolTimeout: s.Timeout, ContextTimeoutEnabled: true,
		MaxRetries: -1, DialerRetries: 1, PoolSize: connections, MaxActiveConns: connections, DisableIdentity: true,
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}}
	if !secured {
		return o, nil
	}
	if o.TLSConfig, err = s.TLS.Config(); err != nil {
		return nil, err
	}
	o.TLSConfig.ServerName, _, _ = net.SplitHostPort(hostPort)
	return o, nil
}

// connection is a client of a server.
type connection struct {
	options *client.Options
	secret  connector.Secret // that no error may show
	client  *client.Client   // nil: not connected
}

func (s *Server) connection(connections int) (connection, error) {
	o, err := s.options(connections)
	return connection{options: o, secret: s.Password}, err
}

// connect makes a client, and finds out whether the server answers.
func (c *connection) connect(ctx context.Context) error {
	c.disconnect()
	o := *c.options // a client keeps what it is given
	c.client = client.NewClient(&o)
	if err := c.client.Ping(ctx).Err(); err != nil {
		err = c.judge(ctx, err)
		c.disconnect()
		return err
	}
	return nil
}

func (c *connection) disconnect() {
	if c.client != nil {
		_ = c.client.Close()
		c.client = nil
	}
}

// refusals are the beginnings of answers that will not change by themselves, by
// what was asked; all others are worth another attempt.
var refusals = []string{"WRONGTYPE", "ERR wrong number of arguments", "ERR value", "ERR string exceeds", "ERR invalid expire", "ERR syntax", "ERR hash value",
	"ERR Proto", "ERR The ID specified", "ERR Protocol"}

// denials are those about the user.
var denials = []string{"NOAUTH", "WRONGPASS", "NOPERM", "ERR invalid password", "ERR AUTH", "ERR invalid DB", "ERR DB index"}

// judge makes of an error what connectors return.
func (c *connection) judge(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if ctx.Err() != nil && errors.Is(ctx.Err(), context.Canceled) {
		return ctx.Err()
	}
	text := err.Error()
	if c.secret != "" {
		text = strings.ReplaceAll(text, c.secret.Reveal(), c.secret.String())
	}
	addr := c.options.Addr
	var answer client.Error
	if !errors.As(err, &answer) || unreachable(err) {
		return fmt.Errorf("%w: %s: %s", connector.ErrNotConnected, addr, text)
	}
	switch {
	case begins(text, denials):
		return fmt.Errorf("%w: %s: %s; check user, password and db, and what the user may do", connector.ErrNotConnected, addr, text)
	case strings.HasPrefix(text, "MOVED"), strings.HasPrefix(text, "ASK "):
		return fmt.Errorf("%w: %s: %s; the server is a part of a cluster, and only single servers are supported", connector.ErrNotConnected, addr, text)
	case begins(text, refusals):
		return &connector.Permanent{Err: fmt.Errorf("%s: %s", addr, text)}
	}
	return fmt.Errorf("%s: %s", addr, text)
}

func begins(text string, list []string) bool {
	for _, b := range list {
		if strings.HasPrefix(text, b) {
			return true
		}
	}
	return false
}

func unreachable(err error) bool {
	var network net.Error
	return errors.Is(err, io.EOF) || errors.Is(err, client.ErrClosed) || errors.Is(err, context.DeadlineExceeded) || errors.As(err, &network)
}

// silence keeps the client from writing to the standard error: its errors come
// back too.
type silence struct{}

func (silence) Printf(context.Context, string, ...any) {}

var silenced sync.Once
