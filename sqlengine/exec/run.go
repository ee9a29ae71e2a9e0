package exec

import (
	"errors"
	"fmt"
	"hash/fnv"

	"sluice/sqlengine/plan"
	"sluice/sqlengine/value"
)

// Run is a query at work: a chain of operators. It is driven by one goroutine;
// only Stats may be called by others.
type Run struct {
	stream string
	head   Operator
	plan   *plan.Plan
	rt     *runtime
	ops    []operator
	tail   *tail
}

// Reads tells whether the query reads a stream.
func (r *Run) Reads(stream string) bool { return stream == r.stream }

// Push gives rows of a stream to the query. An error ends the query; a row
// that fails is no such error.
func (r *Run) Push(stream string, b *value.Batch) error {
	if !r.Reads(stream) {
		return fmt.Errorf("the query does not read stream %q", stream)
	}
	return r.head.Push(b)
}

// Advance tells that it is t, in nanoseconds: no older row follows, and what
// ends by then is emitted.
func (r *Run) Advance(t int64) error { return r.head.Advance(t) }

// timed is an operator that waits for a time.
type timed interface{ Next() (int64, bool) }

// Next is the earliest time at which Advance would emit something; the host
// sets its timer by it. It is false when nothing waits for time.
func (r *Run) Next() (t int64, ok bool) {
	for _, op := range r.ops {
		if w, is := op.(timed); is {
			if n, waits := w.Next(); waits && (!ok || n < t) {
				t, ok = n, true
			}
		}
	}
	return t, ok
}

// fingerprint tells plans apart, so that state is not given to another query.
func (r *Run) fingerprint() uint64 {
	h := fnv.New64a()
	h.Write([]byte(r.plan.Explain()))
	return h.Sum64()
}

// ErrOtherQuery tells that a snapshot was made by another query.
var ErrOtherQuery = errors.New("the state is of another query")

// Snapshot is the state of all operators for a checkpoint.
func (r *Run) Snapshot() []byte {
	e := &value.Encoder{}
	e.Uint(r.fingerprint())
	for _, op := range r.ops {
		if s, ok := op.(Stateful); ok {
			s.Snapshot(e)
		}
	}
	return e.Bytes()
}

// Restore puts back a Snapshot of a run of an equal query, before the first
// Push. After an error the run must not be used.
func (r *Run) Restore(state []byte) error {
	d := value.NewDecoder(state)
	if d.Uint() != r.fingerprint() {
		return ErrOtherQuery
	}
	for _, op := range r.ops {
		if s, ok := op.(Stateful); ok {
			s.Restore(d)
		}
	}
	if d.Err() == nil && d.Len() > 0 {
		d.Fail(fmt.Errorf("%d bytes too many", d.Len()))
	}
	if err := d.Err(); err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	return nil
}

// Close ends the run and closes the receiver of its results; open windows are
// not emitted.
func (r *Run) Close() error { return r.head.Close() }
