package connector

import (
	"context"
	"slices"
	"sync"

	"sluice/sqlengine/value"
)

// closer is what sources, sinks and lookups have in common.
type closer interface {
	Connect(context.Context) error
	Close(context.Context) error
}

// late is a connector whose configuration names secrets: it is made when it is
// connected, and made anew when a secret has changed meanwhile.
type late[T closer] struct {
	open func() (conn T, secrets []string, err error)
	read func() (secrets []string, err error)

	mu      sync.Mutex // the status is read by others
	conn    T
	made    bool
	secrets []string
}

func newLate[C any, T closer](c C, env Env, open func(C, Env) (T, error)) *late[T] {
	return &late[T]{
		read: func() ([]string, error) {
			_, secrets, err := reveal(c, env)
			return secrets, err
		},
		open: func() (conn T, secrets []string, err error) {
			revealed, secrets, err := reveal(c, env)
			if err == nil {
				conn, err = open(revealed, env)
			}
			return conn, secrets, hideIn(err, secrets)
		},
	}
}

// present is the connector, if it was made.
func (l *late[T]) present() (conn T, secrets []string, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.conn, l.secrets, l.made
}

// refresh makes the connector, unless there is one with the same secrets.
func (l *late[T]) refresh(ctx context.Context) (conn T, secrets []string, err error) {
	conn, secrets, made := l.present()
	if made {
		now, err := l.read()
		if err != nil || slices.Equal(now, secrets) {
			return conn, secrets, err
		}
		if err := conn.Close(ctx); err != nil {
			return conn, secrets, hideIn(err, secrets)
		}
	}
	if conn, secrets, err = l.open(); err != nil {
		return conn, secrets, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.conn, l.secrets, l.made = conn, secrets, true
	return conn, secrets, nil
}

// Connect makes the connector with the secrets of now and connects it.
func (l *late[T]) Connect(ctx context.Context) error {
	conn, secrets, err := l.refresh(ctx)
	if err != nil {
		return err
	}
	return hideIn(conn.Connect(ctx), secrets)
}

// Close closes the connector, if it was made.
func (l *late[T]) Close(ctx context.Context) error {
	conn, secrets, ok := l.present()
	if !ok {
		return nil
	}
	return hideIn(conn.Close(ctx), secrets)
}

// Ping asks the connector, or connects it and closes it again.
func (l *late[T]) Ping(ctx context.Context) error {
	conn, secrets, err := l.refresh(ctx)
	if err != nil {
		return err
	}
	if p, ok := any(conn).(Pinger); ok {
		return hideIn(p.Ping(ctx), secrets)
	}
	if err := conn.Connect(ctx); err != nil {
		return hideIn(err, secrets)
	}
	return hideIn(conn.Close(ctx), secrets)
}

// lateSource is a Source that names secrets.
type lateSource struct{ *late[Source] }

// Read reads the source, which is connected.
func (l lateSource) Read(ctx context.Context) ([]Inbound, func(error), error) {
	conn, secrets, ok := l.present()
	if !ok {
		return nil, nil, ErrNotConnected
	}
	msgs, ack, err := conn.Read(ctx)
	return msgs, ack, hideIn(err, secrets)
}

// Dropped is what the source has lost, if it counts that.
func (l lateSource) Dropped() uint64 {
	conn, _, _ := l.present()
	if d, ok := conn.(interface{ Dropped() uint64 }); ok {
		return d.Dropped()
	}
	return 0
}

// Suspend leaves the transport waiting, if it can wait.
func (l lateSource) Suspend(ctx context.Context) error {
	conn, secrets, _ := l.present()
	if s, ok := conn.(Suspender); ok {
		return hideIn(s.Suspend(ctx), secrets)
	}
	return l.Close(ctx)
}

// lateSink is a Sink that names secrets.
type lateSink struct{ *late[Sink] }

// Write writes to the sink, which is connected.
func (l lateSink) Write(ctx context.Context, msgs []Outbound) error {
	conn, secrets, ok := l.present()
	if !ok {
		return ErrNotConnected
	}
	return hideIn(conn.Write(ctx, msgs), secrets)
}

// Lost tells of the end of the connection, if the sink can.
func (l lateSink) Lost() <-chan error {
	conn, _, _ := l.present()
	if m, ok := conn.(Monitored); ok {
		return m.Lost()
	}
	return nil
}

// lateLookup is a Lookup that names secrets.
type lateLookup struct{ *late[Lookup] }

// Find asks the lookup, which is connected.
func (l lateLookup) Find(ctx context.Context, columns []string, values []value.Value) ([]*value.Fields, error) {
	conn, secrets, ok := l.present()
	if !ok {
		return nil, ErrNotConnected
	}
	rows, err := conn.Find(ctx, columns, values)
	return rows, hideIn(err, secrets)
}
