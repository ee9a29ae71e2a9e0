package exec

import (
	"errors"
	"fmt"
	"hash/fnv"
	"slices"
	"sync/atomic"

	"sluice/sqlengine/plan"
	"sluice/sqlengine/value"
)

// Run is a query at work: a chain of operators. It is driven by one goroutine;
// only Stats may be called by others.
type Run struct {
	// What a Ruleset touches for each row stands together: with thousands of
	// rules each line of memory is a cache miss.
	behind Operator // the first operator
	tail   tail
	timers []timed // the operators that wait for the host's time

	inputs []input
	head   Operator
	plan   *plan.Plan
	rt     *runtime
	ops    []operator
	source layout // of the rows of the first source
	offer  atomic.Pointer[offer]
}

// input is where the rows of one source enter.
type input struct {
	stream string
	to     receiver
}

// receiver takes batches.
type receiver interface{ Push(*value.Batch) error }

// entrance is an operator that takes the rows of several sources, each in its
// own way.
type entrance interface {
	// input takes the rows of a source; nil: they do not enter here.
	input(source int) receiver
}

// connect finds where the rows of each source enter, and who waits for time.
func (r *Run) connect() {
	for i, s := range r.plan.Sources {
		if s.IsLookup() {
			continue
		}
		in := input{stream: s.Stream.Name, to: r.head}
		for _, op := range r.ops {
			if e, ok := op.(entrance); ok && e.input(i) != nil {
				in.to = e.input(i)
			}
		}
		if !slices.Contains(r.inputs, in) { // one takes the rows of a stream that is read twice
			r.inputs = append(r.inputs, in)
		}
	}
	for _, op := range r.ops {
		if w, ok := op.(timed); ok {
			r.timers = append(r.timers, w)
		}
	}
	if r.plan.EventTime { // what stands behind the watermark follows it
		r.timers[0].(*watermark).behind, r.timers = r.timers[1:], r.timers[:1]
	}
}

// Reads tells whether the query reads a stream.
func (r *Run) Reads(stream string) bool {
	for i := range r.inputs {
		if r.inputs[i].stream == stream {
			return true
		}
	}
	return false
}

// Streams names the streams and scan tables whose rows the query takes, each
// once.
func (r *Run) Streams() []string {
	var names []string
	for _, in := range r.inputs {
		if !slices.Contains(names, in.stream) {
			names = append(names, in.stream)
		}
	}
	return names
}

// Push gives rows of a stream, or of a scan table, to the query. Their times
// must not go back, and Advance must have been called for each time that Next
// has told and the rows have reached. An error ends the query; a row that
// fails is no such error.
func (r *Run) Push(stream string, b *value.Batch) error {
	reads := false
	for i := range r.inputs {
		if r.inputs[i].stream != stream {
			continue
		}
		reads = true
		if err := r.inputs[i].to.Push(b); err != nil {
			return err
		}
	}
	if !reads {
		return fmt.Errorf("the query does not read stream %q", stream)
	}
	return nil
}

// Advance tells that it is t, in nanoseconds: no older row follows, and what
// ends by then is emitted. In event time it is the rows that tell the time.
func (r *Run) Advance(t int64) error { return r.head.Advance(min(t, latestTime)) }

// timed is an operator that waits for a time.
type timed interface{ Next() (int64, bool) }

// Next is the earliest time at which Advance would emit something; the host
// sets its timer by it. It is false when nothing waits for time.
func (r *Run) Next() (t int64, ok bool) { return earliest(r.timers) }

// earliest is the first time that one of them waits for. What lies behind the
// end of time does not come.
func earliest(list []timed) (t int64, ok bool) {
	for _, w := range list {
		if n, waits := w.Next(); waits && n <= latestTime && (!ok || n < t) {
			t, ok = n, true
		}
	}
	return t, ok
}

// fingerprint tells apart what states mean, so that state is not given to
// another query.
func (r *Run) fingerprint() uint64 {
	h := fnv.New64a()
	h.Write([]byte(r.plan.StateShape()))
	return h.Sum64()
}

// ErrOtherQuery tells that a snapshot was made by another query.
var ErrOtherQuery = errors.New("the state is of another query")

// Snapshot is the state of all operators for a checkpoint.
func (r *Run) Snapshot() []byte {
	e := &value.Encoder{}
	e.Uint(r.fingerprint())
	r.rt.hits.Snapshot(e)
	for _, op := range r.ops {
		if s, ok := op.(Stateful); ok {
			s.Snapshot(e)
		}
	}
	return e.Bytes()
}

// Restore puts back a Snapshot of a run of an equal query, or of one that
// differs only where state does not matter, before the first Push. After an error the run must not be used.
func (r *Run) Restore(state []byte) error {
	d := value.NewDecoder(state)
	if d.Uint() != r.fingerprint() {
		return ErrOtherQuery
	}
	r.rt.hits.Restore(d)
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
