package sql

import (
	"context"
	dbsql "database/sql"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"sluice/rules-service/internal/connector"
)

// mostStatements are kept prepared.
const mostStatements = 64

// rollbackTimeout is how long an undone transaction may take to end.
const rollbackTimeout = 5 * time.Second

// sink writes on one connection, on which its statements are prepared.
type sink struct {
	config SinkConfig
	db     *database
	log    *slog.Logger
	conn   *dbsql.Conn // nil: not connected
	ready  map[string]*dbsql.Stmt
	writer writer

	changes []change // of a batch
	parts   []part   // of changes, by message
}

// part is what a message has in the changes of a batch.
type part struct {
	to  int   // it begins where the one before ends
	err error // why it has none
}

func newSink(c SinkConfig, env connector.Env) (connector.Sink, error) {
	db, err := c.open(env, writing)
	if err != nil {
		return nil, err
	}
	return &sink{config: c, db: db, log: env.Log, writer: writer{dialect: db.dialect, key: c.KeyField}, ready: map[string]*dbsql.Stmt{}}, nil
}

// Connect makes the connection, and finds out whether the table is there.
func (s *sink) Connect(ctx context.Context) error {
	s.disconnect()
	connecting, cancel := context.WithTimeout(ctx, s.config.Timeout)
	defer cancel()
	conn, err := s.db.Conn(connecting)
	if err == nil {
		s.conn = conn
		err = conn.PingContext(connecting)
	}
	if err == nil && !s.config.anyTable() {
		err = s.probe(connecting)
	}
	if err != nil {
		s.disconnect()
		return s.db.judge(ctx, err)
	}
	return nil
}

// probe asks for no row of the table. Who may write but not read is believed.
func (s *sink) probe(ctx context.Context) error {
	table, err := quotedTable(s.db.dialect, string(s.config.Table))
	if err != nil {
		return err
	}
	rows, err := s.conn.QueryContext(ctx, "SELECT 1 FROM "+table+" WHERE 1 = 0")
	if err == nil {
		err = errors.Join(rows.Err(), rows.Close())
	}
	if err != nil && s.db.dialect.class(err) == denied {
		return nil
	}
	if err != nil || s.config.RowKindField == "" {
		return err
	}
	caveat, err := s.db.dialect.caveat(ctx, s.conn, string(s.config.Table), s.config.KeyField)
	if caveat != "" {
		s.log.Warn(caveat, "database", s.db.name)
	}
	return err
}

func (s *sink) Write(ctx context.Context, msgs []connector.Outbound) error {
	if s.conn == nil {
		return connector.ErrNotConnected
	}
	s.changes, s.parts = s.changes[:0], s.parts[:0]
	for i := range msgs {
		start := len(s.changes)
		var err error
		if s.changes, err = s.config.changes(s.changes, &msgs[i]); err != nil {
			s.changes = s.changes[:start]
		}
		s.parts = append(s.parts, part{len(s.changes), err})
	}
	err := connector.Bisect(len(msgs), func(from, to int) error { return s.write(ctx, from, to) })
	clear(s.changes) // they refer to the messages
	return err
}

// write writes some messages of the batch.
func (s *sink) write(ctx context.Context, from, to int) error {
	for i := from; i < to; i++ {
		if err := s.parts[i].err; err != nil {
			return &connector.Permanent{Err: err}
		}
	}
	start := 0
	if from > 0 {
		start = s.parts[from-1].to
	}
	list := s.changes[start:s.parts[to-1].to]
	if len(list) == 0 {
		return nil
	}
	return s.outcome(ctx, s.transact(ctx, list))
}

// outcome is the error of a transaction. A table that all messages go to must
// be there before the next of them; one that some message has named is its own
// mistake.
func (s *sink) outcome(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	var name *nameError
	if errors.As(err, &name) {
		return &connector.Permanent{Err: err}
	}
	err = s.db.judge(ctx, err)
	var absent *absentError
	switch {
	case errors.Is(err, connector.ErrNotConnected):
		s.disconnect()
	case errors.As(err, &absent) && s.config.anyTable():
		return &connector.Permanent{Err: err}
	case errors.As(err, &absent):
		return fmt.Errorf("%w: %w", connector.ErrNotConnected, err)
	}
	return err
}

// nameError is that of a name that no statement can have.
type nameError struct{ err error }

func (n *nameError) Error() string { return n.err.Error() }
func (n *nameError) Unwrap() error { return n.err }

// transact writes all changes, or none.
func (s *sink) transact(ctx context.Context, list []change) (err error) {
	if s.conn == nil {
		return connector.ErrNotConnected
	}
	if _, err = s.conn.ExecContext(ctx, s.db.dialect.begin()); err != nil {
		return err
	}
	for s.writer.begin(); len(list) > 0 && err == nil; {
		var st statement
		var n int
		if st, n, err = s.writer.next(list); err != nil {
			err = &nameError{err}
			break
		}
		err = s.run(ctx, st)
		list = list[n:]
	}
	if err == nil {
		_, err = s.conn.ExecContext(ctx, "COMMIT")
	}
	if err != nil {
		s.rollback()
	}
	return err
}

// rollback ends a transaction that has failed, although its context may have
// ended. A connection on which that is not possible is given up.
func (s *sink) rollback() {
	ctx, cancel := context.WithTimeout(context.Background(), rollbackTimeout)
	defer cancel()
	if _, err := s.conn.ExecContext(ctx, "ROLLBACK"); err != nil {
		s.disconnect()
	}
}

func (s *sink) run(ctx context.Context, st statement) error {
	prepared, ok := s.ready[st.text]
	if !ok {
		if len(s.ready) >= mostStatements {
			s.forget()
		}
		var err error
		if prepared, err = s.conn.PrepareContext(ctx, st.text); err != nil {
			return err
		}
		s.ready[st.text] = prepared
	}
	_, err := prepared.ExecContext(ctx, st.args...)
	return err
}

// forget closes the statements.
func (s *sink) forget() {
	for text, st := range s.ready {
		_ = st.Close() // the server forgets them with the connection at the latest
		delete(s.ready, text)
	}
}

func (s *sink) disconnect() {
	if s.conn == nil {
		return
	}
	s.forget()
	giveUp(s.conn)
	s.conn = nil
}

func (s *sink) Close(context.Context) error {
	s.disconnect()
	return s.db.Close()
}
