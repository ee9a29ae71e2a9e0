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
		_ = conn.Close(ctx) // an old one that is stuck must not be in the way of the new one
	}
	conn, secrets, err = l.open()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.conn, l.secrets, l.made = conn, secrets, err == nil
	return conn, secrets, err
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
type lateSource struct {
	*late[Source]
	ready func() // see Notify; nil: nobody wants to know
}

func newLateSource[C any](c C, env Env, open func(C, Env) (Source, error)) *lateSource {
	l := &lateSource{}
	l.late = newLate(c, env, func(c C, env Env) (Source, error) {
		conn, err := open(c, env)
		if n, ok := conn.(Notifier); ok && l.ready != nil {
			n.Notify(l.ready)
		}
		return conn, err
	})
	return l
}

// Notify tells who reads the source, if it is a Notifier; a SourceSpec with a
// Group makes no others.
func (l *lateSource) Notify(ready func()) { l.ready = ready }

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

// Reception is what the source says of what it was given, if it does.
func (l lateSource) Reception() Reception {
	conn, _, _ := l.present()
	if r, ok := conn.(Receiver); ok {
		return r.Reception()
	}
	return Reception{}
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
