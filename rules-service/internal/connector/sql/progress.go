package sql

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"sync"

	"sluice/rules-service/internal/codec"
	"sluice/sqlengine/value"
)

// progress is how far the rules are with what was read, in its order.
type progress struct {
	mu      sync.Mutex
	open    []*step
	at      []value.Value // all in front of it is taken
	changed bool          // at is not kept yet
	failed  bool          // something was not taken
	wake    chan struct{} // told of each acknowledgement
}

// step is a part of what was read, and where one is behind it; nil: it does not
// say.
type step struct {
	at   []value.Value
	done bool
}

func newProgress(at []value.Value) *progress {
	return &progress{at: at, wake: make(chan struct{}, 1)}
}

// handOn notes that a part is handed on, and returns what acknowledges it.
func (p *progress) handOn(at []value.Value) func(error) {
	s := &step{at: at}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.open = append(p.open, s)
	return func(err error) { p.settle(s, err) }
}

func (p *progress) settle(s *step, err error) {
	p.mu.Lock()
	if s.done = err == nil; !s.done {
		p.failed = true
	}
	for len(p.open) > 0 && p.open[0].done {
		if at := p.open[0].at; at != nil {
			p.at, p.changed = at, true
		}
		p.open = p.open[1:]
	}
	p.mu.Unlock()
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

// reset tells whether something must be read again, and from where; nothing is
// open after that.
func (p *progress) reset() (at []value.Value, again bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.failed {
		return nil, false
	}
	p.failed, p.open = false, nil
	return p.at, true
}

// taken is the position that is to be kept, if it is another one.
func (p *progress) taken() (at []value.Value, changed bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	changed, p.changed = p.changed, false
	return p.at, changed
}

// unkept notes that a position could not be kept.
func (p *progress) unkept() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.changed = true
}

// keyOf is under which the position of a source is kept: another table,
// statement or beginning is another source, another password is not.
func keyOf(c *SourceConfig, q *query) string {
	h := sha256.New()
	_, _ = fmt.Fprintf(h, "%s\n%q\n%q\n%q\n%q\n%x", c.key(), c.Datasource, c.Internal.Table, c.Template.SQL, q.indexes, encodePosition(q.start))
	return "sql " + hex.EncodeToString(h.Sum(nil)[:16])
}

// encodePosition writes a position as it is kept.
func encodePosition(at []value.Value) []byte {
	names := make([]string, len(at))
	for i := range at {
		names[i] = fmt.Sprintf("%03d", i)
	}
	return codec.AppendRows(nil, []*value.Fields{value.FieldsOf(names, at)})
}

// decodePosition reads one of so many values.
func decodePosition(b []byte, indexes int) ([]value.Value, error) {
	rows, err := codec.ParseRows(b)
	if err != nil {
		return nil, err
	}
	if len(rows) != 1 || len(rows[0].Values) != indexes {
		return nil, errors.New("it has another number of values")
	}
	return rows[0].Values, nil
}
