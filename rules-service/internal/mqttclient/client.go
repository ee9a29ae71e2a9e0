package mqttclient

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"
)

// ErrNotConnected is returned by calls that need the connection now.
var ErrNotConnected = errors.New("not connected to the MQTT broker")

// The pauses between attempts to connect.
const (
	firstPause = 100 * time.Millisecond
	longPause  = 30 * time.Second
)

// Client is a shared connection. It is safe for concurrent use.
type Client struct {
	pool    *Pool
	options Options
	log     *slog.Logger
	refs    int // guarded by pool.mu

	claimed trie[string] // filters, once for each user; guarded by pool.mu

	mu       sync.Mutex
	conn     paho.Client // nil while not connected
	number   uint64      // of conn
	ended    chan error  // of conn: tells run that it is lost
	attempts int         // that have failed
	err      error       // of the last one
	changed  chan struct{}
	started  bool
	subs     map[string][]*Subscription
	watchers map[*watcher]bool

	joining sync.Mutex         // of who talks to the broker about subscriptions; before mu
	changes []*change          // that are to be made; guarded by mu
	due     map[string]*change // the same, by filter
	joins   bool               // a goroutine makes them
	closing bool               // it begins with no more

	routes sync.Mutex
	trie   trie[*Subscription]
	passes uint64 // of messages; guarded by routes

	straying   sync.Mutex // behind routes
	strays     []*Message
	strayTimer *time.Timer

	stop context.CancelFunc
	ctx  context.Context
	done chan struct{}
	work sync.WaitGroup
}

func newClient(p *Pool, o Options, log *slog.Logger) *Client {
	c := &Client{pool: p, options: o, log: log, refs: 1, changed: make(chan struct{}),
		subs: map[string][]*Subscription{}, watchers: map[*watcher]bool{}, due: map[string]*change{}, done: make(chan struct{})}
	c.ctx, c.stop = context.WithCancel(context.Background())
	return c
}

// Connect waits until the connection is up, or returns the error of the next
// attempt that fails; the client goes on trying by itself.
func (c *Client) Connect(ctx context.Context) error {
	c.mu.Lock()
	if !c.started {
		c.started = true
		go c.run()
	}
	failed := c.attempts
	for {
		if c.open() {
			c.mu.Unlock()
			return nil
		}
		if c.conn != nil { // its end, which counts as an attempt, is still to be noticed
			failed = c.attempts + 1
		}
		if c.conn == nil && c.attempts > failed {
			err := c.err
			c.mu.Unlock()
			return err
		}
		changed := c.changed
		c.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("connect to %s: %w", Redact(c.options.Server), ctx.Err())
		case <-c.ctx.Done():
			return ErrNotConnected
		}
		c.mu.Lock()
	}
}

// run keeps the connection until close.
func (c *Client) run() {
	defer close(c.done)
	pause := firstPause
	for down := false; c.ctx.Err() == nil; {
		login := c.login()
		conn, lost, err := c.dial(login)
		if err != nil {
			if !down {
				c.log.Warn("mqtt connection is down", "server", Redact(c.options.Server), "error", err)
			}
			down = true
			c.set(nil, nil, err)
			c.sleep(pause/2 + rand.N(pause))
			pause = min(2*pause, longPause)
			continue
		}
		c.log.Info("mqtt connection is up", "server", Redact(c.options.Server))
		c.set(conn, lost, nil)
		pause = firstPause
		renewed, stop := renewal(login)
		select {
		case err = <-lost:
		case <-renewed:
			err = errRenewal
		case <-c.ctx.Done():
			stop()
			c.set(nil, nil, ErrNotConnected)
			conn.Disconnect(uint(2 * farewell / time.Millisecond))
			return
		}
		stop()
		down = true
		c.log.Log(c.ctx, levelOf(err), "mqtt connection is down", "server", Redact(c.options.Server), "error", err)
		c.set(nil, nil, fmt.Errorf("%s: %w", Redact(c.options.Server), err))
		conn.Disconnect(0)
		c.tell("", err)
		c.warn(err)
	}
}

func (c *Client) sleep(d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-c.ctx.Done():
	}
}

