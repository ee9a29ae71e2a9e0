package upstream

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"sync"
	"time"
)

const (
	// askAgain lies between two attempts to reach a Consul that is away.
	askAgain = time.Second
	// askWithin is how long a read may take that can be answered from disk. The
	// SDK gives up reading its configuration after two seconds.
	askWithin = 1500 * time.Millisecond
	// reachWithin is how long a Consul may take to answer that was away.
	reachWithin = 10 * time.Second
	// refreshEvery is how often all is read that a start needs: what changes
	// there while nobody watches it counts for the next start.
	refreshEvery = time.Minute
	// saveEvery bounds how often the file is written.
	saveEvery = time.Second
)

// Consul stands between EdgeX's SDK and a Consul, on a port of loopback. While
// Consul answers, requests go there; while it does not, reads are answered from
// the last known state, watches wait, and a registration is kept to be repeated.
// Who asks must know a password that this process alone has: a Consul that asks
// for tokens must not be read here without one.
type Consul struct {
	target   *url.URL
	file     *File
	log      *slog.Logger
	client   *http.Client
	proxy    *httputil.ReverseProxy
	server   *http.Server
	address  string // host:port of the listener
	password string
	outside  *url.Userinfo // what Consul itself asks for
	restore  func()
	cancel   context.CancelFunc
	done     sync.WaitGroup

	mu        sync.Mutex
	known     *keys
	changed   bool // since the last save
	unsaved   bool // the last save failed, which was logged
	away      bool
	back      chan struct{}            // closed when Consul returns
	watches   map[string]*watch        // by path and query
	announced map[string]*announcement // by path
	token     string                   // the last one that was used; never on disk
}

const (
	variableProvider = "EDGEX_CONFIG_PROVIDER"
	variableAuth     = "CONSUL_HTTP_AUTH"
	user             = "sluice"
)

// OpenConsul makes the EdgeX SDKs of this process reach the Consul at target
// through what it returns, until Close. With a state on disk it finds out first
// whether Consul is there, and waits for it as long as the settings allow.
func OpenConsul(ctx context.Context, target *url.URL, s Settings, service string, log *slog.Logger) (*Consul, error) {
	c := &Consul{
		target: target, file: s.File(service, "consul"), log: log, password: rand.Text(),
		client: &http.Client{Transport: newTransport()},
		known:  newKeys(), back: make(chan struct{}), watches: map[string]*watch{}, announced: map[string]*announcement{},
	}
	c.proxy = &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.Out.URL = c.urlOf(r.In, r.In.URL.RawQuery)
			r.Out.Host = ""
			c.credentials(r.Out)
		},
		Transport:     c.client.Transport,
		FlushInterval: -1,
		ErrorHandler: func(w http.ResponseWriter, r *http.Request, err error) {
			if r.Context().Err() == nil {
				c.lost(err)
			}
			c.unavailable(w, err)
		},
	}
	c.load()
	l, err := listen(ctx)
	if err != nil {
		return nil, fmt.Errorf("front of Consul: %w", err)
	}
	c.address = l.Addr().String()
	if err := c.enter(); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	c.look(ctx, s.Patience)
	life, cancel := context.WithCancel(context.WithoutCancel(ctx)) // the SDK has last words after a signal
	c.cancel = cancel
	c.server = &http.Server{Handler: c, ReadHeaderTimeout: time.Minute, BaseContext: func(net.Listener) context.Context { return life }}
	c.done.Go(func() { _ = c.server.Serve(l) }) // ends with Close
	c.done.Go(func() { c.keep(life) })
	return c, nil
}

// Close gives the environment back and writes what has changed.
func (c *Consul) Close() {
	c.cancel()
	_ = c.server.Close() // requests of an SDK that has ended
	c.done.Wait()
	c.restore()
	c.client.CloseIdleConnections()
	c.save()
}

// load takes the state from disk, as far as there is one that can be used.
func (c *Consul) load() {
	known := newKeys()
	saved, err := c.file.Load(known)
	if err == nil && known.Values == nil {
		err = fmt.Errorf("%s: damaged: it has no values", c.file.Path())
	}
	switch {
	case errors.Is(err, ErrNothing):
	case err != nil:
		c.log.Warn("the last known configuration is not used", "error", err)
	default:
		c.known = known
		c.log.Debug("the last known configuration is there", "file", c.file.Path(), "saved", saved)
	}
}

