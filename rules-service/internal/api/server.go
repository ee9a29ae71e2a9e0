package api

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// Server is the API on a port.
type Server struct {
	http *http.Server
	quit context.CancelFunc // ends the answers that have no end of their own
	done chan error
	Addr net.Addr // on which it listens
}

// Serve listens on addr and answers with h until Close.
func Serve(addr string, h http.Handler, log *slog.Logger) (*Server, error) {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("rules API: %w", err)
	}
	return serve(l, h, log), nil
}

// serve answers on a listener that is there.
func serve(l net.Listener, h http.Handler, log *slog.Logger) *Server {
	ctx, quit := context.WithCancel(context.Background())
	s := &Server{
		quit: quit,
		http: &http.Server{
			BaseContext: func(net.Listener) context.Context { return ctx },
			Handler:     h, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: time.Minute, WriteTimeout: time.Minute,
			IdleTimeout: 2 * time.Minute, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn),
		},
		done: make(chan error, 1), Addr: l.Addr(),
	}
	go func() { s.done <- s.http.Serve(l) }()
	return s
}

// Close answers the requests that have begun, within ctx, and ends the server.
func (s *Server) Close(ctx context.Context) error {
	s.quit()
	err := s.http.Shutdown(ctx)
	if err != nil {
		err = errors.Join(err, s.http.Close())
	}
	if e := <-s.done; !errors.Is(e, http.ErrServerClosed) {
		err = errors.Join(err, e)
	}
	if err != nil {
		return fmt.Errorf("close rules API: %w", err)
	}
	return nil
}
