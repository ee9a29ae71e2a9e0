package sql

import (
	"context"
	dbsql "database/sql"
	"fmt"
	"log/slog"
	"time"

	"sluice/rules-service/internal/codec"
	"sluice/rules-service/internal/connector"
	"sluice/sqlengine/value"
)

// readAtOnce is how many rows Read returns at most.
const readAtOnce = 1000

// againPause is before rows that were not taken are read again.
const againPause = time.Second

// source asks on one connection.
type source struct {
	config    SourceConfig
	query     *query
	db        *database
	log       *slog.Logger
	positions connector.Positions // nil: none
	key       string              // of the position
	progress  *progress           // nil until the first Connect

	conn *dbsql.Conn // nil: not connected
	at   []value.Value
	due  time.Time // of the next query
	now  *cursor   // nil: nothing is being read
	// beside is the position whose rows are being read; nil: those behind one.
	beside  []value.Value
	highest []value.Value // of the indexes in the answer, where it has no order
	deaf    bool          // the position cannot be kept

	payloads []byte
	ends     []int
	out      []connector.Inbound
}

func newSource(c SourceConfig, env connector.Env) (connector.Source, error) {
	db, err := c.open(env, reading)
	if err != nil {
		return nil, err
	}
	q, err := c.query(db.dialect)
	if err != nil {
		return nil, err
	}
	return &source{config: c, query: q, db: db, log: env.Log, positions: env.Positions, key: keyOf(&c, q)}, nil
}

// Connect makes the connection, and begins where the rules are.
func (s *source) Connect(ctx context.Context) error {
	s.disconnect()
	if s.progress == nil {
		at, err := s.position()
		if err != nil {
			return err
		}
		s.progress = newProgress(at)
		s.at = at
	}
	connecting, cancel := context.WithTimeout(ctx, s.config.Timeout)
	defer cancel()
	conn, err := s.db.Conn(connecting)
	if err == nil {
		s.conn = conn
		err = conn.PingContext(connecting)
	}
	if err == nil {
		err = s.db.dialect.confine(conn)
	}
	if err != nil {
		s.disconnect()
		return s.db.judge(ctx, err)
	}
	return nil
}

// position is where a former process was, or the beginning.
func (s *source) position() ([]value.Value, error) {
	if s.positions == nil || len(s.query.indexes) == 0 {
		return s.query.start, nil
	}
	b, err := s.positions.Position(s.key)
	if err != nil || b == nil {
		return s.query.start, err
	}
	at, err := decodePosition(b, len(s.query.indexes))
	if err != nil {
		return nil, fmt.Errorf("position of the source: %w", err)
	}
	return at, nil
}

// Read implements connector.Source.
func (s *source) Read(ctx context.Context) ([]connector.Inbound, func(error), error) {
	for s.conn != nil {
		s.follow()
		if s.now == nil && s.beside == nil {
			if err := s.await(ctx); err != nil {
				return nil, nil, err
			}
		}
		msgs, ack, err := s.read(ctx)
		if err != nil {
			s.finish()
			if ctx.Err() != nil {
				return nil, nil, ctx.Err()
			}
			return nil, nil, s.db.judge(ctx, err)
		}
		if len(msgs) > 0 {
			return msgs, ack, nil
		}
	}
	return nil, nil, connector.ErrNotConnected
}

// await waits until the next query is due.
func (s *source) await(ctx context.Context) error {
	timer := time.NewTimer(time.Until(s.due))
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-s.progress.wake:
			s.follow()
			timer.Reset(time.Until(s.due))
		case <-timer.C:
			return nil
		}
	}
}

// follow keeps what the rules have taken, and goes back to what they have not.
func (s *source) follow() {
	if at, again := s.progress.reset(); again {
		s.finish()
		s.at, s.beside = at, nil
		s.due = time.Now().Add(againPause)
	}
	at, changed := s.progress.taken()
	if !changed || s.positions == nil {
		return
	}
	err := s.positions.SetPosition(s.key, encodePosition(at))
	if err != nil {
		s.progress.unkept()
		if !s.deaf {
			s.log.Error("the position of a source cannot be kept; after a restart rows come again", "database", s.db.name, "error", err)
		}
	}
	s.deaf = err != nil
}

// read reads on, or asks for more.
func (s *source) read(ctx context.Context) ([]connector.Inbound, func(error), error) {
	if s.now == nil {
		if err := s.ask(ctx); err != nil {
			return nil, nil, err
		}
	}
	stop := context.AfterFunc(ctx, s.now.cancel)
	defer stop()
	if s.query.beside != nil && s.beside == nil {
		return s.readPage()
	}
	return s.readOn()
}

