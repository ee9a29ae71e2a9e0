package httppush

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"sluice/rules-service/internal/connector"
)

const (
	closeTimeout = 2 * time.Second // of requests that have begun
	bytesInWork  = 64 << 20        // of all requests that are under way, at most
	mayComeBack  = time.Minute     // rules that change stop reading for a moment
)

// listeners are the servers of the process: one for each address.
type listeners struct {
	mu   sync.Mutex
	open map[connector.Listen]*server
}

// acquire returns the server of an address, which it opens for the first one who
// asks.
func (l *listeners) acquire(at connector.Listen, log *slog.Logger) (*server, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.open[at]
	if s == nil || s.ended() {
		var err error
		if s, err = listen(at, log); err != nil {
			return nil, err
		}
		l.open[at] = s
	}
	s.users++
	return s, nil
}

// release gives up one use, and with the last one the server.
func (l *listeners) release(s *server) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if s.users--; s.users > 0 {
		return nil
	}
	if l.open[s.at] == s {
		delete(l.open, s.at)
	}
	return s.close()
}

// server is an HTTP server of many streams.
type server struct {
	at       connector.Listen
	http     *http.Server
	listener net.Listener
	log      *slog.Logger
	users    int           // guarded by listeners.mu
	done     chan struct{} // closed when it does not listen any more
	room     room

	mu    sync.RWMutex
	taken map[string]map[string]*source // by path and method
	given map[string]time.Time          // when paths were given back
}

func listen(at connector.Listen, log *slog.Logger) (*server, error) {
	var secured *tls.Config
	if at.CertFile != "" {
		pair, err := tls.LoadX509KeyPair(at.CertFile, at.KeyFile)
		if err != nil {
			return nil, fmt.Errorf("certificate of the server for httppush: %w", err)
		}
		secured = &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
	}
	l, err := net.Listen("tcp", at.Address())
	if err != nil {
		return nil, fmt.Errorf("server for httppush: %w", err)
	}
	s := &server{at: at, listener: l, log: log, done: make(chan struct{}), taken: map[string]map[string]*source{}, given: map[string]time.Time{}}
	s.room.free.Store(bytesInWork)
	s.http = &http.Server{Handler: s, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: time.Minute, IdleTimeout: 2 * time.Minute,
		MaxHeaderBytes: 64 << 10, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug), TLSConfig: secured}
	log.Info("requests of httppush are taken", "address", s.url())
	go s.run()
	return s, nil
}

// run answers requests until the server is closed, or its listener fails.
func (s *server) run() {
	var err error
	if s.http.TLSConfig != nil {
		err = s.http.ServeTLS(s.listener, "", "")
	} else {
		err = s.http.Serve(s.listener)
	}
	close(s.done)
	if errors.Is(err, http.ErrServerClosed) {
		return
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, methods := range s.taken {
		for _, source := range methods {
			source.lost(err)
		}
	}
}

func (s *server) ended() bool {
	select {
	case <-s.done:
		return true
	default:
		return false
	}
}

// close answers the requests that have begun, and ends the server.
func (s *server) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	err := s.http.Shutdown(ctx)
	if err != nil {
		err = errors.Join(err, s.http.Close())
	}
	<-s.done
	s.log.Info("requests of httppush are not taken any more", "address", s.url())
	return err
}

// loopback tells whether only this machine can reach the server.
func (s *server) loopback() bool {
	tcp, ok := s.listener.Addr().(*net.TCPAddr)
	return ok && tcp.IP.IsLoopback()
}

// url is the address of the server.
func (s *server) url() string {
	if s.at.CertFile != "" {
		return "https://" + s.listener.Addr().String()
	}
	return "http://" + s.listener.Addr().String()
}

// claim gives the path and method of a source to it.
func (s *server) claim(of *source) error {
	c := &of.config
	s.mu.Lock()
	defer s.mu.Unlock()
	methods := s.taken[c.Datasource]
	if other := methods[c.Method]; other != nil && other != of {
		return fmt.Errorf("%s %s is taken by a stream with other properties; give both the same, or another path", c.Method, c.Datasource)
	}
	if methods == nil {
		methods = map[string]*source{}
		s.taken[c.Datasource] = methods
	}
	methods[c.Method] = of
	return nil
}

// give takes them back.
func (s *server) give(of *source) {
	c := &of.config
	s.mu.Lock()
	defer s.mu.Unlock()
	methods := s.taken[c.Datasource]
	if methods[c.Method] != of {
		return
	}
	delete(methods, c.Method)
	if len(methods) == 0 {
		delete(s.taken, c.Datasource)
	}
	maps.DeleteFunc(s.given, func(_ string, at time.Time) bool { return time.Since(at) > mayComeBack })
	s.given[c.Datasource] = time.Now()
}

// comesBack tells whether a path was read just now: its requests are worth
// another attempt.
func (s *server) comesBack(path string) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	at, ok := s.given[path]
	return ok && time.Since(at) <= mayComeBack
}

// find finds the source for a request; else the methods that the path has.
func (s *server) find(path, method string) (*source, []string) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	methods := s.taken[path]
	if of := methods[method]; of != nil {
		return of, nil
	}
	return nil, slices.Sorted(maps.Keys(methods))
}

// ServeHTTP implements http.Handler.
func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	of, methods := s.find(r.URL.Path, r.Method)
	switch {
	case of != nil:
		of.serve(w, r, &s.room)
	case s.comesBack(r.URL.Path):
		busy("the stream is not read at the moment; send it again").answer(w)
	case len(methods) > 0:
		w.Header().Set("Allow", strings.Join(methods, ", "))
		http.Error(w, fmt.Sprintf("%s takes %s, not %s", r.URL.Path, strings.Join(methods, " and "), r.Method), http.StatusMethodNotAllowed)
	default:
		http.Error(w, "no running rule reads a stream with this path", http.StatusNotFound)
	}
}