// enter leads the SDK here. It reads the address and the credentials of Consul
// from the environment before anything else.
func (c *Consul) enter() error {
	own := map[string]string{variableProvider: "consul.http://" + c.address, variableAuth: user + ":" + c.password}
	before := map[string]string{}
	for name := range own {
		if v, set := os.LookupEnv(name); set {
			before[name] = v
		}
	}
	c.outside = userinfo(before[variableAuth])
	c.restore = func() {
		for name := range own {
			_ = os.Unsetenv(name)
			if v, set := before[name]; set {
				_ = os.Setenv(name, v)
			}
		}
	}
	for name, value := range own {
		if err := os.Setenv(name, value); err != nil {
			c.restore()
			return err
		}
	}
	return nil
}

// look finds out whether Consul is there, if it would change anything.
func (c *Consul) look(ctx context.Context, patience time.Duration) {
	if !c.known.complete() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		err := c.leads(ctx)
		if err == nil {
			return
		}
		select {
		case <-ctx.Done():
			c.lost(err)
			return
		case <-time.After(patience/8 + time.Millisecond):
		}
	}
}

// keep looks after the state, and for Consul while it is away.
func (c *Consul) keep(ctx context.Context) {
	tick := time.NewTicker(min(askAgain, saveEvery))
	defer tick.Stop()
	next := time.Now().Add(refreshEvery)
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		switch {
		case c.isAway():
			c.tryAgain(ctx)
		case time.Now().After(next):
			next = time.Now().Add(refreshEvery)
			c.stillThere(ctx)
		}
		c.save()
	}
}

// listen takes a free port of loopback, but none of EdgeX's own: those lie where
// the system finds free ports, and a service that starts later needs its one.
func listen(ctx context.Context) (net.Listener, error) {
	for {
		l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		if port := l.Addr().(*net.TCPAddr).Port; port < firstEdgeXPort || port > lastEdgeXPort {
			return l, nil
		}
		defer func() { _ = l.Close() }() // not before there is another
	}
}

const firstEdgeXPort, lastEdgeXPort = 59700, 59999

// newTransport keeps the requests of the front apart from all others.
func newTransport() *http.Transport {
	dialer := &net.Dialer{Timeout: reachWithin}
	return &http.Transport{Proxy: http.ProxyFromEnvironment, DialContext: dialer.DialContext, MaxIdleConnsPerHost: 8, IdleConnTimeout: time.Minute}
}

// stillThere reads all that a start needs, and finds out by the way whether
// Consul is there.
func (c *Consul) stillThere(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, reachWithin)
	defer cancel()
	if err := c.refresh(ctx); err != nil {
		c.lost(err)
	}
}

// save writes what has changed since it was last written.
func (c *Consul) save() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.changed || !c.known.complete() {
		return
	}
	err := c.file.Save(c.known)
	c.changed = err != nil
	if err != nil && !c.unsaved {
		c.log.Error("the last known configuration is not kept: without Consul this service will not start", "error", err)
	}
	c.unsaved = err != nil
}

func (c *Consul) isAway() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.away
}

// lost is called with the reason why Consul has not answered.
func (c *Consul) lost(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.away || !c.known.complete() {
		return
	}
	c.away, c.back = true, make(chan struct{})
	c.log.Warn("Consul is away: the last known configuration holds, and what is to be registered is kept", "address", c.target.Host, "error", err)
}

// returned lets the watches go on.
func (c *Consul) returned() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.away = false
	close(c.back)
	c.log.Info("Consul is back", "address", c.target.Host)
}

// tryAgain asks a Consul that was away, and tells it what it has missed.
func (c *Consul) tryAgain(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, reachWithin)
	defer cancel()
	if c.leads(ctx) != nil || c.ready(ctx) != nil || c.refresh(ctx) != nil || c.announceAgain(ctx) != nil {
		return // the loss was logged, and it lasts
	}
	c.returned()
}