// ask sends the next query.
func (s *source) ask(ctx context.Context) error {
	statementAt, at := s.query.behind, s.at
	if s.beside != nil {
		statementAt, at = s.query.beside, s.beside
	} else {
		s.due = time.Now().Add(s.config.Interval)
	}
	st, err := statementAt(at)
	if err != nil {
		return err
	}
	hidden := 0
	if s.query.exact {
		hidden = len(s.query.indexes)
	}
	asking, cancel := context.WithCancel(context.WithoutCancel(ctx)) // an answer is read by more than one Read
	stop := context.AfterFunc(ctx, cancel)
	defer stop()
	s.now, err = ask(asking, s.conn, s.db.dialect, st, hidden)
	return err
}

// readPage reads an answer that is bounded, in the order of its indexes. When it
// is full, some rows at its last position may be missing: they are left for the
// next answer, or asked for by themselves when there are no others.
func (s *source) readPage() ([]connector.Inbound, func(error), error) {
	list, err := s.now.all()
	if err != nil {
		return nil, nil, err
	}
	s.finish()
	if page := s.query.page(); len(list) == page {
		last := list[page-1].at
		for len(list) > 0 && equal(list[len(list)-1].at, last) {
			list = list[:len(list)-1]
		}
		if s.goesOn(); len(list) == 0 {
			s.beside = last
			return nil, nil, nil
		}
	}
	if len(list) == 0 {
		return nil, nil, nil
	}
	s.at = list[len(list)-1].at
	return s.handOn(list, s.at)
}

// goesOn asks for more at once, unless that is not wanted.
func (s *source) goesOn() {
	if s.query.limit == 0 {
		s.due = time.Now()
	}
}

// readOn reads a part of an answer of any length. Its end is a new position.
func (s *source) readOn() ([]connector.Inbound, func(error), error) {
	var list []row
	for len(list) < readAtOnce {
		r, ok, err := s.now.next()
		if err != nil {
			return nil, nil, err
		}
		if !ok {
			break
		}
		s.rise(&r)
		list = append(list, r)
	}
	if s.now.more() {
		return s.handOn(list, nil)
	}
	if err := s.now.rows.Err(); err != nil {
		return nil, nil, err
	}
	switch {
	case s.beside != nil:
		s.at = s.beside
	case s.highest != nil && (s.at == nil || !less(s.highest, s.at)):
		s.at = s.highest
	}
	s.finish()
	s.beside = nil
	return s.handOn(list, s.at)
}

// rise notes the highest position of an answer of a statement.
func (s *source) rise(r *row) {
	if s.query.exact || len(s.query.indexes) == 0 {
		return
	}
	at := make([]value.Value, len(s.query.indexes))
	for i, name := range s.query.indexes {
		if at[i] = r.fields.Get(name); at[i].IsNull() {
			return
		}
	}
	if s.highest == nil || less(s.highest, at) {
		s.highest = at
	}
}

// handOn makes messages of rows, behind which the source is at a position; nil:
// where it was.
func (s *source) handOn(list []row, at []value.Value) ([]connector.Inbound, func(error), error) {
	s.payloads, s.ends = s.payloads[:0], s.ends[:0]
	for i := range list {
		s.payloads = codec.AppendRows(s.payloads, []*value.Fields{list[i].fields})
		s.ends = append(s.ends, len(s.payloads))
	}
	clear(s.out)
	s.out = s.out[:0]
	now, start := time.Now(), 0
	for _, end := range s.ends {
		s.out = append(s.out, connector.Inbound{Payload: s.payloads[start:end:end], Time: now})
		start = end
	}
	if len(s.query.indexes) == 0 || len(list) == 0 {
		return s.out, nil, nil
	}
	return s.out, s.progress.handOn(at), nil
}

// finish gives up what is being read.
func (s *source) finish() {
	if s.now != nil {
		_ = s.now.close() // what was wrong has been told
		s.now = nil
	}
	s.highest = nil
}

func (s *source) disconnect() {
	if s.conn == nil {
		return
	}
	s.finish()
	giveUp(s.conn)
	s.conn = nil
}

// Close keeps what the rules have taken and ends the connection.
func (s *source) Close(context.Context) error {
	if s.progress != nil {
		s.follow()
	}
	s.disconnect()
	return s.db.Close()
}

// equal tells whether two positions are one.
func equal(a, b []value.Value) bool {
	for i := range a {
		if !value.Equal(a[i], b[i]) {
			return false
		}
	}
	return true
}

// less tells whether a position is in front of another one.
func less(a, b []value.Value) bool {
	for i := range a {
		if n, ok := value.Compare(a[i], b[i]); ok && n != 0 {
			return n < 0
		}
	}
	return false
}