func (c *Client) set(conn paho.Client, ended chan error, err error) {
	if conn == nil {
		c.takeStrays()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.conn, c.ended, c.err = conn, ended, err
	if conn != nil {
		c.number++
		c.join() // what came while it was made
	}
	if err != nil {
		c.attempts++
	}
	close(c.changed)
	c.changed = make(chan struct{})
}

// dial makes a connection with all subscriptions. Each connection is a paho
// client of its own, so that none sends what an earlier one had not finished:
// whoever published it was told so.
func (c *Client) dial(login Login) (paho.Client, chan error, error) {
	lost := make(chan error, 1)
	o := paho.NewClientOptions().AddBroker(c.options.Server).SetClientID(login.ClientID).
		SetUsername(login.Username).SetPassword(login.Password).
		SetProtocolVersion(c.options.Version).SetCleanSession(!c.options.KeepSession).
		SetKeepAlive(c.options.KeepAlive).SetConnectTimeout(c.options.Timeout).SetWriteTimeout(c.options.Timeout).
		SetAutoReconnect(false).SetConnectRetry(false).SetOrderMatters(true).SetAutoAckDisabled(true).
		SetDefaultPublishHandler(c.route).
		SetConnectionLostHandler(func(_ paho.Client, err error) { tell(lost, err) })
	if readsAhead(o.Servers[0]) {
		o.SetCustomOpenConnectionFn(openTCP)
	}
	if c.options.TLS != nil {
		o.SetTLSConfig(c.options.TLS)
	}
	conn := paho.NewClient(o)
	if err := c.wait(conn.Connect()); err != nil {
		conn.Disconnect(0)
		return nil, nil, fmt.Errorf("connect to %s: %w", Redact(c.options.Server), err)
	}
	if err := c.subscribeAll(conn); err != nil {
		conn.Disconnect(0)
		return nil, nil, err
	}
	return conn, lost, nil
}

func (c *Client) wait(t paho.Token) error {
	timer := time.NewTimer(c.options.Timeout + time.Second)
	defer timer.Stop()
	select {
	case <-t.Done():
		return t.Error()
	case <-timer.C:
		return context.DeadlineExceeded
	case <-c.ctx.Done():
		return c.ctx.Err()
	}
}

// Reconnect drops the connection, so that a broker that keeps the session
// delivers again what was not acknowledged.
func (c *Client) Reconnect() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended != nil {
		tell(c.ended, errRedelivery)
	}
}

var errRedelivery = errors.New("messages are wanted again")

// tell does not block: one end of a connection is enough to know.
func tell(ended chan error, err error) {
	select {
	case ended <- err:
	default:
	}
}

// Token is a publication under way.
type Token = paho.Token

// Publish begins to send a message. The payload must not be changed until the
// token is done.
func (c *Client) Publish(topic string, qos byte, retained bool, payload []byte) (Token, error) {
	c.mu.Lock()
	conn, open := c.conn, c.open()
	c.mu.Unlock()
	if !open {
		return nil, ErrNotConnected
	}
	return conn.Publish(topic, qos, retained, payload), nil
}

// Connected tells whether the connection is up.
func (c *Client) Connected() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.open()
}

// open tells whether the connection is up; mu is held.
func (c *Client) open() bool { return c.conn != nil && c.conn.IsConnectionOpen() }

// untilDown returns what is closed when the connection has ended, and whether
// there is one.
func (c *Client) untilDown() (down <-chan struct{}, up bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.changed, c.conn != nil
}

// Connection numbers the connections: between two calls with different answers
// one was lost.
func (c *Client) Connection() uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.number
}

// Options are those that the client was made with.
func (c *Client) Options() Options { return c.options }

// Server is the address of the broker, without a password.
func (c *Client) Server() string { return Redact(c.options.Server) }

// KeepsSession tells whether the broker delivers again what was not
// acknowledged when the connection ended.
func (c *Client) KeepsSession() bool { return c.options.KeepSession }

func (c *Client) close() {
	if c.options.KeepSession {
		c.leave()
	}
	c.mu.Lock()
	started := c.started
	c.closing = true
	c.mu.Unlock()
	c.work.Wait() // paho would hold it up for long when the connection ends meanwhile
	c.stop()
	if started {
		<-c.done
	}
}
