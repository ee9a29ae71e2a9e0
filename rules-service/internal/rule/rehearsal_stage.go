package rule

import (
	"context"
	"errors"
	"time"

	"sluice/rules-service/internal/codec"
	"sluice/rules-service/internal/dialect"
	"sluice/sqlengine"
	"sluice/sqlengine/value"
)

// fadingSteps bounds how long a rehearsal goes on behind its last row, in times
// that the query waits for.
const fadingSteps = 1000

// stage is where a rehearsal takes place: the end of its query.
type stage struct {
	ctx      context.Context
	query    *sqlengine.Query
	run      *sqlengine.Run
	emit     func(Happening) error
	interval time.Duration
	now      int64
	fading   bool  // the last row is in
	empty    bool  // the last result was
	gone     error // of emit: nobody listens any more
}

func (s *stage) perform(parts []*part) (err error) {
	env := sqlengine.Env{
		RuleID: "trial", Start: rehearsalStart, Location: time.UTC, Prop: dialect.Prop, Lookups: map[string]sqlengine.Lookup{},
		Now: func() time.Time { return time.Unix(0, s.now) }, OnRowError: func(e *sqlengine.RowError) { s.fail(e) },
	}
	last := 0
	for _, p := range parts {
		last = max(last, len(p.rows))
		if p.lookup {
			env.Lookups[p.name] = p
		}
	}
	if s.run, err = s.query.Open(env, s); err != nil {
		return err
	}
	for _, p := range parts {
		for i := range p.rows {
			if p.table && !p.lookup {
				err = errors.Join(err, s.push(p, i))
			}
		}
	}
	for i := 0; i < last && err == nil; i++ {
		err = s.pass(parts, i)
	}
	if err == nil {
		err = s.fade()
	}
	return errors.Join(err, s.run.Close())
}

// pass lets the time of the next rows come, and pushes the i-th of each stream.
func (s *stage) pass(parts []*part, i int) error {
	to := s.now + int64(s.interval)
	for next, ok := s.run.Next(); ok && next <= to; next, ok = s.run.Next() {
		if err := s.step(next); err != nil {
			return err
		}
	}
	s.now = to
	for _, p := range parts {
		if p.table || i >= len(p.rows) {
			continue
		}
		if err := s.push(p, i); err != nil {
			return err
		}
	}
	return nil
}

func (s *stage) push(p *part, i int) error {
	rows, err := p.decode(i, s.now)
	if err != nil {
		s.fail(err)
	}
	if len(rows) > 0 {
		err = s.run.Push(p.name, &value.Batch{Schema: p.schema, Rows: rows})
	} else {
		err = nil
	}
	return errors.Join(err, s.gone, s.ctx.Err())
}

// step lets the time come that the query waits for.
func (s *stage) step(next int64) error {
	s.now = max(s.now, next)
	return errors.Join(s.run.Advance(s.now), s.gone, s.ctx.Err())
}

// fade goes on behind the last row until the windows are empty.
func (s *stage) fade() error {
	s.fading, s.empty = true, false
	for range fadingSteps {
		next, ok := s.run.Next()
		if !ok || s.empty {
			return nil
		}
		if err := s.step(next); err != nil {
			return err
		}
	}
	return nil
}

func (s *stage) say(h Happening) {
	h.Time = (s.now - rehearsalStart.UnixNano()) / int64(time.Millisecond)
	if s.gone == nil {
		s.gone = s.emit(h)
	}
}

func (s *stage) fail(err error) { s.say(Happening{Error: err.Error()}) }

// Push tells a result, or each row.
func (s *stage) Push(b *value.Batch) error {
	if s.query.Windowed() {
		s.result(b.Schema, b.Rows)
		return nil
	}
	for i := range b.Rows {
		s.result(b.Schema, b.Rows[i:i+1])
	}
	return nil
}

func (s *stage) result(schema *value.Schema, rows []value.Row) {
	text, err := codec.AppendJSONArray(nil, schema, rows)
	if err != nil {
		s.fail(err)
		return
	}
	s.empty = string(text) == "[]" || string(text) == "[{}]"
	if s.empty && s.fading {
		return
	}
	s.say(Happening{Result: text})
}

// Advance does nothing: time alone is no result.
func (*stage) Advance(int64) error { return nil }

// Close does nothing.
func (*stage) Close() error { return nil }
