package httppush

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"sluice/rules-service/internal/connector"
)

// mostWaiting are requests of a stream that wait to be read.
const mostWaiting = 1024

// push is the body of a request that waits for its answer.
type push struct {
	body   []byte
	answer chan error // has room for one
}

// source takes the requests for a path and a method.
type source struct {
	config    Config
	listen    connector.Listen
	log       *slog.Logger
	listeners *listeners
	server    *server // nil while it is not connected
	inbox     *connector.Inbox[*push]
	in        []connector.Inbound // of the last Read

	mu     sync.Mutex
	open   bool   // requests are taken
	topic  string // for the status
	handed bool
}

func newSource(c Config, env connector.Env, listeners *listeners) *source {
	return &source{config: c, listen: env.Listen, log: env.Log, listeners: listeners, inbox: connector.NewInboxFor[*push](mostWaiting)}
}

// Notify has ready called when there is something to read.
func (s *source) Notify(ready func()) { s.inbox.Notify(ready) }

// Connect opens the server, if this is the first stream, and takes the path.
func (s *source) Connect(context.Context) error {
	if s.server != nil && s.server.ended() {
		_ = s.leave() // it has told why it ended
	}
	if s.server == nil {
		server, err := s.listeners.acquire(s.listen, s.log)
		if err != nil {
			return fmt.Errorf("%w: %w", connector.ErrNotConnected, err)
		}
		s.server = server
	}
	if err := s.server.claim(s); err != nil {
		return err
	}
	if s.config.Token == "" && !s.server.loopback() {
		s.log.Warn("everybody who reaches the port can send to a stream; give it a token", "path", s.config.Datasource)
	}
	s.inbox.Fail(nil) // of the server before this one
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open, s.topic = true, s.config.Method+" "+s.server.url()+s.config.Datasource
	return nil
}

// put takes a request; false: there are too many, or nobody reads them.
func (s *source) put(p *push) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.open && s.inbox.Put(p, len(p.body))
}

// lost tells that the server has ended by itself.
func (s *source) lost(err error) {
	s.inbox.Fail(fmt.Errorf("%w: %w", connector.ErrNotConnected, err))
}

// Read implements connector.Source.
func (s *source) Read(ctx context.Context) ([]connector.Inbound, func(error), error) {
	pushes, err := s.inbox.Take(ctx)
	if err != nil {
		return nil, nil, err
	}
	now := time.Now()
	clear(s.in)
	s.in = s.in[:0]
	answers := make([]chan error, len(pushes))
	for i, p := range pushes {
		s.in = append(s.in, connector.Inbound{Payload: p.body, Time: now})
		answers[i] = p.answer
	}
	s.mu.Lock()
	s.handed = true
	s.mu.Unlock()
	return s.in, func(err error) {
		for _, a := range answers {
			a <- err
		}
	}, nil
}

// Dropped counts the requests that were turned away because too many waited.
func (s *source) Dropped() uint64 { return s.inbox.Dropped() }

// Reception tells where requests are taken.
func (s *source) Reception() connector.Reception {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := connector.Reception{Topic: s.topic}
	if s.handed {
		r.LastTopic = s.topic
	}
	return r
}

var errClosed = errors.New("nobody reads the stream any more")

// Close gives up the path, and with the last one the server.
func (s *source) Close(context.Context) error {
	s.mu.Lock()
	s.open = false
	s.mu.Unlock()
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	for {
		pushes, _ := s.inbox.Take(ended)
		if len(pushes) == 0 {
			break
		}
		for _, p := range pushes {
			p.answer <- errClosed
		}
	}
	return s.leave()
}

func (s *source) leave() error {
	if s.server == nil {
		return nil
	}
	server := s.server
	s.server = nil
	server.give(s)
	return s.listeners.release(server)
}

// serve takes one request and answers it.
func (s *source) serve(w http.ResponseWriter, r *http.Request, room *room) {
	if refusal := s.take(w, r, room); refusal != nil {
		refusal.answer(w)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = w.Write([]byte("ok"))
}
